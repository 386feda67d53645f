#if Server
import Foundation
import Testing
import YOLOServer
import YOLOTestSupport

/// Archives of friends and of strangers.
@Suite struct ArchiveTests {
  fileprivate typealias Entry = ArchiveWriter.Entry
  fileprivate typealias Format = ArchiveWriter.Format

  private static func extract(
    _ entries: [ArchiveWriter.Entry], _ format: ArchiveWriter.Format,
    _ configure: (inout ArchiveExtractor) -> Void = { _ in }
  ) throws -> (TemporaryDirectory, ArchiveExtractor.Outcome) {
    let directory = try TemporaryDirectory(["out/.keep": ""])
    let path = directory.path(of: "archive")
    try ArchiveWriter.write(entries, format, to: path)
    var extractor = ArchiveExtractor(maximumBytes: 1 << 30)
    configure(&extractor)
    let outcome = try extractor.extract(path, named: "set", to: directory.path(of: "out"))
    return (directory, outcome)
  }

  private static func files(in directory: TemporaryDirectory) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: directory.path(of: "out"))
      .filter { path in
        var isDirectory: ObjCBool = false
        let full = directory.path(of: "out/" + path)
        _ = FileManager.default.fileExists(atPath: full, isDirectory: &isDirectory)
        return !isDirectory.boolValue && path != ".keep"
      }.sorted()
  }

  @Test(arguments: ArchiveWriter.Format.allCases)
  func filesComeOut(format: ArchiveWriter.Format) throws {
    let long = String(repeating: "0 0.5 0.5 0.1 0.1\n", count: 20_000)
    let (directory, outcome) = try Self.extract(
      [
        Entry("set/data.yaml", "names: [a]\n"), Entry("./set/images/ä 漢.jpg", "1"),
        Entry("set/labels/1.txt", long), Entry("set/empty.txt"), Entry("win\\dows\\b.jpg", "2"),
        Entry("set/images", type: 0o040_000),
      ], format)
    #expect(
      try Self.files(in: directory) == [
        "set/data.yaml", "set/empty.txt", "set/images/ä 漢.jpg", "set/labels/1.txt",
        "win/dows/b.jpg",
      ])
    #expect(outcome.files == 5 && outcome.bytes == long.utf8.count + 13)
    #expect(outcome.skipped.isEmpty)
    let text = try String(
      contentsOfFile: directory.path(of: "out/set/labels/1.txt"), encoding: .utf8)
    #expect(text == long)
  }

  @Test(arguments: [ArchiveWriter.Format.deflatedZip, .tar])
  func whatIsHostileIsLeftOut(format: ArchiveWriter.Format) throws {
    var entries = [
      Entry("../up.txt", "x"), Entry("/etc/absolute.txt", "x"), Entry("a/../../up.txt", "x"),
      Entry("a/..", "x"), Entry(link: "link", to: "/etc/passwd"), Entry("link/passwd", "x"),
      Entry(".hidden/x", "x"), Entry("__MACOSX/._x", "x"), Entry("twice.txt", "1"),
      Entry("twice.txt", "2"), Entry("twice.txt/below", "3"),
      Entry(Array(repeating: "d", count: 40).joined(separator: "/"), "x"),
      Entry(String(repeating: "n", count: 300), "x"), Entry("good.txt", "y"),
    ]
    if format == .tar {
      entries += [
        Entry(link: "hard", to: "good.txt", isHard: true), Entry("pipe", type: 0o010_000),
        Entry("device", type: 0o020_000),
      ]
    }
    let (directory, outcome) = try Self.extract(entries, format)
    // The link is none: a file of its name's directory is a plain one.
    #expect(try Self.files(in: directory) == ["good.txt", "link/passwd", "twice.txt"])
    #expect(directory.names == ["archive", "out"])
    #expect(outcome.files == 3)
    #expect(outcome.skipped.count == entries.count - 3)
    for skipped in outcome.skipped { #expect(!skipped.reason.isEmpty) }
    #expect(
      try String(contentsOfFile: directory.path(of: "out/twice.txt"), encoding: .utf8) == "1")
  }

  @Test func bombsAreRefused() throws {
    let zeros = String(repeating: "\0", count: 64 << 20)
    // A thousandth of its size.
    #expect(throws: ArchiveError.self) { try Self.extract([Entry("zeros", zeros)], .deflatedZip) }
    #expect(throws: ArchiveError.self) { try Self.extract([Entry("zeros", zeros)], .compressedTar) }
    do {
      _ = try Self.extract([Entry("zeros", zeros)], .tar) { $0.maximumBytes = 1 << 20 }
      Issue.record("more bytes than allowed came out")
    } catch let error as ArchiveError {
      guard case .tooLarge(_, _, let maximum) = error else { throw error }
      #expect(maximum == 1 << 20)
    }
    let many = (0..<101).map { Entry("\($0)") }
    #expect(throws: ArchiveError.self) {
      try Self.extract(many, .storedZip) { $0.maximumEntries = 100 }
    }
  }

  @Test func damagedArchivesAreNamed() throws {
    let directory = try TemporaryDirectory(["out/.keep": "", "text": "names: [a]\n", "empty": ""])
    let extractor = ArchiveExtractor(maximumBytes: 1 << 30)
    let out = directory.path(of: "out")
    #expect(throws: ArchiveError.self) {
      try extractor.extract(directory.path(of: "text"), named: "set.zip", to: out)
    }
    // Every shorter one, and such with a changed byte: an error, or the files of an intact part.
    for format in Format.allCases {
      let path = directory.path(of: "whole")
      try ArchiveWriter.write([Entry("a.txt", "aaaa"), Entry("b.txt", "bbbb")], format, to: path)
      let bytes = Array(try Data(contentsOf: URL(filePath: path)))
      var random = SplitMix64(seed: 1)
      for round in 0..<200 {
        var damaged = bytes
        if round < 100 {
          damaged.removeLast(Int.random(in: 1..<bytes.count, using: &random))
        } else {
          for _ in 0..<3 {
            damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(
              in: 0...255, using: &random)
          }
        }
        try directory.write(damaged, to: "damaged")
        try directory.write("", to: "target/.keep")
        do {
          let outcome = try extractor.extract(
            directory.path(of: "damaged"), named: "set.zip", to: directory.path(of: "target"))
          #expect(outcome.files <= 2)
        } catch let error as ArchiveError {
          #expect("\(error)".hasPrefix("set.zip"))
        }
        try FileManager.default.removeItem(atPath: directory.path(of: "target"))
      }
    }
  }
}
#endif
