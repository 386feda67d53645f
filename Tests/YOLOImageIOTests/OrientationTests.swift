import Testing
import YOLOGeometry
import YOLOImage
import YOLOImageIO

@Suite struct OrientationTests {
  /// Where the stored pixel (x, y) of an image of `size` stands in the upright one, as the EXIF
  /// standard words it: which side the stored first row and first column belong to.
  private func upright(x: Int, y: Int, size: Size, _ orientation: Orientation) -> (x: Int, y: Int) {
    let (fromRight, fromBottom) = (size.width - 1 - x, size.height - 1 - y)
    switch orientation {
    case .upright: return (x, y)  // row at the top, column at the left
    case .mirroredHorizontally: return (fromRight, y)  // top, right
    case .turnedHalf: return (fromRight, fromBottom)  // bottom, right
    case .mirroredVertically: return (x, fromBottom)  // bottom, left
    case .transposed: return (y, x)  // left, top
    case .turnedClockwise: return (fromBottom, x)  // right, top
    case .transversed: return (fromBottom, fromRight)  // right, bottom
    case .turnedCounterclockwise: return (y, fromRight)  // left, bottom
    }
  }

  /// Sizes on either side of the tile of 32 pixels.
  @Test(
    arguments: Orientation.allCases,
    [(1, 1), (1, 7), (7, 1), (2, 3), (31, 33), (32, 32), (33, 31), (65, 40), (100, 64)])
  func `every pixel goes to its position`(_ orientation: Orientation, _ sides: (Int, Int)) {
    let size = Size(width: sides.0, height: sides.1)
    let stored = (0..<3 * size.width * size.height).map { UInt8(truncatingIfNeeded: $0 * 7 / 3) }
    let image = Image(stored: size, orientation: orientation) { target in
      for index in stored.indices { target[index] = stored[index] }
    }
    #expect(image.size == orientation.upright(size))
    var misplaced = 0
    for y in 0..<size.height {
      for x in 0..<size.width {
        let position = upright(x: x, y: y, size: size, orientation)
        for channel in 0..<3 {
          let sample = image.pixels[3 * (position.y * image.width + position.x) + channel]
          if sample != stored[3 * (y * size.width + x) + channel] { misplaced += 1 }
        }
      }
    }
    #expect(misplaced == 0)
  }

  @Test(arguments: [Orientation.upright, .turnedClockwise])
  func `a failure to fill is passed on`(_ orientation: Orientation) {
    #expect(throws: ImageIOError.empty(source: "x")) {
      try Image(stored: Size(width: 2, height: 2), orientation: orientation) {
        _ throws(ImageIOError) in throw .empty(source: "x")
      }
    }
  }
}
