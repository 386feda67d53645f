#if Server
import CArchive
import Foundation
import Testing
import YOLOServer
import YOLOTestSupport

/// Archives of friends and of strangers.
@Suite struct ArchiveTests {
  /// The kinds of archives.
  enum Format: String, Sendable, CaseIterable {
    case deflatedZip, storedZip, tar, compressedTar
  }

  /// An entry to write.
  struct Entry: Sendable {
    var name: String
    var content: [UInt8] = []
    var type: UInt32 = 0o100_000
    var link: String?
    var hardLink: String?

    init(_ name: String, _ content: String = "") {
      self.name = name
      self.content = Array(content.utf8)
    }

    init(link name: String, to target: String, isHard: Bool = false) {
      self.name = name
      if isHard {
        hardLink = target
      } else {
        type = 0o120_000
        link = target
      }
    }

    init(_ name: String, type: UInt32) {
      self.name = name
      self.type = type
    }
  }

  private static func write(_ entries: [Entry], _ format: Format, to path: String) throws {
    // libarchive writes names of this locale only; it reads others, too.
    let unicode = try #require(newlocale(LC_CTYPE_MASK, "C.UTF-8", nil))
    let locale = uselocale(unicode)
    defer {
      uselocale(locale)
      freelocale(unicode)
    }
    let writer = try #require(archive_write_new())
    defer { archive_write_free(writer) }
    switch format {
    case .deflatedZip: archive_write_set_format_zip(writer)
    case .storedZip:
      archive_write_set_format_zip(writer)
      archive_write_zip_set_compression_store(writer)
    case .tar: archive_write_set_format_pax_restricted(writer)
    case .compressedTar:
      archive_write_set_format_pax_restricted(writer)
      archive_write_add_filter_gzip(writer)
    }
    try #require(archive_write_open_filename(writer, path) == ARCHIVE_OK)
    for entry in entries {
      let header = try #require(archive_entry_new())
      defer { archive_entry_free(header) }
      archive_entry_set_pathname_utf8(header, entry.name)
      archive_entry_set_filetype(header, entry.type)
      archive_entry_set_perm(header, 0o644)
      archive_entry_set_size(header, Int64(entry.content.count))
      if let link = entry.link { archive_entry_set_symlink_utf8(header, link) }
      if let link = entry.hardLink { archive_entry_set_hardlink_utf8(header, link) }
      try #require(archive_write_header(writer, header) >= ARCHIVE_WARN)
      if !entry.content.isEmpty {
        entry.content.withUnsafeBytes { bytes in
          _ = archive_write_data(writer, bytes.baseAddress, bytes.count)
        }
      }
    }
    try #require(archive_write_close(writer) == ARCHIVE_OK)
  }

  private static func extract(
    _ entries: [Entry], _ format: Format,
    _ configure: (inout ArchiveExtractor) -> Void = { _ in }
  ) throws -> (TemporaryDirectory, ArchiveExtractor.Outcome) {
    let directory = try TemporaryDirectory(["out/.keep": ""])
    let path = directory.path(of: "archive")
    try write(entries, format, to: path)
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

  @Test(arguments: Format.allCases) func filesComeOut(format: Format) throws {
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

  @Test(arguments: [Format.deflatedZip, .tar]) func whatIsHostileIsLeftOut(format: Format) throws {
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
      try Self.write([Entry("a.txt", "aaaa"), Entry("b.txt", "bbbb")], format, to: path)
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
