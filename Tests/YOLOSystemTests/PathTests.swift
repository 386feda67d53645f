import Testing
import YOLOSystem

@Suite struct PathTests {
  /// Every sequence of bytes has one text, and comes back from it.
  @Test func bytesOfPathsComeBack() {
    var samples: Set<[UInt8]> = [
      [], Array("a/b.jpg".utf8), Array("ä漢😀".utf8), [0xE9], [0x61, 0xFF, 0x62], [0xC3],
      [0xED, 0xA0, 0x80],
      [0xF4, 0x8F, 0xA2, 0x80], [0xF4, 0x8F, 0xA3, 0xBF, 0x2E], [0xF4, 0x90, 0x80, 0x80],
      [0xE2, 0x82], [0xE2, 0x82, 0x41], [0xF0, 0x9F, 0x98, 0xE9],
    ]
    for byte in UInt8.min...UInt8.max { samples.insert([0x61, byte, 0x62]) }
    var texts: Set<String> = []
    for bytes in samples {
      let text = PathText.text(of: bytes)
      #expect(PathText.bytes(of: text) == bytes, "\(bytes)")
      #expect(texts.insert(text).inserted, "\(bytes)")
    }
    #expect(PathText.text(of: Array("ä漢😀".utf8)) == "ä漢😀")
    let name = PathText.text(of: [0x63, 0xE9, 0x0A, 0x2E])
    #expect(PathText.printable(name) == "c\\xE9\n.")
    #expect(name.sanitized() == "c\\xE9\u{FFFD}.")
  }

  @Test func namesMatchPatterns() {
    for (pattern, name) in [
      ("*", "a"), ("*.jpg", "a.jpg"), ("a*b*c", "aXbYbZc"), ("?.p", "é.p"), ("[a-c]x", "bx"),
      ("[!a-c]x", "dx"), ("[]]x", "]x"), (".*", ".a"), ("[a", "[a"), ("**", "abc"),
    ] { #expect(PathPattern.isMatch(name, pattern), "\(pattern) \(name)") }
    for (pattern, name) in [
      ("*", ".a"), ("*.jpg", "a.jpgx"), ("?.p", "ab.p"), ("[a-c]x", "dx"), ("[!a-c]x", "bx"),
      ("?", ".a"), ("a*b", "a"), ("", "a"),
    ] { #expect(!PathPattern.isMatch(name, pattern), "\(pattern) \(name)") }
    // Many stars take no time beyond their number times the length.
    let many = String(repeating: "*a", count: 200)
    #expect(!PathPattern.isMatch(String(repeating: "a", count: 5000) + "b", many))
  }

  @Test func patternsFindFiles() throws {
    try withDirectory { directory in
      for name in ["a", "b/c", "b/d/e", "b/.f"] {
        try FileSystem.makeDirectories(FilePath.directory(of: "\(directory)/\(name)"))
        try AtomicFile.write([1], to: "\(directory)/\(name)")
      }
      // A loop of links ends.
      #expect(symlink("..", "\(directory)/b/up") == 0)
      func found(_ pattern: String) throws -> [String] {
        try PathPattern("\(directory)/\(pattern)").matches(maximumCount: 100)
          .filter { !FileSystem.isDirectory($0) }.map { String($0.dropFirst(directory.count + 1)) }
      }
      #expect(try found("*") == ["a"])
      #expect(try found("b/*") == ["b/c"])
      #expect(try found("**/e") == ["b/d/e"])
      #expect(try found("**").contains("b/d/e"))
      #expect(try found("x*").isEmpty)
      #expect(
        reason { _ = try PathPattern("\(directory)/**").matches(maximumCount: 1) }
          == .tooManyEntries(2, maximum: 1))
    }
  }

  @Test func aFileIsReplacedOnlyOnRequest() throws {
    try withDirectory { directory in
      let path = "\(directory)/a"
      try AtomicFile.write([1], to: path, replaces: false)
      #expect(reason { try AtomicFile.write([2], to: path, replaces: false) } == .exists)
      // A link that leads nowhere is something, too.
      #expect(symlink("nowhere", "\(directory)/link") == 0)
      #expect(
        reason { try AtomicFile.write([2], to: "\(directory)/link", replaces: false) } == .exists)
      // What comes while the file is written stays.
      let late = try AtomicFile(path: "\(directory)/late", replaces: false)
      try AtomicFile.write([7], to: "\(directory)/late")
      #expect(reason { try late.commit(synchronizes: false) } == .exists)
      #expect(try FileSystem.read("\(directory)/late", maximumBytes: 9) == [7])
      #expect(try FileSystem.read(path, maximumBytes: 9) == [1])
      #expect(try FileSystem.entries(of: directory) == ["a", "late", "link"])
      #expect(try FileSystem.names(in: directory).count == 3)
    }
  }

  @Test func numbersAsCWritesThem() {
    for (number, text) in [
      (0.35089412, "0.350894"), (1, "1"), (0, "0"), (0.00001234, "1.234e-05"),
      (123456789, "1.23457e+08"),
      (0.0708333, "0.0708333"),
    ] { #expect(Double(number).general == text) }
  }
}
