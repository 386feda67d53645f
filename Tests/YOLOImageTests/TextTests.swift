import Testing
import YOLOImage

@Suite struct TextTests {
  /// Returns a shape as rows of characters: space, dot and `#` for none, some and full coverage.
  private static func drawing(_ bitmap: GlyphBitmap) -> [String] {
    (0..<bitmap.height).map { row in
      let samples = bitmap.coverage[row * bitmap.width..<(row + 1) * bitmap.width]
      let text = samples.map { $0 < 32 ? " " : $0 > 224 ? "#" : "." }.joined()
      return String(text.reversed().drop { $0 == " " }.reversed())
    }.filter { !$0.isEmpty }
  }

  private static func bitmap(_ text: Character, capitalHeight: Int) throws -> GlyphBitmap {
    var typesetter = Typesetter(style: TextStyle(capitalHeight: capitalHeight))
    let line = typesetter.line(String(text), maximumWidth: 10_000)
    return try #require(line?.placements.first?.bitmap)
  }

  /// At the smallest size strokes lie on whole pixels.
  @Test func smallLettersAreSharp() throws {
    #expect(
      try Self.drawing(Self.bitmap("H", capitalHeight: 7)) == [
        "  #   #", "  #   #", "  #   #", "  #####", "  #   #", "  #   #", "  #   #",
      ])
    #expect(
      try Self.drawing(Self.bitmap("i", capitalHeight: 7)) == [
        "  #", "  #", "  #", "  #", "  #", "  #",
      ])
    #expect(
      try Self.drawing(Self.bitmap("L", capitalHeight: 8)) == [
        "  #", "  #", "  #", "  #", "  #", "  #", "  #", "  #####",
      ])
  }

  @Test(arguments: [7, 9, 12, 20, 45, 100])
  func capitalsHaveTheirHeight(capitalHeight: Int) throws {
    let bitmap = try Self.bitmap("H", capitalHeight: capitalHeight)
    // A fitted stroke may be thinner than its pixels by half a pixel in all.
    let rows = (0..<bitmap.height).filter { row in
      bitmap.coverage[row * bitmap.width..<(row + 1) * bitmap.width].contains { $0 >= 128 }
    }
    #expect(rows.count == capitalHeight)
    #expect(rows.last.map { $0 + bitmap.top } == -1)
  }

  @Test(arguments: [7, 8, 9, 10, 11, 12, 15, 24, 61])
  func everyCharacterHasItsOwnShape(capitalHeight: Int) throws {
    let alike: [Set<Character>] = [["‘", "’"], ["“", "”"]]
    var seen: [[UInt8]: Character] = [:]
    for character in StrokeFont.characters {
      let bitmap = try Self.bitmap(character, capitalHeight: capitalHeight)
      #expect(bitmap.coverage.contains { $0 > 128 }, "\(character) is empty")
      #expect(bitmap.coverage.count == bitmap.width * bitmap.height)
      // The margin is free: nothing is cut off.
      let top = bitmap.coverage.prefix(bitmap.width)
      let bottom = bitmap.coverage.suffix(bitmap.width)
      #expect(top.allSatisfy { $0 == 0 } && bottom.allSatisfy { $0 == 0 }, "\(character)")
      let isTwin = alike.contains { $0.contains(character) }
      if capitalHeight > 8, !isTwin {
        let key = [UInt8(truncatingIfNeeded: bitmap.top)] + bitmap.coverage
        let twin = seen.updateValue(character, forKey: key)
        #expect(twin == nil, "\(character) looks like another at \(capitalHeight)")
      }
    }
  }

  @Test func asciiAndLatin1LettersAreThere() {
    let known = Set(StrokeFont.characters)
    for code in UInt32(33)...126 {
      #expect(Unicode.Scalar(code).map { known.contains(Character($0)) } == true)
    }
    for code in UInt32(0xC0)...0xFF {
      #expect(Unicode.Scalar(code).map { known.contains(Character($0)) } == true)
    }
  }

  @Test func composedAndDecomposedLettersAreTheSame() throws {
    for (composed, decomposed) in [("é", "e\u{301}"), ("ï", "i\u{308}"), ("Ç", "C\u{327}")] {
      let first = try Self.bitmap(Character(composed), capitalHeight: 20)
      let second = try Self.bitmap(Character(decomposed), capitalHeight: 20)
      #expect(first.coverage == second.coverage)
    }
  }

  @Test func unknownCharactersAreBoxes() throws {
    // Empty where digits could not be read, distinct where they can.
    let small = try Self.bitmap("猫", capitalHeight: 10)
    #expect(try small.coverage == Self.bitmap("犬", capitalHeight: 10).coverage)
    let large = try Self.bitmap("猫", capitalHeight: 40)
    #expect(try large.coverage != Self.bitmap("犬", capitalHeight: 40).coverage)
    _ = try Self.bitmap("😀", capitalHeight: 40)
    _ = try Self.bitmap("\u{0}", capitalHeight: 40)
    let heap = Character("a" + String(repeating: "\u{301}", count: 100_000))
    _ = try Self.bitmap(heap, capitalHeight: 40)
  }

  @Test func linesKeepToTheirWidth() throws {
    var typesetter = Typesetter(style: TextStyle(capitalHeight: 12))
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
  }
}
