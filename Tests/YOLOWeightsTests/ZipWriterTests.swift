import Foundation
import Testing
import YOLOSystem
import YOLOTestSupport
import YOLOWeights

@Suite("Writing ZIP archives")
struct ZipWriterTests {
  /// Entries whose sizes lie on either side of the alignment.
  static let sizes = [0, 1, 63, 64, 65, 4096, 100_000]

  @Test("Entries are aligned, and read as they were", arguments: [nil, 64 as UInt64, 1])
  func entries(wideFrom: UInt64?) throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/archive.zip"
      let contents = Self.sizes.map { size in (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7) } }
      let output = try AtomicFile(path: path)
      var writer =
        wideFrom.map { ZipWriter(to: output, wideFrom: $0, wideCountFrom: 3) }
        ?? ZipWriter(to: output)
      for (index, content) in contents.enumerated() { try writer.add("root/\(index)", content) }
      try writer.finish()
      try output.commit(synchronizes: false)
      let archive = try ZipArchive(file: try MappedFile(path: path))
      #expect(archive.entries.map(\.name) == contents.indices.map { "root/\($0)" })
      for (entry, content) in zip(archive.entries, contents) {
        try archive.verify(entry)
        #expect(entry.payload.lowerBound % 64 == 0)
        #expect([UInt8](archive.bytes(of: entry).buffer) == content)
        #expect(!entry.isDeflated)
        #expect(content.isEmpty || entry.checksum != 0)
      }
    }
  }
}

@Suite("Rounding to half precision")
struct HalfNarrowingTests {
  @Test("Every half comes back, and what lies between rounds to even")
  func exact() {
    for bits in UInt16.min ... .max {
      let number = HalfConversion.float(bits)
      if number.isNaN {
        #expect(HalfConversion.float(HalfConversion.half(number)).isNaN)
      } else {
        #expect(HalfConversion.half(number) == bits)
      }
    }
    // Midpoints of neighbors go to the even one; a little more or less to the nearer one.
    for bits: UInt16 in 0..<0x7BFF {
      let low = HalfConversion.float(bits)
      let high = HalfConversion.float(bits + 1)
      let middle = (low + high) / 2
      #expect(HalfConversion.half(middle) == (bits.isMultiple(of: 2) ? bits : bits + 1))
      #expect(HalfConversion.half(middle.nextUp) == bits + 1)
      #expect(HalfConversion.half(middle.nextDown) == bits)
      #expect(HalfConversion.half(-middle.nextUp) == (bits + 1) | 0x8000)
    }
    #expect(HalfConversion.half(65519.99) == 0x7BFF)
    #expect(HalfConversion.half(65520) == 0x7C00)
    #expect(HalfConversion.half(-.infinity) == 0xFC00)
    #expect(HalfConversion.half(1e-30) == 0)
  }
}
