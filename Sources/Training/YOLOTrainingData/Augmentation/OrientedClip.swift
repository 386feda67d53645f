import YOLOGeometry
import YOLOSystem

/// Clipping of oriented boxes, which stay rectangles turned as the object is.
package enum OrientedClip {
  /// Returns the corners of the rectangle around the visible part of a polygon; none if nothing is
  /// visible.
  package static func clipped(
    _ polygon: [SIMD2<Float>], width: Float, height: Float
  ) -> [SIMD2<Float>] {
    let visible = PolygonClip.clipped(polygon, width: width, height: height)
    guard let first = visible.first,
      let box = OrientedBox(enclosing: polygon.map { Point(x: $0.x, y: $0.y) })
    else { return [] }
    let along = SIMD2(cosf(box.angle), sinf(box.angle))
    let across = SIMD2(-along.y, along.x)
    var (low, high) = (SIMD2<Float>(repeating: 0), SIMD2<Float>(repeating: 0))
    for point in visible {
      let offset = point - first
      let turned = SIMD2((offset * along).sum(), (offset * across).sum())
      low = pointwiseMin(low, turned)
      high = pointwiseMax(high, turned)
    }
    func corner(_ x: Float, _ y: Float) -> SIMD2<Float> { first + along * x + across * y }
    return [
      corner(low.x, low.y), corner(high.x, low.y), corner(high.x, high.y), corner(low.x, high.y),
    ]
  }
}
