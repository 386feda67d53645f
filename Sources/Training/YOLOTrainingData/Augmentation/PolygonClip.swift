/// The part of a polygon that lies in a frame (Sutherland and Hodgman, "Reentrant polygon clipping",
/// 1974).
package enum PolygonClip {
  /// Returns the corners of the part of a polygon in a frame from 0 to `width` and `height`.
  ///
  /// There are none if nothing is visible. Parts that are apart are joined along the frame.
  package static func clipped(
    _ polygon: [SIMD2<Float>], width: Float, height: Float
  ) -> [SIMD2<Float>] {
    var visible = polygon
    for (normal, bound) in [
      (SIMD2<Float>(-1, 0), Float(0)), (SIMD2(0, -1), 0), (SIMD2(1, 0), width),
      (SIMD2(0, 1), height),
    ] {
      visible = half(visible, normal: normal, bound: bound)
    }
    return visible
  }

  /// Returns the smallest box around the part of a polygon in a frame; zero if nothing is visible.
  ///
  /// The part may be in several pieces. It is spanned by the visible parts of the sides and by the corners of the frame that lie in the
  /// polygon by the even-odd rule.
  package static func visibleBounds(
    of polygon: ArraySlice<SIMD2<Float>>, width: Float, height: Float
  ) -> SIMD4<Float> {
    guard var previous = polygon.last else { return .zero }
    let frame = SIMD2(width, height)
    let corners = [SIMD2<Float>(0, 0), SIMD2(width, 0), SIMD2(0, height), frame]
    var isInside = SIMD4<Int32>(repeating: 0)
    var low = SIMD2<Float>(repeating: .infinity)
    var high = -low
    for point in polygon {
      if let (start, end) = side(from: previous, to: point, in: frame) {
        low = pointwiseMin(low, pointwiseMin(start, end))
        high = pointwiseMax(high, pointwiseMax(start, end))
      }
      for (index, corner) in corners.enumerated()
      where (point.y > corner.y) != (previous.y > corner.y) {
        let fraction = (corner.y - point.y) / (previous.y - point.y)
        if corner.x < point.x + (previous.x - point.x) * fraction { isInside[index] ^= 1 }
      }
      previous = point
    }
    for (index, corner) in corners.enumerated() where isInside[index] != 0 {
      low = pointwiseMin(low, corner)
      high = pointwiseMax(high, corner)
    }
    return low.x <= high.x ? SIMD4(lowHalf: low, highHalf: high) : .zero
  }

  /// Returns the ends of the visible part of a side (Liang and Barsky, "A new concept and method for
  /// line clipping", 1984); nil if nothing is visible.
  private static func side(
    from start: SIMD2<Float>, to end: SIMD2<Float>, in frame: SIMD2<Float>
  ) -> (SIMD2<Float>, SIMD2<Float>)? {
    let step = end - start
    var (first, last) = (Float(0), Float(1))
    for axis in 0..<2 {
      if step[axis] == 0 {
        guard start[axis] >= 0, start[axis] <= frame[axis] else { return nil }
        continue
      }
      let (one, other) = (-start[axis] / step[axis], (frame[axis] - start[axis]) / step[axis])
      first = max(first, min(one, other))
      last = min(last, max(one, other))
    }
    guard first <= last else { return nil }
    func point(_ fraction: Float) -> SIMD2<Float> {
      let exact = fraction == 1 ? end : start + step * fraction
      return exact.clamped(lowerBound: .zero, upperBound: frame)
    }
    return (point(first), point(last))
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
