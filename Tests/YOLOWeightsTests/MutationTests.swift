import Foundation
import Testing
import YOLOSystem
import YOLOTestSupport
import YOLOWeights

/// Damaged files: each opens or throws `WeightError`, and whatever opens can be walked and read.
@Suite struct MutationTests {
  private static let sources = ["classify.pt", "saved.pt", "old.pt", "protocol4.pt"]

  /// Opens, walks and now and then copies one file; returns whether it opened.
  private func survives(_ bytes: [UInt8], _ number: Int) -> Bool {
    do {
      let checkpoint = try Checkpoint(bytes: bytes, verifyingWeights: number.isMultiple(of: 2))
      walk(checkpoint)
      if number.isMultiple(of: 16) {
        try withTemporaryDirectory { directory in
          try checkpoint.writeSafetensors(to: "\(directory)/copy")
          walk(try Checkpoint.open(path: "\(directory)/copy"))
        }
      }
      return true
    } catch {
      #expect(error is WeightError, "case \(number): \(error)")
      #expect("\(error)".utf8.count < 2000)
      return false
    }
  }

  private func withOneByteChanged(_ bytes: [UInt8], using random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
    return bytes
  }

  @Test func damagedCheckpoints() throws {
    let plan = FuzzPlan(cases: 9000)
    let files = try Self.sources.map { try Fixture($0).bytes }
    // Forms whose bytes alone are damaged.
    let others = try ["legacy.pt", "deflated.pt"].map { try Fixture.content($0) }
    let archives = try files.map { bytes in
      try ZipArchive(file: try MappedFile(copying: bytes, name: "test"))
    }
    let entries = archives.map { archive in
      archive.entries.map { entry in
        let bytes = archive.bytes(of: entry)
        return ZipBuilder.Entry(entry.name, (0..<bytes.count).map { bytes[$0] })
      }
    }
    var opened = (files: 0, pickles: 0)
    for number in 0..<plan.cases {
      var random = SplitMix64(seed: plan.seed &+ UInt64(number))
      let source = number / 4 % files.count
      if number.isMultiple(of: 6) {
        _ = survives(mutated(others[number / 6 % others.count], using: &random), number / 2)
      } else if number.isMultiple(of: 2) {
        if survives(mutated(files[source], using: &random), number / 2) { opened.files += 1 }
      } else {
        // Only the pickle is damaged, and the archive around it is sound.
        var builder = ZipBuilder(entries[source])
        let index = builder.entries.firstIndex { $0.name.hasSuffix("/data.pkl") } ?? 0
        let pickle = builder.entries[index].content
        // Heavy damage mostly ends at the first check, so half of the cases change one byte only.
        builder.entries[index].content =
          number % 4 == 1
          ? mutated(pickle, using: &random) : withOneByteChanged(pickle, using: &random)
        builder.entries[index].checksum = 0
        if survives(builder.bytes, number / 2) { opened.pickles += 1 }
      }
    }
    // If none opened, the test would exercise the first check only.
    #expect(opened.files > 0 && opened.pickles > 0)
    #expect(opened.files + opened.pickles < plan.cases)
  }

  @Test func damagedSafetensors() throws {
    let plan = FuzzPlan(cases: 4000)
    let bytes = try withTemporaryDirectory { directory in
      try Checkpoint.open(path: Fixture.path("classify.pt")).writeSafetensors(
        to: "\(directory)/copy")
      return try Array(Data(contentsOf: URL(filePath: "\(directory)/copy")))
    }
    let headerEnd = 8 + (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    var opened = 0
    for number in 0..<plan.cases {
      var random = SplitMix64(seed: plan.seed &+ UInt64(number))
      if number.isMultiple(of: 2) {
        if survives(mutated(bytes, using: &random), number / 2) { opened += 1 }
      } else {
        // Only the header is damaged, and its length is right.
        let header = mutated(Array(bytes[8..<headerEnd]), using: &random)
        let file = little(UInt64(header.count), count: 8) + header + bytes[headerEnd...]
        if survives(file, number / 2) { opened += 1 }
      }
    }
    #expect(opened > 0 && opened < plan.cases)
  }
}
