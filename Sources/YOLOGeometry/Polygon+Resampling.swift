extension Polygon {
  /// Returns the same closed line with `count` points: the corners, the first once more at the end,
  /// and between them points at even steps of the corners' index.
  ///
  /// A polygon of more corners is sampled at `count` even steps instead; one of exactly `count`
  /// corners stays as it is. Coordinates are interpolated in double and rounded to float32. `count`
  /// must be positive.
  public func resampled(to count: Int) -> Polygon {
    precondition(count > 0, "a polygon needs points")
    guard let first = points.first, points.count != count else { return self }
    let corners = points + [first]
    let last = corners.count - 1
    guard corners.count < count else {
      return Polygon(
        points: Self.steps(count, upTo: last).map { Self.point(on: corners, at: $0) })
    }
    var result: [Point] = []
    result.reserveCapacity(count)
    var corner = 0
    for position in Self.steps(count - corners.count, upTo: last) {
      while corner <= last, Double(corner) <= position {
        result.append(corners[corner])
        corner += 1
      }
      result.append(Self.point(on: corners, at: position))
    }
    result += corners[corner...]
    return Polygon(points: result)
  }

  /// Returns `count` numbers at even steps from 0 to `end`.
  private static func steps(_ count: Int, upTo end: Int) -> [Double] {
    guard count > 1 else { return [Double](repeating: 0, count: count) }
    let step = Double(end) / Double(count - 1)
    return (0..<count).map { $0 == count - 1 ? Double(end) : Double($0) * step }
  }

  private static func point(on corners: [Point], at position: Double) -> Point {
    let index = min(Int(position), corners.count - 1)
    let from = corners[index]
    let to = corners[min(index + 1, corners.count - 1)]
    let share = position - Double(index)
    func between(_ start: Float, _ end: Float) -> Float {
      Float((Double(end) - Double(start)) * share + Double(start))
    }
    return Point(x: between(from.x, to.x), y: between(from.y, to.y))
  }
}
