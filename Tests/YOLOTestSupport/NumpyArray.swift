public import Foundation

/// An array of a `.npy` file (format 1.0 to 3.0, C order), as float32.
public struct NumpyArray: Sendable {
  /// Why a file cannot be used.
  public struct Failure: Error, CustomStringConvertible {
    /// What is wrong.
    public let description: String
  }

  /// The sizes, outermost first.
  public let shape: [Int]
  /// The values.
  public let values: [Float]

  /// Reads little-endian float32 or bytes.
  public init(contentsOf url: URL) throws {
    let bytes = [UInt8](try Data(contentsOf: url))
    func failure(_ reason: String) -> Failure {
      Failure(description: "\(url.path): \(reason)")
    }
    guard bytes.count > 12, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw failure("not an array file")
    }
    let isShort = bytes[6] == 1
    let length =
      isShort
      ? Int(bytes[8]) | Int(bytes[9]) << 8
      : (0..<4).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let start = (isShort ? 10 : 12) + length
    guard start <= bytes.count else { throw failure("the header is cut off") }
    let header = String(decoding: bytes[(isShort ? 10 : 12)..<start], as: UTF8.self)
    guard header.contains("'fortran_order': False"),
      let list = header.split(separator: "(").last?.split(separator: ")").first
    else { throw failure("unexpected header \(header)") }
    shape = list.split(separator: ",").compactMap {
      Int($0.trimmingCharacters(in: .whitespaces))
    }
    let count = shape.reduce(1, *)
    if header.contains("'<f4'") {
      guard bytes.count == start + 4 * count else { throw failure("wrong size") }
      values = (0..<count).map { index in
        let at = start + 4 * index
        return Float(
          bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) })
      }
    } else if header.contains("'|u1'") {
      guard bytes.count == start + count else { throw failure("wrong size") }
      values = bytes[start...].map { Float($0) }
    } else {
      throw failure("unexpected header \(header)")
    }
  }
}
