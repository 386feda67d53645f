import Testing
import YOLODrawing

@Suite struct TextTests {
  /// Returns a glyph as rows of characters: space, dot and `#` for none, some and full coverage.
  private static func drawing(_ bitmap: GlyphBitmap) -> [String] {
    (0..<bitmap.height).map { row in
      let samples = bitmap.coverage[row * bitmap.width..<(row + 1) * bitmap.width]
      let text = samples.map { $0 < 32 ? " " : $0 > 224 ? "#" : "." }.joined()
      return String(text.reversed().drop { $0 == " " }.reversed())
    }.filter { !$0.isEmpty }
  }

  private static func line(_ text: String, capitalHeight: Int) throws -> Typesetter.Line {
    var typesetter = Typesetter(
      style: TextStyle(capitalHeight: capitalHeight, typeface: .embedded))
    let line = typesetter.line(text, maximumWidth: 10_000)
    return try #require(line)
  }

  private static func bitmap(_ text: Character, capitalHeight: Int) throws -> GlyphBitmap {
    try #require(try line(String(text), capitalHeight: capitalHeight).placements.first?.bitmap)
  }

  /// Returns what a line shows: glyphs and their columns.
  private static func content(_ text: String, capitalHeight: Int = 16) throws -> [[UInt8]] {
    try line(text, capitalHeight: capitalHeight).placements.map {
      [UInt8(truncatingIfNeeded: $0.x), UInt8(truncatingIfNeeded: $0.bitmap.top)]
        + $0.bitmap.coverage
    }
  }

  /// Returns the rows, upwards from the baseline, that a glyph covers by half at least.
  private static func rows(_ bitmap: GlyphBitmap) -> ClosedRange<Int>? {
    let rows = (0..<bitmap.height).filter { row in
      bitmap.coverage[row * bitmap.width..<(row + 1) * bitmap.width].contains { $0 >= 128 }
    }
    guard let top = rows.first, let bottom = rows.last else { return nil }
    return -bottom - bitmap.top - 1...(-top - bitmap.top - 1)
  }

  /// Baseline, small letters and capitals end at whole rows.
  @Test(arguments: [7, 8, 9, 10, 12, 13, 20, 24, 31, 45, 100])
  func lettersHaveTheirHeights(capitalHeight: Int) throws {
    let capital = try Self.bitmap("H", capitalHeight: capitalHeight)
    #expect(Self.rows(capital) == 0...capitalHeight - 1)
    let small = try Self.bitmap("x", capitalHeight: capitalHeight)
    let height = Int((Double(capitalHeight) * 0.75).rounded())
    #expect(Self.rows(small) == 0...height - 1)
    // Edges are sharp: no row between ink and background is half covered.
    for (bitmap, top) in [(capital, capitalHeight), (small, height)] {
      for row in [-1, top] {
        let start = (-row - 1 - bitmap.top) * bitmap.width
        #expect(bitmap.coverage[start..<start + bitmap.width].allSatisfy { $0 < 64 }, "row \(row)")
      }
    }
  }

  @Test(arguments: [7, 8, 9, 10, 12, 15, 24, 61])
  func everyCharacterHasAShape(capitalHeight: Int) throws {
    var seen: [[UInt8]: Character] = [:]
    let characters = FontAtlas.inter.characters
    #expect(characters.count > 1700)
    for character in characters {
      let bitmap = try Self.bitmap(character, capitalHeight: capitalHeight)
      // Dots and combining points are all that is this small.
      #expect(bitmap.coverage.contains { $0 > 64 }, "\(character) is empty")
      #expect(bitmap.coverage.count == bitmap.width * bitmap.height)
      // The margin is free: nothing is cut off.
      let top = bitmap.coverage.prefix(bitmap.width)
      let bottom = bitmap.coverage.suffix(bitmap.width)
      #expect(top.allSatisfy { $0 == 0 } && bottom.allSatisfy { $0 == 0 }, "\(character)")
      // Other scripts share shapes with the Latin one.
      guard character.isASCII else { continue }
      let key = [UInt8(truncatingIfNeeded: bitmap.top)] + bitmap.coverage
      let twin = seen.updateValue(character, forKey: key)
      #expect(twin == nil, "\(character) looks like another at \(capitalHeight)")
    }
  }

  @Test func scriptsAreThere() {
    let known = Set(FontAtlas.inter.characters.flatMap(\.unicodeScalars))
    func missing(_ range: ClosedRange<UInt32>) -> [String] {
      range.compactMap(Unicode.Scalar.init)
        .filter { $0.properties.generalCategory != .unassigned && !known.contains($0) }
        .map { String($0.value, radix: 16) }
    }
    #expect(missing(0x21...0x7E) == [])
    #expect(missing(0xA1...0xFF) == [])
    // ŉ, which is deprecated.
    #expect(missing(0x100...0x17F) == ["149"])
    // Ǆ, which has forms of its own for D and Ž.
    #expect(missing(0x180...0x24F) == ["1c4"])
    // Accents alone have decompositions of other blocks; Coptic letters are not Greek.
    #expect(missing(0x384...0x3E1) == [])
    #expect(missing(0x400...0x48F) == [])
    #expect(missing(0x490...0x4FF) == ["49e", "49f"])
    #expect(missing(0x1E00...0x1EFF) == [])
    #expect(missing(0x20A0...0x20BF) == [])
  }

  @Test func composedAndDecomposedLettersAreTheSame() throws {
    for (composed, decomposed) in [
      ("é", "e\u{301}"), ("ï", "i\u{308}"), ("Ç", "C\u{327}"), ("ặ", "a\u{323}\u{306}"),
      ("й", "и\u{306}"), ("ή", "η\u{301}"),
    ] {
      #expect(try Self.content(composed) == Self.content(decomposed))
    }
  }

