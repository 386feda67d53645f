import YOLOSystem

/// The complete IoU of two boxes (Zheng and others, "Distance-IoU Loss", arXiv:1911.08287): the IoU
/// less the distance of the centers and the difference of the aspect ratios, in float32.
///
/// Boxes are corners: x1, y1, x2, y2. Heights have a small number added, widths have not.
package enum CompleteIoU {
  /// Keeps quotients away from 0 / 0.
  static let epsilon: Float = 1e-7
  private static let aspectFactor = Float(4 / (Double.pi * Double.pi))

  /// Returns the arc tangent of a box's aspect ratio.
  static func aspect(_ box: SIMD4<Float>) -> Float {
    atanf((box[2] - box[0]) / (box[3] - box[1] + epsilon))
  }

  /// Returns the value for each of eight boxes against another one; aspects as of `aspect(_:)`.
  @inline(__always)
  static func values(
    x1: LossLanes, y1: LossLanes, x2: LossLanes, y2: LossLanes, aspects: LossLanes,
    with box: SIMD4<Float>,
    aspect: Float
  ) -> LossLanes {
    let left = LossLanes(repeating: box[0])
    let top = LossLanes(repeating: box[1])
    let right = LossLanes(repeating: box[2])
    let bottom = LossLanes(repeating: box[3])
    let area = (x2 - x1) * (y2 - y1 + epsilon)
    let other = (box[2] - box[0]) * (box[3] - box[1] + epsilon)
    let innerWidth = clamped(lesser(x2, right) - greater(x1, left))
    let innerHeight = clamped(lesser(y2, bottom) - greater(y1, top))
    let intersection = innerWidth * innerHeight
    let union = area + other - intersection + epsilon
    let overlap = intersection / union
    let hullWidth = greater(x2, right) - lesser(x1, left)
    let hullHeight = greater(y2, bottom) - lesser(y1, top)
    let diagonal = hullWidth * hullWidth + hullHeight * hullHeight + epsilon
    let dx = left + right - x1 - x2
    let dy = top + bottom - y1 - y2
    let distance = (dx * dx + dy * dy) / 4
    let turn = aspect - aspects
    let v = aspectFactor * (turn * turn)
    let alpha = v / (v - overlap + (1 + epsilon))
    return overlap - (distance / diagonal + v * alpha)
  }

  /// Returns the value for a box `p` against `g`, and the gradient by the corners of `p`.
  ///
  /// The weight of the aspect's term is a constant of the gradient; where a minimum or maximum is of
  /// two equal numbers, both have half of the gradient.
  package static func valueAndGradient(
    _ p: SIMD4<Float>, with g: SIMD4<Float>
  ) -> (value: Float, gradient: SIMD4<Float>) {
    let w = p[2] - p[0]
    let h = p[3] - p[1] + epsilon
    let otherWidth = g[2] - g[0]
    let otherHeight = g[3] - g[1] + epsilon
    let innerWidth = min(p[2], g[2]) - max(p[0], g[0])
    let innerHeight = min(p[3], g[3]) - max(p[1], g[1])
    let iw = innerWidth > 0 ? innerWidth : 0
    let ih = innerHeight > 0 ? innerHeight : 0
    let intersection = iw * ih
    let union = w * h + otherWidth * otherHeight - intersection + epsilon
    let overlap = intersection / union
    let hullWidth = max(p[2], g[2]) - min(p[0], g[0])
    let hullHeight = max(p[3], g[3]) - min(p[1], g[1])
    let diagonal = hullWidth * hullWidth + hullHeight * hullHeight + epsilon
    let dx = g[0] + g[2] - p[0] - p[2]
    let dy = g[1] + g[3] - p[1] - p[3]
    let distance = (dx * dx + dy * dy) / 4
    let turn = atanf(otherWidth / otherHeight) - atanf(w / h)
    let v = aspectFactor * (turn * turn)
    let alpha = v / (v - overlap + (1 + epsilon))
    let value = overlap - (distance / diagonal + v * alpha)

    // How much of the corner of `p` is in a maximum, and in a minimum.
    let inMaximum = SIMD4(
      share(p[0], g[0]), share(p[1], g[1]), share(p[2], g[2]), share(p[3], g[3]))
    let inMinimum = 1 - inMaximum
    let alongX = innerWidth >= 0 ? ih : 0
    let alongY = innerHeight >= 0 ? iw : 0
    let dIntersection =
      SIMD4(-alongX, -alongY, alongX, alongY)
      * SIMD4(inMaximum[0], inMaximum[1], inMinimum[2], inMinimum[3])
    let dUnion = SIMD4(-h, -w, h, w) - dIntersection
    var gradient = dIntersection / union - (overlap / union) * dUnion
    let dDistance = SIMD4(-dx, -dy, -dx, -dy) / 2
    let dDiagonal =
      2 * SIMD4(-hullWidth, -hullHeight, hullWidth, hullHeight)
      * SIMD4(inMinimum[0], inMinimum[1], inMaximum[2], inMaximum[3])
    gradient -= dDistance / diagonal - (distance / diagonal / diagonal) * dDiagonal
    // d atan(w / h) = (h dw - w dh) / (w² + h²)
    let slope = -2 * aspectFactor * turn / (w * w + h * h) * alpha
    gradient -= slope * SIMD4(-h, w, h, -w)
    return (value, gradient)
  }

  /// Returns how much of max(a, b) is `a`: 1, 0, or ½ where both are equal.
  @inline(__always)
  private static func share(_ a: Float, _ b: Float) -> Float { a > b ? 1 : a == b ? 0.5 : 0 }

  @inline(__always)
  private static func greater(_ a: LossLanes, _ b: LossLanes) -> LossLanes {
    a.replacing(with: b, where: b .> a)
  }

  @inline(__always)
  private static func lesser(_ a: LossLanes, _ b: LossLanes) -> LossLanes {
    a.replacing(with: b, where: b .< a)
  }

  /// Returns zero for what is below it; NaN stays.
  @inline(__always)
  private static func clamped(_ a: LossLanes) -> LossLanes { a.replacing(with: 0, where: a .< 0) }
}
