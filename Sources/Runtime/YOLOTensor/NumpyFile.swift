/// Arrays in NumPy's file format, little-endian, last dimension fastest.
package enum NumpyFile {
  /// Returns a tensor as the content of a `.npy` file of float32, version 1.0.
  package static func bytes(of tensor: Tensor) -> [UInt8] {
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
    var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(dimensions)), }"
    // The values begin at a multiple of 64 bytes.
    let prefix = 10
    text += String(repeating: " ", count: 63 - (prefix + text.utf8.count) % 64) + "\n"
    let length = UInt16(text.utf8.count)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
      + Array(text.utf8)
  }
}
