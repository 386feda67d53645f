import YOLOGeometry

extension CoveragePlane {
  /// A side of an area that goes up or down, y growing from its start to its end.
  private struct Side {
    var top: Double
    var bottom: Double
    /// Where it meets y = 0.
    var origin: Double
    /// How x grows with y.
    var slope: Double
    /// 1 if the border runs downwards here, −1 if upwards.
    var winding: Int
  }

  /// The scan lines per row of pixels.
  private static let scanLines = 4

  /// Adds the area that a closed line goes around, however it crosses itself.
  ///
  /// Horizontally coverage is exact, vertically it is the mean of four scan lines.
  mutating func addArea(_ points: [Point]) {
    let sides = sides(points)
    guard let first = sides.first else { return }
    let bottom = sides.reduce(0) { max($0, $1.bottom) }
    var next = 0
    var active: [Side] = []
    var fractions = [Double](repeating: 0, count: size.width)
    for row in pixels(from: first.top, to: bottom, limit: size.height) {
      var low = size.width
      var high = 0
      for line in 0..<Self.scanLines {
        let y = Double(row) + (Double(line) + 0.5) / Double(Self.scanLines)
        while next < sides.count, sides[next].top <= y {
          active.append(sides[next])
          next += 1
        }
        active.removeAll { $0.bottom <= y }
        let crossings = active.map { (x: $0.origin + $0.slope * y, winding: $0.winding) }
          .sorted { $0.x < $1.x }
        var winding = 0
        var start = 0.0
        for crossing in crossings {
          if winding == 0 { start = crossing.x }
          winding += crossing.winding
          guard winding == 0 else { continue }
          let span = pixels(from: start, to: crossing.x, limit: size.width)
          guard !span.isEmpty else { continue }
          low = min(low, span.lowerBound)
          high = max(high, span.upperBound)
          for column in span {
            let left = max(start, Double(column))
            let right = min(crossing.x, Double(column) + 1)
            fractions[column] += max(right - left, 0) / Double(Self.scanLines)
          }
        }
      }
      guard low < high else { continue }
      cover(row, low..<high) { fractions[$0] }
      for column in low..<high { fractions[column] = 0 }
    }
  }

  /// Returns the sides that cross rows of the image, ordered by where they start.
  private func sides(_ points: [Point]) -> [Side] {
    guard points.count > 2, let last = points.last,
      points.allSatisfy({ $0.x.isFinite && $0.y.isFinite })
    else { return [] }
    var sides: [Side] = []
    var previous = last
    for point in points {
      defer { previous = point }
      guard previous.y != point.y else { continue }
      let isDown = previous.y < point.y
      let (upper, lower) = isDown ? (previous, point) : (point, previous)
      guard lower.y > 0, Double(upper.y) < Double(size.height) else { continue }
      let slope =
        (Double(lower.x) - Double(upper.x)) / (Double(lower.y) - Double(upper.y))
      sides.append(
        Side(
          top: Double(upper.y), bottom: Double(lower.y),
          origin: Double(upper.x) - slope * Double(upper.y), slope: slope,
          winding: isDown ? 1 : -1))
    }
    return sides.sorted { $0.top < $1.top }
  }
}
