import YOLOGeometry
import YOLOSystem

/// Clipping of oriented boxes, which stay rectangles.
enum OrientedClip {
  /// Replaces each polygon that reaches out of a frame by the smallest rectangle, turned as the
  /// object is, around its part in the frame.
  static func clip(_ labels: inout SampleLabels, width: Float, height: Float) {
    guard labels.hasPolygons else { return }
    let needed = labels.points.contains {
      !($0.x >= 0 && $0.y >= 0 && $0.x <= width && $0.y <= height)
    }
    guard needed else { return }
    var points: [SIMD2<Float>] = []
    points.reserveCapacity(labels.points.count)
    var ends: [Int32] = []
    for index in labels.pointEnds.indices {
      let polygon = labels.points[labels.pointRange(index)]
      let isInside = polygon.allSatisfy {
        $0.x >= 0 && $0.y >= 0 && $0.x <= width && $0.y <= height
      }
      if isInside {
        points += polygon
      } else {
        points += clipped(Array(polygon), width: width, height: height)
      }
      ends.append(Int32(clamping: points.count))
    }
    labels.points = points
    labels.pointEnds = ends
  }

  /// Returns the corners of the rectangle around the visible part of a polygon; none if nothing is
  /// visible.
  private static func clipped(
    _ polygon: [SIMD2<Float>], width: Float, height: Float
  ) -> [SIMD2<Float>] {
    var visible = polygon
    for (normal, bound) in [
      (SIMD2<Float>(-1, 0), Float(0)), (SIMD2(0, -1), 0), (SIMD2(1, 0), width),
      (SIMD2(0, 1), height),
    ] {
      visible = half(visible, normal: normal, bound: bound)
    }
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

  /// Returns the part of a polygon where `point · normal ≤ bound` (Sutherland and Hodgman).
  private static func half(
    _ polygon: [SIMD2<Float>], normal: SIMD2<Float>, bound: Float
  ) -> [SIMD2<Float>] {
    guard var previous = polygon.last else { return [] }
    var previousDistance = (previous * normal).sum() - bound
    var result: [SIMD2<Float>] = []
    for point in polygon {
      let distance = (point * normal).sum() - bound
      if (distance <= 0) != (previousDistance <= 0) {
        let fraction = previousDistance / (previousDistance - distance)
        result.append(previous + (point - previous) * fraction)
      }
      if distance <= 0 { result.append(point) }
      (previous, previousDistance) = (point, distance)
    }
    return result
  }
}
