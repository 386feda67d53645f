/// The embedded typeface: rasterized glyphs, unpacked as they are asked for.
///
/// `Tools/make_font_atlas.py` makes the data and documents the format. Lengths are in pixels of the
/// atlas, of which capitals have 24; y points up from the baseline.
package struct FontAtlas: Sendable {
  /// One part of a glyph and its position.
  struct Use {
    /// The index of the part.
    var part: Int
    /// The left edge, counted from the left edge of the glyph's ink.
    var x: Float
    /// The lower edge, counted from the baseline.
    var y: Float
  }

  /// A character's parts and the space around them.
  struct Glyph {
    /// The space left of the ink; negative where the ink begins before the pen.
    var before: Float
    /// The space right of the ink.
    var after: Float
    /// The width of the ink.
    var width: Float
    /// The parts, the largest first.
    var uses: [Use]
  }

  /// A part's size and where its packed pixels are.
  private struct Part {
    var width: Int
    var height: Int
    var offset: Int
  }

  /// The height of capitals.
  static let capitalHeight: Float = 24
  /// The height of small letters without ascenders.
  static let xHeight: Float = 18
  /// The coverage of a pixel that is covered in full.
  static let fullLevel = 15
  /// The lengths in a pixel of the atlas, as the data has them.
  private static let unit: Float = 8
  /// The number of combining marks that one letter may carry.
  private static let markLimit = 3

  /// The embedded atlas, unpacked when text is drawn for the first time.
  package static let inter = FontAtlas(text)

  /// The width of a space.
  let spaceWidth: Float
  private let data: [UInt8]
  private var parts: [Part] = []
  private var glyphs: [Glyph] = []
  /// The Unicode scalars of the glyphs, ascending.
  private var scalars: [UInt16] = []
  /// Pairs of first parts, the first in the upper half, ascending.
  private var pairs: [UInt32] = []
  private var pairKerning: [Float] = []

  /// The characters that have a glyph, by scalar.
  package var characters: [Character] {
    scalars.compactMap { Unicode.Scalar($0).map(Character.init) }
  }

  /// Reads what the script has written; damaged data is a programmer error.
  private init(_ text: StaticString) {
    let data = Self.decoded(text)
    var position = 0
    func byte() -> Int {
      position += 1
      return Int(data[position - 1])
    }
    func unsigned() -> Int { byte() | byte() << 8 }
    func signed(_ value: Int) -> Float { Float(Int16(truncatingIfNeeded: value)) / Self.unit }
    let (partCount, glyphCount, useCount, pairCount) = (
      unsigned(), unsigned(), unsigned(), unsigned()
    )
    spaceWidth = signed(unsigned())
    var lengths: [Int] = []
    for _ in 0..<partCount {
      parts.append(Part(width: byte(), height: byte(), offset: 0))
      lengths.append(unsigned())
    }
    var useCounts: [Int] = []
    for _ in 0..<glyphCount {
      scalars.append(UInt16(unsigned()))
      glyphs.append(
        Glyph(
          before: signed(unsigned()), after: signed(unsigned()), width: signed(unsigned()),
          uses: []))
      useCounts.append(byte())
    }
    for (index, count) in useCounts.enumerated() {
      glyphs[index].uses = (0..<count).map { _ in
        Use(part: unsigned(), x: signed(unsigned()), y: signed(unsigned()))
      }
    }
    for _ in 0..<pairCount {
      pairs.append(UInt32(unsigned()) << 16 | UInt32(unsigned()))
      pairKerning.append(Float(Int8(truncatingIfNeeded: byte())) / Self.unit)
    }
    for (index, length) in lengths.enumerated() {
      parts[index].offset = position
      position += length
    }
    precondition(position == data.count && useCounts.reduce(0, +) == useCount, "the whole atlas")
    self.data = data
  }

  /// Returns the bytes of the base64 text after the first line feed.
  private static func decoded(_ text: StaticString) -> [UInt8] {
    text.withUTF8Buffer { text in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(text.count * 3 / 4)
      var bits: UInt32 = 0
      var count = 0
      let start = text.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
      for character in text[start...] where character != UInt8(ascii: "=") {
        let value: UInt8 =
          switch character {
          case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - 65
          case UInt8(ascii: "a")...UInt8(ascii: "z"): character - 71
          case UInt8(ascii: "0")...UInt8(ascii: "9"): character + 4
          default: character == UInt8(ascii: "+") ? 62 : 63
          }
        bits = bits << 6 | UInt32(value)
        count += 6
        guard count >= 8 else { continue }
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
      return bytes
    }
  }

  /// Returns the glyph of a character, nil if there is none.
  ///
  /// A letter with combining marks gets the glyph of the same letter as one scalar or, if there is
  /// none, marks set on the letter.
  func glyph(for character: Character) -> Glyph? {
    let scalars = character.unicodeScalars
    guard let first = scalars.first else { return nil }
    if scalars.dropFirst().isEmpty { return glyph(for: first) }
    guard scalars.dropFirst(1 + Self.markLimit).isEmpty else { return nil }
    if let index = Self.precomposed[character] { return glyphs[index] }
    let hasMarkAbove = scalars.dropFirst().contains { (0x300...0x314).contains($0.value) }
    guard var glyph = glyph(for: hasMarkAbove ? Self.dotless[first] ?? first : first) else {
      return nil
    }
    for scalar in scalars.dropFirst() {
      guard scalar.properties.canonicalCombiningClass != .notReordered,
        let mark = self.glyph(for: scalar)
      else { return nil }
      add(mark, to: &glyph)
    }
    return glyph
  }

  /// Returns the glyph of a scalar, nil if there is none.
  func glyph(for scalar: Unicode.Scalar) -> Glyph? {
    guard let value = UInt16(exactly: scalar.value),
      let index = Self.index(of: value, in: scalars)
    else { return nil }
    return glyphs[index]
  }

  /// Returns how much closer (negative) or further apart than others two glyphs are set.
  func kerning(_ first: Int, _ second: Int) -> Float {
    Self.index(of: UInt32(first) << 16 | UInt32(second), in: pairs).map { pairKerning[$0] } ?? 0
  }

  /// Returns the size of a part.
  func size(ofPart index: Int) -> (width: Int, height: Int) {
    (parts[index].width, parts[index].height)
  }

  /// Returns the coverage of a part's pixels, 0...15, row by row from the top.
  func levels(ofPart index: Int) -> [UInt8] {
    let part = parts[index]
    let count = part.width * part.height
    var position = 2 * part.offset
    func half() -> UInt8 {
      defer { position += 1 }
      return position % 2 == 0 ? data[position / 2] >> 4 : data[position / 2] & 15
    }
    var levels: [UInt8] = []
    levels.reserveCapacity(count)
    while levels.count < count {
      let level = half()
      levels.append(level)
      guard level == 0 || level == Self.fullLevel else { continue }
      var digit = half()
      var run = Int(digit & 7)
      var shift = 0
      while digit >= 8 {
        digit = half()
        shift += 3
        run += (Int(digit & 7) + 1) << shift
      }
      for _ in 0..<run { levels.append(level) }
    }
    return levels
  }

  /// Sets a mark over, under or across the middle of a glyph.
  private func add(_ mark: Glyph, to glyph: inout Glyph) {
    func top(_ glyph: Glyph) -> Float {
      glyph.uses.reduce(0) { max($0, $1.y + Float(parts[$1.part].height)) }
    }
    let lowest = mark.uses.reduce(Float.infinity) { min($0, $1.y) }
    var shift: Float = 0
    if lowest >= Self.xHeight {
      // Marks are drawn for small letters; they stand higher on tall ones and on other marks.
      shift = max(0, top(glyph) - Self.xHeight - 1)
    } else if top(mark) <= 0 {
      shift = glyph.uses.reduce(0) { min($0, $1.y) }
    }
    let x = (glyph.width - mark.width) / 2
    glyph.uses += mark.uses.map { Use(part: $0.part, x: $0.x + x, y: $0.y + shift) }
    guard x < 0 else { return }
    // A mark that is wider than the letter moves the left edge of the ink.
    for index in glyph.uses.indices { glyph.uses[index].x -= x }
    glyph.before += x
    glyph.after += x
    glyph.width = mark.width
  }

  /// The forms of letters with a dot that carry other marks.
  private static let dotless: [Unicode.Scalar: Unicode.Scalar] = ["i": "\u{131}", "j": "\u{237}"]

  /// The glyphs by character: those of canonically equivalent sequences of scalars are found.
  private static let precomposed: [Character: Int] = {
    let characters = inter.characters
    return Dictionary(zip(characters, characters.indices)) { first, _ in first }
  }()

  private static func index<Value: Comparable>(of value: Value, in sorted: [Value]) -> Int? {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low < sorted.count && sorted[low] == value ? low : nil
  }
}
