import Testing
import YOLOTensor

/// Memory in bytes: alignment, zeros, and what happens where there is none.
@Suite struct StorageTests {
  @Test(arguments: [0, 1, 63, 64, 65, 4 << 20])
  func memoryIsZeroAndAligned(byteCount: Int) {
    let storage = AlignedStorage(byteCount: byteCount)
    #expect(storage.byteCount == byteCount)
    #expect(UInt(bitPattern: storage.base) % 64 == 0)
    let bytes = UnsafeRawBufferPointer(start: storage.base, count: byteCount)
    #expect(bytes.allSatisfy { $0 == 0 })
  }

  @Test func storagesOfAPoolDoNotOverlap() {
    let pool = StoragePool()
    let storages = [1, 64, 100, 17 << 20, 5].map { pool.storage(byteCount: $0) }
    for storage in storages { #expect(UInt(bitPattern: storage.base) % 64 == 0) }
    let ranges = storages.map { storage in
      let start = UInt(bitPattern: storage.base)
      return start..<start + UInt(storage.byteCount)
    }
    for (index, range) in ranges.enumerated() {
      for other in ranges[..<index] { #expect(!range.overlaps(other)) }
    }
  }

  @Test func memoryThatIsNotThereIsAnError() {
    let bytes = 1 << 60
    #expect(throws: AllocationFailure.self) { try AlignedStorage(mapping: bytes) }
    #expect(throws: AllocationFailure.self) { try StoragePool().reserve(byteCount: bytes) }
  }

  @Test func layoutsCountTheBytesOfTheirElements() {
    let layout = ActivationLayout(
      height: 2, width: 3, channels: 5, pixelStride: 8, border: 1, element: .int8)
    #expect(layout.elementCount == 4 * 5 * 8)
    var bytes = [UInt8](repeating: 9, count: layout.elementCount)
    bytes.withUnsafeMutableBytes { bytes in
      if let base = bytes.baseAddress { layout.clearBorder(rows: 0..<2, arena: base) }
    }
    for y in -1...2 {
      for x in -1...3 {
        for channel in 0..<8 {
          let at = layout.offset + y * layout.rowStride + x * layout.pixelStride + channel
          let isBorder = !(0..<2 ~= y && 0..<3 ~= x) && channel < 5
          #expect(bytes[at] == (isBorder ? 0 : 9))
        }
      }
    }
  }
}
