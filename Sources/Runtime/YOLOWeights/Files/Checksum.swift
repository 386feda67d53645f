package import YOLOSystem

/// The CRC-32 of ZIP archives (polynomial 0xEDB88320, reflected), eight bytes a step.
///
/// Source: Kounavis and Berry, "A Systematic Approach to Building High Performance Software-Based
/// CRC Generators", 2005 ("slicing by 8").
package enum Checksum {
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for value in 0..<256 {
      var remainder = UInt32(value)
      for _ in 0..<8 {
        remainder = remainder & 1 == 1 ? (remainder >> 1) ^ 0xEDB8_8320 : remainder >> 1
      }
      tables[value] = remainder
    }
    for slice in 1..<8 {
      for value in 0..<256 {
        let previous = tables[(slice - 1) * 256 + value]
        tables[slice * 256 + value] = (previous >> 8) ^ tables[Int(previous & 0xFF)]
      }
    }
    return tables
  }()

  /// Returns the CRC-32 of some bytes.
  package static func crc32(_ bytes: ByteView) -> UInt32 { ~advance(~UInt32(0), over: bytes) }

  /// The CRC-32 of bytes that come piece by piece.
  package struct Running {
    private var remainder = ~UInt32(0)

    /// Creates the checksum of nothing.
    package init() {}

    /// The CRC-32 of the bytes so far.
    package var value: UInt32 { ~remainder }

    /// Continues with more bytes.
    package mutating func update(_ bytes: ByteView) {
      remainder = Checksum.advance(remainder, over: bytes)
    }
  }

  private static func advance(_ start: UInt32, over bytes: ByteView) -> UInt32 {
    tables.withUnsafeBufferPointer { table in
      var remainder = start
      var offset = 0
      // SAFETY: `offset` stays eight (then one) below `bytes.count`; table indices are below 2048.
      while offset &+ 8 <= bytes.count {
        let word = UInt64(
          littleEndian: bytes.base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        let mixed = word ^ UInt64(remainder)
        var next: UInt32 = 0
        var lane = 0
        while lane < 8 {
          let byte = Int(truncatingIfNeeded: (mixed >> UInt64(8 &* lane)) & 0xFF)
          next ^= table[(7 &- lane) &* 256 &+ byte]
          lane &+= 1
        }
        remainder = next
        offset &+= 8
      }
      while offset < bytes.count {
        let byte = bytes.base.load(fromByteOffset: offset, as: UInt8.self)
        remainder = (remainder >> 8) ^ table[Int((remainder ^ UInt32(byte)) & 0xFF)]
        offset &+= 1
      }
      return remainder
    }
  }
}
