/// A closed line through points in pixels; the last is joined to the first.
public struct Polygon: Sendable, Hashable {
  /// The corners in order.
  public var points: [Point]

  /// Creates a polygon of its corners.
  public init(points: [Point] = []) { self.points = points }

  /// The enclosed area, 0 for fewer than three corners (the shoelace formula, in double).
  public var area: Float {
    guard var previous = points.last else { return 0 }
    var twice = 0.0
    for point in points {
      twice += Double(previous.x) * Double(point.y) - Double(point.x) * Double(previous.y)
      previous = point
    }
    return Float(abs(twice) / 2)
  }
}
