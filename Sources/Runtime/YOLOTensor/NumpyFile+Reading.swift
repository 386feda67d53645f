extension NumpyFile {
  /// Why a file cannot be read as a tensor.
  package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What the file is called.
    package let file: String
    /// What is wrong, and what was expected.
    package let reason: String

    /// One sentence that names the file.
    package var description: String { "\(file): \(reason)" }
  }

  /// The maximum number of bytes of a header; NumPy itself refuses longer ones unless it is told to
  /// trust them.
  package static let headerLimit = 10_000
  /// The maximum number of values of an array.
  package static let valueLimit = 1 << 28

  /// The types of elements that are read.
  private enum ElementType: String, CaseIterable {
    case float16 = "<f2"
    case float32 = "<f4"
    case float64 = "<f8"
    case byte = "|u1"

    var size: Int {
      switch self {
      case .float16: 2
      case .float32: 4
      case .float64: 8
      case .byte: 1
      }
    }
  }

  /// Reads the content of a `.npy` file of version 1, 2 or 3; errors call it `name`.
  ///
  /// Elements may be float16, float32, float64 or uint8, little-endian, the last dimension fastest.
  /// Memory is bounded by the bytes given: a header that asks for more values than there are is
  /// refused before anything is made of it.
  package static func tensor(of bytes: [UInt8], named name: String) throws(Failure) -> Tensor {
    func failure(_ reason: String) -> Failure { Failure(file: name, reason: reason) }
    guard bytes.starts(with: [0x93] + Array("NUMPY".utf8)), bytes.count >= 10 else {
      throw failure("it is no .npy file, expected it to begin with \\x93NUMPY and a version")
    }
    let version = bytes[6]
    guard (1...3).contains(version), bytes[7] == 0 else {
      throw failure("it is of version \(version).\(bytes[7]), expected 1.0, 2.0 or 3.0")
    }
    let lengthCount = version == 1 ? 2 : 4
    let start = 8 + lengthCount
    guard bytes.count >= start else { throw failure("it ends within its header") }
    let length = (0..<lengthCount).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    guard length <= headerLimit else {
      throw failure("its header has \(length) bytes, expected \(headerLimit) at most")
    }
    guard bytes.count - start >= length else { throw failure("it ends within its header") }
    let end = start + length
    guard let text = String(validating: bytes[start..<end], as: UTF8.self) else {
      throw failure("its header is not UTF-8")
    }
    let header: NumpyHeader
    do throws(NumpyHeader.Failure) {
      header = try NumpyHeader(text)
    } catch {
      throw failure(error.reason)
    }
    guard let type = ElementType(rawValue: header.type) else {
      throw failure(
        "its elements are '\(header.type)', expected "
          + ElementType.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", "))
    }
    guard !header.isFortranOrder else {
      throw failure("it is in Fortran order, expected C order")
    }
    var count = 1
    for dimension in header.shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: dimension)
      guard !overflows, product <= valueLimit else {
        throw failure("its shape \(header.shape) has more than \(valueLimit) values")
      }
      count = product
    }
    guard bytes.count - end == count * type.size else {
      throw failure(
        "it has \(bytes.count - end) bytes of values, expected \(count * type.size) for its shape "
          + "\(header.shape)")
    }
    return Tensor(shape: header.shape, values: values(of: bytes, from: end, count, type))
  }

  private static func values(
    of bytes: [UInt8], from start: Int, _ count: Int, _ type: ElementType
  ) -> [Float] {
    bytes.withUnsafeBytes { buffer in
      // SAFETY: the caller checked that `count` elements lie behind `start`.
      func load<Bits: FixedWidthInteger>(_ index: Int, _: Bits.Type) -> Bits {
        Bits(
          littleEndian: buffer.loadUnaligned(
            fromByteOffset: start + index * MemoryLayout<Bits>.size, as: Bits.self))
      }
      return [Float](unsafeUninitializedCapacity: count) { target, written in
        for index in 0..<count {
          target[index] =
            switch type {
            case .float16: Float(Float16(bitPattern: load(index, UInt16.self)))
            case .float32: Float(bitPattern: load(index, UInt32.self))
            case .float64: Float(Double(bitPattern: load(index, UInt64.self)))
            case .byte: Float(buffer[start + index])
            }
        }
        written = count
      }
    }
  }
}
