import YOLOGeometry
import YOLOImage
import YOLOTestSupport

extension Image {
  /// Creates an image of random pixels.
  static func random(
    _ size: Size, channels: Int = 3, using random: inout SplitMix64
  ) -> Image {
    let count = channels * size.width * size.height
    return Image(
      knownSize: size, channels: channels,
      pixels: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
  }
}

/// Compares outside of an expectation, which would print all pixels.
func isSame(_ first: Image, _ second: Image) -> Bool { first == second }
