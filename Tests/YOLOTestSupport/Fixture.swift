import Foundation

/// A reader of fixture files: one line of text about the origin, then little-endian numbers.
///
/// The line names the generator, its seed and the versions of the libraries that gave the numbers.
public struct Fixture {
  /// Why a fixture cannot be used.
  public struct Failure: Error, CustomStringConvertible {
    /// What is wrong and how the file is made again.
    public let description: String
  }

  /// The first line of the file.
  public let origin: String
  private let name: String
  private let bytes: [UInt8]
  private var position: Int

  /// Opens `Fixtures/<name>` beside the test that asks for it.
  public init(_ name: String, beside test: String = #filePath) throws {
    let url = URL(fileURLWithPath: test).deletingLastPathComponent()
      .appendingPathComponent("Fixtures").appendingPathComponent(name)
    self.name = name
    guard let data = try? Data(contentsOf: url), let end = data.firstIndex(of: 10) else {
      throw Self.failure(name, "is missing")
    }
    bytes = Array(data)
    origin = String(decoding: bytes[..<end], as: UTF8.self)
    position = end + 1
  }

  /// Whether all numbers have been read.
  public var isAtEnd: Bool { position == bytes.count }

  /// Reads 32-bit integers.
  public mutating func integers(_ count: Int) throws -> [Int] {
    try numbers(count, as: Int32.self).map(Int.init)
  }

  /// Reads 32-bit floats.
  public mutating func floats(_ count: Int) throws -> [Float] {
    try numbers(count, as: UInt32.self).map(Float.init(bitPattern:))
  }

  /// Reads 64-bit floats.
  public mutating func doubles(_ count: Int) throws -> [Double] {
    try numbers(count, as: UInt64.self).map(Double.init(bitPattern:))
  }

  /// Reads bytes.
  public mutating func data(_ count: Int) throws -> [UInt8] {
    guard count >= 0, count <= bytes.count - position else {
      throw Self.failure(name, "ends too early")
    }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  private mutating func numbers<Number: FixedWidthInteger>(
    _ count: Int, as type: Number.Type
  ) throws -> [Number] {
    let width = Number.bitWidth / 8
    let raw = try data(count * width)
    return (0..<count).map { index in
      var number: Number = 0
      for byte in (0..<width).reversed() {
        number = number << 8 | Number(truncatingIfNeeded: raw[index * width + byte])
      }
      return number
    }
  }

  private static func failure(_ name: String, _ problem: String) -> Failure {
    Failure(
      description: "The fixture \(name) \(problem): run Tools/fixtures/postprocess.py again.")
  }
}
