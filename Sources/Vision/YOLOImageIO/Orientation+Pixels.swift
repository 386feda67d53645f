import YOLOGeometry

extension Orientation {
  /// Turns pixels upright in place; for the orientations that keep the sides' lengths.
  func mirror(_ pixels: UnsafeMutablePointer<UInt8>, size: Size, channels: Int = 3) {
    let (width, height) = (size.width, size.height)
    if self == .turnedHalf || self == .mirroredVertically {
      Self.reverse(pixels, count: width * height, channels: channels)
    }
    // Half a turn and the rows' reversal leave the rows in reverse order.
    if self == .mirroredHorizontally || self == .mirroredVertically {
      for y in 0..<height {
        Self.reverse(pixels + channels * y * width, count: width, channels: channels)
      }
    }
  }

  /// Reverses the order of `count` pixels.
  private static func reverse(
    _ pixels: UnsafeMutablePointer<UInt8>, count: Int, channels: Int
  ) {
    // SAFETY: both ends lie within the `count` pixels and move towards the middle.
    var (left, right) = (pixels, pixels + channels * (count - 1))
    while left < right {
      for channel in 0..<channels {
        let value = left[channel]
        left[channel] = right[channel]
        right[channel] = value
      }
      left += channels
      right -= channels
    }
  }

  /// Turns pixels upright into another buffer; for the orientations that exchange the sides.
  ///
  /// `size` is that of the stored image.
  func transpose(
    _ stored: UnsafeMutablePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, size: Size,
    channels: Int = 3
  ) {
    let (width, height) = (size.width, size.height)
    let fromRight = self == .transversed || self == .turnedCounterclockwise
    let fromBelow = self == .turnedClockwise || self == .transversed
    // Stored pixel (x, y) goes to index `origin + x · right + y · down`; target rows have `height`.
    let right = fromRight ? -height : height
    let down = fromBelow ? -1 : 1
    let origin = (fromRight ? (width - 1) * height : 0) + (fromBelow ? height - 1 : 0)
    // Of RGB, 32 rows of 96 bytes on either side stay in the first-level cache.
    let side = 32
    for top in stride(from: 0, to: height, by: side) {
      for left in stride(from: 0, to: width, by: side) {
        for y in top..<min(top + side, height) {
          // SAFETY: `source` runs over all stored pixels, and `destination` maps them one to one
          // onto the target, which has as many.
          var source = stored + channels * (y * width + left)
          var destination = target + channels * (origin + left * right + y * down)
          guard channels == 3 else {
            for _ in left..<min(left + side, width) {
              destination.update(from: source, count: channels)
              source += channels
              destination += channels * right
            }
            continue
          }
          for _ in left..<min(left + side, width) {
            destination[0] = source[0]
            destination[1] = source[1]
            destination[2] = source[2]
            source += 3
            destination += 3 * right
          }
        }
      }
    }
  }
}
