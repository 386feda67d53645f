package import YOLOSystem
package import YOLOTensor

/// What a storage of a file to be written holds, and from where it comes while it is written.
package enum StorageContent: @unchecked Sendable {
  // Sendable by hand because of the pointer: who hands one over keeps its memory as it is until the
  // file is written.

  /// Bytes of another file, or of memory.
  case region(FileRegion)
  /// `count` numbers in memory, converted to float16 or taken over as float32.
  case floats(UnsafePointer<Float>, count: Int, as: ElementType)
  /// The numbers of a tensor, in row-major order, converted to float16 or float32.
  case converted(WeightTensor, as: ElementType)

  /// The size in the file, in bytes.
  package var byteCount: Int {
    switch self {
    case .region(let region): region.range.count
    case .floats(_, let count, let type): count * type.size
    case .converted(let tensor, let type): tensor.count * type.size
    }
  }

  /// Numbers that are converted at a time.
  private static let pieceCount = 1 << 15

  /// Hands the bytes over, piece by piece.
  ///
  /// Scratch: 64 KiB; for a tensor that is converted its numbers as well.
  ///
  /// - Throws: What `sink` throws.
  package func write(
    to sink: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) {
    switch self {
    case .region(let region):
      let result = withExtendedLifetime(region.file) {
        Result { () throws(FileError) in
          // SAFETY: the range was checked against the file, which lives during the call.
          try sink(region.bytes.buffer)
        }
      }
      try result.get()
    case .floats(let values, let count, let type):
      try Self.write(values, count, type, to: sink)
    case .converted(let tensor, let type):
      let numbers = tensor.floats()
      let result = numbers.withUnsafeBufferPointer { buffer in
        Result { () throws(FileError) in
          guard let base = buffer.baseAddress else { return }
          try Self.write(base, buffer.count, type, to: sink)
        }
      }
      try result.get()
    }
  }

  private static func write(
    _ values: UnsafePointer<Float>, _ count: Int, _ type: ElementType,
    to sink: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) {
    precondition(type == .float16 || type == .float32, "numbers are written as one of these")
    guard type == .float16 else {
      return try sink(
        UnsafeRawBufferPointer(start: values, count: count * MemoryLayout<Float>.size))
    }
    let piece = UnsafeMutablePointer<UInt16>.allocate(capacity: min(max(count, 1), pieceCount))
    defer { piece.deallocate() }
    var start = 0
    // SAFETY: `values` has `count` numbers, and the piece as many as are converted at a time.
    while start < count {
      let length = min(pieceCount, count - start)
      HalfConversion.narrow(values + start, into: piece, count: length)
      try sink(UnsafeRawBufferPointer(start: piece, count: 2 * length))
      start += length
    }
  }
}
