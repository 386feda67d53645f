import Glibc

extension OrientedBox {
  /// Creates the oriented box of least area around some points; nil without points.
  ///
  /// One of its sides lies on a side of the points' convex hull. Which of the two sides is called
  /// the width is not defined, and which quarter turn the angle has; nor which rectangle is taken if
  /// several have the same area. Computed in double; coordinates must be finite.
  public init?(enclosing points: [Point]) {
    let hull = ConvexHull.corners(of: points.map { SIMD2(Double($0.x), Double($0.y)) })
    guard let first = hull.first, var previous = hull.last else { return nil }
    var best = (area: Double.infinity, box: OrientedBox(x: 0, y: 0, width: 0, height: 0, angle: 0))
    for corner in hull {
      let side = corner - previous
      previous = corner
      let length = (side * side).sum().squareRoot()
      let along = length > 0 ? side / length : SIMD2(1, 0)
      let across = SIMD2(-along.y, along.x)
      var low = SIMD2(repeating: Double.infinity)
      var high = -low
      for point in hull {
        let place = SIMD2(((point - first) * along).sum(), ((point - first) * across).sum())
        low = pointwiseMin(low, place)
        high = pointwiseMax(high, place)
      }
      let extent = high - low
      guard extent.x * extent.y < best.area else { continue }
      let middle = (low + high) / 2
      let center = first + along * middle.x + across * middle.y
      best = (
        extent.x * extent.y,
        OrientedBox(
          x: Float(center.x), y: Float(center.y), width: Float(extent.x), height: Float(extent.y),
          angle: Float(atan2(along.y, along.x)))
      )
    }
    self = best.box
  }
}
