import YOLOGeometry
import YOLOTestSupport

extension Fixture {
  /// Reads a mask of a bit a pixel, the lowest bit first.
  mutating func mask(width: Int, height: Int) throws -> Mask {
    let bytes = try data((width * height + 7) / 8)
    return Mask(
      frame: Size(width: width, height: height),
      pixels: (0..<width * height).map { bytes[$0 / 8] >> UInt8($0 % 8) & 1 })
  }

  /// Reads signed bytes as fractions.
  mutating func fractions(_ count: Int, of divisor: Float) throws -> [Float] {
    try data(count).map { Float(Int8(bitPattern: $0)) / divisor }
  }

  /// Reads rows of floats.
  mutating func rows(_ count: Int, of width: Int) throws -> [[Float]] {
    try (0..<count).map { _ in try floats(width) }
  }

  /// Reads points.
  mutating func points(_ count: Int) throws -> [Point] {
    try rows(count, of: 2).map { Point(x: $0[0], y: $0[1]) }
  }

  /// Reads text after its length.
  mutating func text() throws -> String {
    String(decoding: try data(integers(1)[0]), as: UTF8.self)
  }
}
