/// The typeface of labels, made for this project: rounded monoline sans-serif letters.
///
/// It has the printable characters of ASCII, the letters of Latin-1 and some punctuation. Every
/// other character is shown as a box with its code in hexadecimal digits.
package enum StrokeFont {
  /// The height of capitals, from the middle of the lowest stroke to the middle of the highest.
  static let capitalHeight: Float = 12
  /// The lines that letters are aligned to, from the lowest to the highest.
  static let alignmentLines: [Float] = [-4, 0, 8, 12]
  /// The width of a space in font units, gaps included.
  static let spaceWidth: Float = 5.4

  /// The characters that have a shape of their own.
  package static var characters: [Character] { glyphs.keys.sorted().map { Character($0) } }

  /// Returns the shape of a character, nil for white space.
  ///
  /// The box of a character that the typeface lacks is empty unless codes are to be shown.
  static func glyph(for character: Character, showsCodes: Bool) -> Glyph? {
    let scalars = character.unicodeScalars
    guard let first = scalars.first else { return nil }
    if first.properties.isWhitespace { return nil }
    if scalars.count == 1 {
      return glyphs[first] ?? codeBox(first.value, showsDigits: showsCodes)
    }
    // A base letter with combining marks, if all of them are known.
    guard scalars.dropFirst(1 + maximumMarks).isEmpty,
      var glyph = glyphs[dotless[first] ?? first]
    else {
      return codeBox(first.value, showsDigits: showsCodes)
    }
    for scalar in scalars.dropFirst() {
      guard let name = combiningMarks[scalar], let path = StrokeFont.marks[name] else {
        return codeBox(first.value, showsDigits: showsCodes)
      }
      glyph.marks.append(mark(path, name: name, on: glyph.base))
    }
    return glyph
  }

  /// Returns how much closer (negative) or further apart a pair is set, in font units.
  static func kerning(_ first: Character, _ second: Character) -> Float {
    kerningPairs["\(first)\(second)"] ?? 0
  }

  /// How many combining marks a letter may carry.
  private static let maximumMarks = 3

  /// The base letter's form that carries marks.
  private static let dotless: [Unicode.Scalar: Unicode.Scalar] = ["i": "\u{131}", "j": "\u{237}"]

  private static let combiningMarks: [Unicode.Scalar: String] = [
    "\u{300}": "grave", "\u{301}": "acute", "\u{302}": "circumflex", "\u{303}": "tilde",
    "\u{308}": "diaeresis", "\u{30A}": "ring", "\u{30C}": "caron", "\u{327}": "cedilla",
  ]

  private static let glyphs: [Unicode.Scalar: Glyph] = {
    var glyphs: [Unicode.Scalar: Glyph] = [:]
    for shape in shapes {
      glyphs[shape.scalar] = Glyph(
        GlyphPart(shape.path), before: shape.before, after: shape.after)
    }
    for (name, composites) in composites {
      guard let path = marks[name] else { preconditionFailure("no mark \(name)") }
      for (scalar, base) in zip(composites.letters.unicodeScalars, composites.bases.unicodeScalars)
      {
        guard var glyph = glyphs[dotless[base] ?? base] else {
          preconditionFailure("no glyph \(base)")
        }
        glyph.marks.append(mark(path, name: name, on: glyph.base))
        glyphs[scalar] = glyph
      }
    }
    return glyphs
  }()

  private static func mark(_ path: String, name: String, on base: GlyphPart) -> Glyph.Mark {
    let left = base.columns.first ?? 0
    let right = base.columns.last ?? 0
    // Capitals and ascenders carry their marks higher.
    let isTall = (base.rows.last ?? 0) > 8
    return Glyph.Mark(
      part: GlyphPart(path), center: (left + right) / 2,
      lift: isTall && name != "cedilla" ? 3.6 : 0)
  }

  /// Returns a box with the digits of a code in two rows, drawn thinner than letters are.
  private static func codeBox(_ code: UInt32, showsDigits: Bool) -> Glyph {
    var digits = Array(String(code, radix: 16, uppercase: true).unicodeScalars)
    while digits.count < 4 || digits.count % 2 == 1 { digits.insert("0", at: 0) }
    let perRow = digits.count / 2
    let pitch: Float = 4.2
    let width = pitch * Float(perRow) + 1.6
    var glyph = Glyph(
      GlyphPart("M 0 -2 L 0 13 L \(width) 13 L \(width) -2 L 0 -2"), before: 1.2, after: 1.2)
    guard showsDigits else { return glyph }
    for (index, digit) in digits.enumerated() {
      guard var part = glyphs[digit]?.base else { continue }
      part.shrink(to: codeScale, movingBy: SIMD2(0, index < perRow ? 6.9 : 0))
      glyph.marks.append(
        Glyph.Mark(
          part: part, center: (pitch * (Float(index % perRow) + 0.5) + 0.8),
          lift: 0, weight: codeWeight))
    }
    return glyph
  }

  /// The size of a code's digits relative to others.
  private static let codeScale: Float = 0.34
  /// The thickness of a code's digits relative to other strokes.
  private static let codeWeight: Float = 0.45
}
