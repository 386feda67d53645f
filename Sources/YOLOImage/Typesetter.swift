/// Sets lines of text at one size; each character's shape is drawn once.
package struct Typesetter {
  /// A character's shape and where it goes.
  package struct Placement {
    /// The shape.
    package var bitmap: GlyphBitmap
    /// The column of the shape's ink, counted from the start of the line.
    package var x: Int
  }

  /// A line of text: its shapes and the columns that they take.
  package struct Line {
    /// The shapes in order.
    package var placements: [Placement] = []
    /// The columns from the first ink to the last.
    package var width = 0
  }

  /// A shape with the room around it in font units.
  private struct Entry {
    var bitmap: GlyphBitmap
    var before: Float
    var after: Float
  }

  /// The size of the text.
  let style: TextStyle
  private var entries: [Character: Entry?] = [:]

  package init(style: TextStyle) { self.style = style }

  /// Sets a text, not wrapping it, up to the character that would exceed `maximumWidth`.
  ///
  /// Returns nil if the text does not fit; no more characters than fit are looked at.
  package mutating func line(_ text: String, maximumWidth: Int) -> Line? {
    var line = Line()
    var pen = 0
    var previous: Character?
    var roomAfter: Float = 0
    var spaces = 0
    for character in text {
      guard let entry = entry(for: character) else {
        spaces += 1
        guard spaces <= maximumWidth else { return nil }
        continue
      }
      if let previous {
        // The gap between the inks as a whole: rounded at once, gaps of a kind come out equal.
        let gap =
          roomAfter + entry.before
          + (spaces > 0
            ? Float(spaces) * StrokeFont.spaceWidth : StrokeFont.kerning(previous, character))
        let pixels = Int((gap * style.scale).rounded())
        let isKerned = gap < roomAfter + entry.before
        pen += isKerned ? max(pixels, -style.weight) : max(pixels, 1)
      } else if spaces > 0 {
        pen += Int((Float(spaces) * StrokeFont.spaceWidth * style.scale).rounded())
      }
      line.placements.append(Placement(bitmap: entry.bitmap, x: pen))
      pen += entry.bitmap.inkWidth
      line.width = max(line.width, pen)
      guard line.width <= maximumWidth else { return nil }
      previous = character
      roomAfter = entry.after
      spaces = 0
    }
    return line
  }

  private mutating func entry(for character: Character) -> Entry? {
    if let known = entries[character] { return known }
    let glyph = StrokeFont.glyph(for: character, showsCodes: style.showsCodes)
    let entry = glyph.map {
      Entry(bitmap: GlyphBitmap($0, style: style), before: $0.before, after: $0.after)
    }
    entries[character] = .some(entry)
    return entry
  }
}