  /// Marks on letters that have no scalar of their own together.
  @Test func marksAreSetOnLetters() throws {
    let letter = try Self.bitmap("x", capitalHeight: 20)
    let above = try Self.bitmap("x\u{302}", capitalHeight: 20)
    #expect(above.inkWidth == letter.inkWidth)
    #expect(try #require(Self.rows(above)).upperBound > #require(Self.rows(letter)).upperBound + 3)
    #expect(Self.rows(above)?.lowerBound == 0)
    let below = try Self.bitmap("x\u{323}", capitalHeight: 20)
    #expect(try #require(Self.rows(below)).lowerBound < -1)
    // A capital's mark stands higher, and a second one stands on the first.
    let capital = try Self.bitmap("X\u{302}", capitalHeight: 20)
    #expect(try #require(Self.rows(capital)).upperBound > #require(Self.rows(above)).upperBound)
    let two = try Self.bitmap("x\u{302}\u{301}", capitalHeight: 20)
    #expect(try #require(Self.rows(two)).upperBound > #require(Self.rows(above)).upperBound)
    // The dot of i makes way: there is one gap, that between stem and mark.
    let marked = try Self.bitmap("i\u{30A}\u{301}", capitalHeight: 40)
    let hasInk = (0..<marked.height).map { row in
      marked.coverage[row * marked.width..<(row + 1) * marked.width].contains { $0 >= 128 }
    }
    // The uppermost row of the stem, from below.
    let stem = hasInk.reversed().drop { !$0 }.prefix { $0 }.count
    #expect(stem == 30)
  }

  @Test func unknownCharactersAreTheirCodes() throws {
    #expect(try Self.content("猫") == Self.content("\\u{732B}"))
    #expect(try Self.content("a😀b") == Self.content("a\\u{1F600}b"))
    #expect(try Self.content("\u{0}") == Self.content("\\u{0}"))
    // Of a sequence every scalar is shown.
    #expect(try Self.content("👩\u{200D}🚀") == Self.content("\\u{1F469}\\u{200D}\\u{1F680}"))
    let heap = Character("a" + String(repeating: "\u{301}", count: 100_000))
    #expect(try Self.line(String(heap), capitalHeight: 40).placements.count == 9)
  }

  @Test func whiteSpaceIsOneSpaceEach() throws {
    for space in ["\n", "\t", "\u{A0}", "\u{3000}", "\r\n"] {
      #expect(try Self.content("a\(space)b") == Self.content("a b"))
    }
    #expect(try Self.content(" ").isEmpty)
  }

  @Test(arguments: [10, 14, 32])
  func pairsAreKerned(capitalHeight: Int) throws {
    func width(_ text: String) throws -> Int {
      try Self.line(text, capitalHeight: capitalHeight).width
    }
    func gap(_ first: String, _ second: String) throws -> Int {
      try width(first + second) - width(first) - width(second)
    }
    #expect(try gap("T", "o") < gap("H", "o"))
    #expect(try gap("A", "V") < gap("A", "H"))
    // Kerning goes by the largest part of a glyph.
    #expect(try gap("T", "ö") == gap("T", "o"))
    if capitalHeight > 10 { #expect(try gap("А", "У") < gap("А", "Н")) }
  }

  @Test func linesKeepToTheirWidth() throws {
    var typesetter = Typesetter(style: TextStyle(capitalHeight: 12, typeface: .embedded))
    func width(_ text: String, in room: Int) -> Int? {
      typesetter.line(text, maximumWidth: room)?.width
    }
    let set = typesetter.line("person 0.92", maximumWidth: 1000)
    let line = try #require(set)
    #expect(width("person 0.92", in: line.width) == line.width)
    #expect(width("person 0.92", in: line.width - 1) == nil)
    #expect(line.placements.count == 10)
    // Letters follow each other without touching; a space is wider than a gap.
    for (first, second) in zip(line.placements, line.placements.dropFirst()) {
      #expect(second.x > first.x + first.bitmap.inkWidth - 1)
    }
    let gap = line.placements[6].x - line.placements[5].x - line.placements[5].bitmap.inkWidth
    let letterGap = line.placements[5].x - line.placements[4].x - line.placements[4].bitmap.inkWidth
    #expect(gap >= 2 * letterGap)
    #expect(width("", in: 5) == 0)
    #expect(width(String(repeating: " ", count: 100), in: 5) == nil)
    #expect(width(String(repeating: "m", count: 1_000_000), in: 500) == nil)
    #expect(width(String(repeating: "猫", count: 1_000_000), in: 500) == nil)
  }

  /// At the smallest sizes stems are whole columns where they can be.
  @Test func smallLettersAreSharp() throws {
    #expect(
      try Self.drawing(Self.bitmap("H", capitalHeight: 7)) == [
        " #    #", " #    #", " #    #", " #....#", " #.  .#", " #    #", " #    #",
      ])
    #expect(
      try Self.drawing(Self.bitmap("L", capitalHeight: 9)) == [
        " #.", " #.", " #.", " #.", " #.", " #.", " #.", " #.", " #####",
      ])
    #expect(
      try Self.drawing(Self.bitmap("e", capitalHeight: 10)) == [
        "  .###.", " .#...#.", " ..   .#", " ##...##", " ##.....", " #.", " .#. .#.", "  .###.",
      ])
  }

  @Test func noticeOfTheTypefaceIsInTheProgram() {
    let text = FontAtlas.text.withUTF8Buffer { String(decoding: $0.prefix(200), as: UTF8.self) }
    #expect(text.hasPrefix("Inter Medium, Version "))
    #expect(text.contains("Copyright © 2020 The Inter Project Authors. SIL Open Font License 1.1"))
  }
}
