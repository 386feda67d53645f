/// Arrays in NumPy's file format (`.npy`), little-endian, last dimension fastest.
public enum NumpyFile {
  /// Returns a tensor as the content of a `.npy` file of float32, which `numpy.load` reads.
  ///
  /// Cost: four bytes a value, and a header of 64 bytes or a few more.
  public static func bytes(of tensor: Tensor) -> [UInt8] {
    var bytes = header("<f4", tensor.shape)
    bytes.reserveCapacity(bytes.count + 4 * tensor.values.count)
    for value in tensor.values {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// Returns bytes, last dimension fastest, as the content of a `.npy` file.
  package static func bytes(of values: [UInt8], shape: [Int]) -> [UInt8] {
    header("|u1", shape) + values
  }

  private static func header(_ type: String, _ shape: [Int]) -> [UInt8] {
    let dimensions = shape.map { "\($0)," }.joined(separator: " ")
    let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(dimensions)), }"
    // Version 1 has 2 bytes for the header's length, version 2 has 4. The header is at most 64
    // bytes longer than its text.
    let (version, lengthCount): (UInt8, Int) = text.utf8.count < 0xFFC0 ? (1, 2) : (2, 4)
    // The values begin at a multiple of 64 bytes.
    let prefix = 8 + lengthCount
    let padding = 63 - (prefix + text.utf8.count) % 64
    let length = text.utf8.count + padding + 1
    var bytes = [0x93] + Array("NUMPY".utf8) + [version, 0]
    for index in 0..<lengthCount { bytes.append(UInt8(truncatingIfNeeded: length >> (8 * index))) }
    bytes += Array(text.utf8)
    bytes += [UInt8](repeating: UInt8(ascii: " "), count: padding)
    return bytes + [UInt8(ascii: "\n")]
  }
}
