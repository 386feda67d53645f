/// Sets lines of text at one size; each character is drawn once.
package struct Typesetter {
  /// A glyph and its position.
  package struct Placement {
    /// The glyph.
    package var bitmap: GlyphBitmap
    /// The column of the glyph's ink, counted from the start of the line.
    package var x: Int
  }

  /// A line of text.
  package struct Line {
    /// The glyphs in order.
    package var placements: [Placement] = []
    /// The number of columns from the first ink to the last.
    package var width = 0
  }

  /// A glyph, the space around it in pixels, and the part of the atlas that it is kerned by.
  private struct Entry {
    var bitmap: GlyphBitmap
    var before: Float
    var after: Float
    var part: Int?
  }

  /// The size of the text.
  let style: TextStyle
  private let atlas = FontAtlas.inter
  /// The glyphs of the characters that were set; none for white space.
  private var entries: [Character: [Entry]] = [:]

  /// The number of characters of a name that are shown at most.
  private static let nameLimit = 60
  /// The number of scalars of one character that are shown as codes at most.
  private static let codeLimit = 8

  package init(style: TextStyle) { self.style = style }

  /// Sets a text, not wrapping it, up to the character that would exceed `maximumWidth`.
  ///
  /// Returns nil if the text does not fit; no more characters than fit are looked at.
  package mutating func line(_ text: String, maximumWidth: Int) -> Line? {
    var line = Line()
    var pen = 0
    var previous: Entry?
    var spaces = 0
    let spaceWidth = atlas.spaceWidth * style.scale
    for character in text {
      let entries = entries(for: character)
      if entries.isEmpty {
        spaces += 1
        guard spaces <= maximumWidth else { return nil }
      }
      for entry in entries {
        if let previous {
          // The gap between the inks as a whole: rounded at once, gaps of a kind come out equal.
          let natural = previous.after + entry.before
          if spaces > 0 {
            pen += max(1, Int((natural + Float(spaces) * spaceWidth).rounded()))
          } else {
            let kerning = kerning(previous, entry)
            let gap = Int((natural + kerning).rounded())
            pen += kerning < 0 || natural < 0 ? gap : max(1, gap)
          }
        } else if spaces > 0 {
          pen += Int((Float(spaces) * spaceWidth).rounded())
        }
        line.placements.append(Placement(bitmap: entry.bitmap, x: pen))
        pen += entry.bitmap.inkWidth
        line.width = max(line.width, pen)
        guard line.width <= maximumWidth else { return nil }
        previous = entry
        spaces = 0
      }
    }
    return line
  }

  /// Sets a name and a value; if they are too wide the name is cut off with an ellipsis.
  ///
  /// Returns nil if not even the value fits.
  mutating func line(name: String, value: String?, maximumWidth: Int) -> Line? {
    let longest = min(maximumWidth, Self.nameLimit)
    func joined(_ name: String) -> String {
      [name.isEmpty ? nil : name, value].compactMap(\.self).joined(separator: " ")
    }
    let start = String(name.prefix(longest))
    if start.count == name.prefix(longest + 1).count,
      let line = line(joined(name), maximumWidth: maximumWidth)
    {
      return line
    }
    // The longest beginning that fits, by halving.
    var best = line(joined(""), maximumWidth: maximumWidth)
    var low = 1
    var high = start.count
    while low <= high {
      let middle = (low + high) / 2
      if let line = line(joined(start.prefix(middle) + "…"), maximumWidth: maximumWidth) {
        best = line
        low = middle + 1
      } else {
        high = middle - 1
      }
    }
    return best
  }

  private func kerning(_ first: Entry, _ second: Entry) -> Float {
    guard let first = first.part, let second = second.part else { return 0 }
    return atlas.kerning(first, second) * style.scale
  }

  private mutating func entries(for character: Character) -> [Entry] {
    if let known = entries[character] { return known }
    let drawn = draw(character)
    entries[character] = drawn
    return drawn
  }

  /// Draws a character: from the atlas, else scalar by scalar from the atlas, from the font file,
  /// or as codes.
  private func draw(_ character: Character) -> [Entry] {
    let scalars = character.unicodeScalars
    if scalars.first?.properties.isWhitespace ?? true { return [] }
    if let glyph = atlas.glyph(for: character) { return [entry(glyph)] }
    var entries: [Entry] = []
    for scalar in scalars.prefix(Self.codeLimit) {
      if let glyph = atlas.glyph(for: scalar) {
        entries.append(entry(glyph))
      } else if let (bitmap, before, after) = style.typeface.fallback?
        .glyph(for: scalar, capitalHeight: style.capitalHeight)
      {
        entries.append(Entry(bitmap: bitmap, before: before, after: after))
      } else {
        entries += typed("\\u{\(String(scalar.value, radix: 16, uppercase: true))}")
      }
    }
    return scalars.dropFirst(Self.codeLimit).isEmpty ? entries : entries + typed("…")
  }

  private func typed(_ text: String) -> [Entry] {
    text.unicodeScalars.compactMap { atlas.glyph(for: $0).map(entry) }
  }

  private func entry(_ glyph: FontAtlas.Glyph) -> Entry {
    Entry(
      bitmap: GlyphBitmap(glyph, in: atlas, style: style), before: glyph.before * style.scale,
      after: glyph.after * style.scale, part: glyph.uses.first?.part)
  }
}
