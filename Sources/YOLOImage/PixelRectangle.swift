/// A rectangle of whole pixels: columns left..<right of rows top..<bottom.
struct PixelRectangle: Hashable {
  var left: Int
  var top: Int
  var right: Int
  var bottom: Int

  var width: Int { right - left }
  var height: Int { bottom - top }

  /// Returns the part inside a frame, perhaps empty.
  func clipped(to frame: PixelRectangle) -> PixelRectangle {
    let left = min(max(left, frame.left), frame.right)
    let top = min(max(top, frame.top), frame.bottom)
    return PixelRectangle(
      left: left, top: top, right: max(left, min(right, frame.right)),
      bottom: max(top, min(bottom, frame.bottom)))
  }
}
