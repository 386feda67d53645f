import Testing
import YOLOSystem
import YOLOTestSupport
import YOLOWeights

@Suite struct ZipArchiveTests {
  private let content: [UInt8] = Array(0..<100)

  private func archive(_ builder: ZipBuilder) throws -> ZipArchive {
    try ZipArchive(file: try MappedFile(copying: builder.bytes, name: "test"))
  }

  private func builder(_ change: (inout ZipBuilder.Entry) -> Void = { _ in }) -> ZipBuilder {
    var entry = ZipBuilder.Entry("a/two", content)
    change(&entry)
    return ZipBuilder([ZipBuilder.Entry("a/one", [1, 2, 3]), entry])
  }

  private func reason(_ builder: ZipBuilder) -> String {
    thrown { _ = try archive(builder) }.map(\.description) ?? "no error"
  }

  private func check(_ builder: ZipBuilder) throws {
    let archive = try archive(builder)
    let entry = try #require(archive["a/two"])
    let bytes = archive.bytes(of: entry)
    #expect((0..<bytes.count).map { bytes[$0] } == content)
    #expect(archive.entries.map(\.name) == ["a/one", "a/two"])
    #expect(archive["a/three"] == nil)
    try archive.verify(entry)
  }

  @Test func readsStoredEntries() throws {
    try check(builder())
    // The local extra field differs from the central one: alignment, as torch writes it.
    try check(builder { $0.padding = 37 })
    var commented = builder()
    commented.comment = Array("PK\u{5}\u{6} is not the end".utf8)
    try check(commented)
  }

  @Test func readsWideArchives() throws {
    var wide = builder { $0.isWide = true }
    wide.isWide = true
    try check(wide)
  }

  @Test func ignoresAnAbsentChecksum() throws {
    let archive = try archive(builder { $0.checksum = 0 })
    try archive.verify(try #require(archive["a/two"]))
  }

  @Test func findsDamageByTheChecksum() throws {
    let archive = try archive(builder { $0.checksum = 1 })
    let entry = try #require(archive["a/two"])
    #expect(throws: WeightError.self) { try archive.verify(entry) }
  }

  @Test func refusesWhatItDoesNotRead() {
    #expect(
      reason(builder { $0.method = 9 }).contains(
        "a/two: damaged or unsupported ZIP archive: the entry is compressed by method 9"))
    #expect(
      reason(builder { $0.flags = 1 }).contains(
        "a/two: damaged or unsupported ZIP archive: the entry is encrypted"))
    #expect(reason(builder { $0.flags = 0x2000 }).contains("encrypted"))
    #expect(reason(builder { $0.disk = 3 }).contains("another disk"))
    #expect(reason(builder { $0.name = "" }).contains("name is empty"))
    #expect(reason(builder { $0.name = "a/one" }).contains("two entries have this name"))
    #expect(reason(builder { $0.localName = "a/six" }).contains("another name"))
    #expect(reason(builder { $0.name = String(repeating: "n", count: 2000) }).contains("outside"))
  }

  @Test func refusesSizesThatDoNotFit() {
    #expect(reason(builder { $0.fullSize = 1_000_000 }).contains("two sizes"))
    let huge = builder {
      $0.fullSize = 0xFFFF_FFFE
      $0.storedSize = 0xFFFF_FFFE
    }
    #expect(reason(huge).contains("a/two: damaged or unsupported ZIP archive: it reaches outside"))
    let long = builder {
      $0.fullSize = 150
      $0.storedSize = 150
    }
    #expect(reason(long).contains("reach into the central directory"))
    #expect(reason(builder { $0.localOffset = 0xFFFF_FF00 }).contains("outside the file"))
    #expect(reason(builder { $0.localOffset = 5 }).contains("local header is missing"))
    let wide = builder {
      $0.isWide = true
      $0.wideField =
        little(1, count: 2) + little(24, count: 2) + little(.max, count: 8)
        + little(.max, count: 8) + little(.max, count: 8)
    }
    #expect(reason(wide).contains("outside the file"))
    let short = builder {
      $0.isWide = true
      $0.wideField = little(1, count: 2) + little(8, count: 2) + little(100, count: 8)
    }
    #expect(reason(short).contains("ZIP64 field"))
  }

  @Test func refusesOverlap() {
    // The second entry is a quotation inside the first: a bomb of the kind that shares its payload.
    let inner = ZipBuilder([ZipBuilder.Entry("a/two", content)]).bytes
    var entry = ZipBuilder.Entry("a/two", content)
    entry.localOffset = 35
    let builder = ZipBuilder([ZipBuilder.Entry("a/one", inner), entry])
    #expect(reason(builder).contains("overlaps the entry a/one"))
  }

  @Test func refusesADamagedDirectory() {
    var many = builder()
    many.entryCount = 3
    #expect(reason(many).contains("central directory record"))
    var outside = builder()
    outside.directoryStart = 100_000
    #expect(reason(outside).contains("reaches outside the file"))
    var bomb = builder()
    bomb.isWide = true
    bomb.entryCount = .max
    #expect(
      thrown { _ = try archive(bomb) }
        == .limitExceeded(file: "test", at: "", what: "archive entries", limit: 100_000))
    var wrapped = builder()
    wrapped.isWide = true
    wrapped.directorySize = .max
    #expect(reason(wrapped).contains("reaches outside the file"))
    wrapped.directorySize = nil
    wrapped.directoryStart = .max
    #expect(reason(wrapped).contains("reaches outside the file"))
  }

  @Test func everyTruncationIsRefused() throws {
    var wide = builder()
    wide.isWide = true
    for whole in [builder().bytes, wide.bytes] {
      for length in 1..<whole.count {
        let file = try MappedFile(copying: Array(whole[..<length]), name: "test")
        #expect(throws: WeightError.self) { try ZipArchive(file: file) }
      }
    }
  }
}
