package import YOLOImage

/// Four images around a random center of a canvas of twice the input's side.
package struct Mosaic: Sendable, Hashable {
  /// The side of the canvas.
  package let side: Int
  /// The column in which the images touch.
  package let centerX: Int
  /// The row in which the images touch.
  package let centerY: Int

  /// Draws the center, the row first, for an input of `imageSize` pixels.
  package init(imageSize: Int, draws: inout Draws) {
    side = 2 * imageSize
    let (low, high) = (Double(imageSize) / 2, 1.5 * Double(imageSize))
    centerY = min(max(Int(draws.uniform(low, high)), 0), side)
    centerX = min(max(Int(draws.uniform(low, high)), 0), side)
  }

  /// Returns where the corner of an image lies: of the upper left, upper right, lower left or lower
  /// right one, all of which touch the center.
  package func corner(_ quarter: Int, width: Int, height: Int) -> (x: Int, y: Int) {
    (
      quarter % 2 == 0 ? centerX - width : centerX,
      quarter < 2 ? centerY - height : centerY
    )
  }

  /// Puts the image of a quarter on the canvas, cut at its edges, and fills the rest of the quarter.
  package func place(_ image: Image, quarter: Int, on canvas: Canvas) {
    let (x, y) = corner(quarter, width: image.width, height: image.height)
    let columns = quarter % 2 == 0 ? 0..<centerX : centerX..<side
    let rows = quarter < 2 ? 0..<centerY : centerY..<side
    let left = max(x, columns.lowerBound)
    let right = max(left, min(x + image.width, columns.upperBound))
    let top = max(y, rows.lowerBound)
    let bottom = max(top, min(y + image.height, rows.upperBound))
    canvas.fill(
      left: columns.lowerBound, top: rows.lowerBound, right: columns.upperBound, bottom: top)
    canvas.fill(left: columns.lowerBound, top: top, right: left, bottom: bottom)
    canvas.fill(left: right, top: top, right: columns.upperBound, bottom: bottom)
    canvas.fill(
      left: columns.lowerBound, top: bottom, right: columns.upperBound, bottom: rows.upperBound)
    guard left < right else { return }
    image.withView { view in
      // SAFETY: the rectangle lies in the image and on the canvas.
      var row = top
      while row < bottom {
        (canvas.pixels + row * canvas.stride + 3 * left).update(
          from: view.pixels + (row - y) * view.rowStride + 3 * (left - x),
          count: 3 * (right - left))
        row += 1
      }
    }
  }
}
