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

extension Polygon {
  /// Returns the polygon in fractions of an image's width and height.
  public func normalized(in size: Size) -> Polygon {
    Polygon(points: points.map { $0.normalized(in: size) })
  }
}

extension Polygon: CustomStringConvertible {
  /// The number of points.
  public var description: String { "\(points.count) points" }
}

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
    let fraction = position - Double(index)
    func between(_ start: Float, _ end: Float) -> Float {
      Float((Double(end) - Double(start)) * fraction + Double(start))
    }
    return Point(x: between(from.x, to.x), y: between(from.y, to.y))
  }
}

extension Polygon {
  /// Returns the pixels of an image that lie inside the polygon or on its line.
  ///
  /// As `cv2.fillPoly`: coordinates lose their fractions (towards zero), the line is drawn pixel by
  /// pixel, and what it encloses by the even-odd rule is filled. Coordinates beyond ±65,536 and NaN
  /// are moved into that range. Cost: linear in the pixels of the line and the area, and in the
  /// number of corners for each row.
  public func filled(in frame: Size) -> Mask {
    precondition(frame.width >= 0 && frame.height >= 0, "a size is not negative")
    let corners = points.map { PolygonFill.Corner(x: Self.whole($0.x), y: Self.whole($0.y)) }
    guard let left = corners.map(\.x).min(), let right = corners.map(\.x).max(),
      let top = corners.map(\.y).min(), let bottom = corners.map(\.y).max()
    else { return Mask(emptyOf: frame) }
    let columns = max(left, 0)..<max(left, 0, min(right + 1, frame.width))
    let rows = max(top, 0)..<max(top, 0, min(bottom + 1, frame.height))
    guard !columns.isEmpty, !rows.isEmpty else { return Mask(emptyOf: frame) }
    var fill = PolygonFill(columns: columns, rows: rows)
    fill.drawLine(through: corners)
    fill.fillInside(of: corners)
    return Mask(
      frame: frame, left: columns.lowerBound, top: rows.lowerBound, width: columns.count,
      height: rows.count, pixels: fill.pixels)
  }

  private static func whole(_ value: Float) -> Int {
    guard !value.isNaN else { return 0 }
    return Int(min(max(value, -65_536), 65_536))
  }
}

/// Draws a polygon of whole coordinates into a rectangle of pixels.
struct PolygonFill {
  struct Corner {
    let x: Int
    let y: Int
  }

  private let columns: Range<Int>
  private let rows: Range<Int>
  /// The rectangle row by row, 1 where something was drawn.
  private(set) var pixels: [UInt8]

  init(columns: Range<Int>, rows: Range<Int>) {
    self.columns = columns
    self.rows = rows
    pixels = [UInt8](repeating: 0, count: columns.count * rows.count)
  }

  /// Draws the closed line through the corners.
  mutating func drawLine(through corners: [Corner]) {
    guard var previous = corners.last else { return }
    for corner in corners {
      drawSegment(from: previous, to: corner)
      previous = corner
    }
  }

  /// A side of the polygon that is not level, from its upper end down to before its lower one.
  ///
  /// The lower end belongs to the next side, so that each row crosses an even number of sides.
  private struct Side {
    let rows: Range<Int>
    let x: Int
    let slope: Double

    init?(_ start: Corner, _ end: Corner) {
      guard start.y != end.y else { return nil }
      let (upper, lower) = start.y < end.y ? (start, end) : (end, start)
      rows = upper.y..<lower.y
      x = upper.x
      slope = Double(lower.x - upper.x) / Double(lower.y - upper.y)
    }

    func crossing(row: Int) -> Double { Double(x) + Double(row - rows.lowerBound) * slope }
  }

  /// Fills what lies inside by the even-odd rule.
  mutating func fillInside(of corners: [Corner]) {
    guard let last = corners.last else { return }
    let sides = zip([last] + corners, corners).compactMap { Side($0, $1) }
      .sorted { $0.rows.lowerBound < $1.rows.lowerBound }
    var next = 0
    var active: [Side] = []
    for row in rows {
      active.removeAll { $0.rows.upperBound <= row }
      while next < sides.count, sides[next].rows.lowerBound <= row {
        if row < sides[next].rows.upperBound { active.append(sides[next]) }
        next += 1
      }
      let crossings = active.map { $0.crossing(row: row) }.sorted()
      let start = (row - rows.lowerBound) * columns.count - columns.lowerBound
      for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
        let first = max(Int(crossings[pair].rounded(.up)), columns.lowerBound)
        let end = min(Int(crossings[pair + 1].rounded(.down)) + 1, columns.upperBound)
        for column in first..<max(first, end) { pixels[start + column] = 1 }
      }
    }
  }

  /// Draws a line of neighboring pixels from left to right (Bresenham's algorithm).
  private mutating func drawSegment(from start: Corner, to end: Corner) {
    let (left, right) = end.x < start.x ? (end, start) : (start, end)
    let width = right.x - left.x
    let height = abs(right.y - left.y)
    let down = right.y < left.y ? -1 : 1
    let isSteep = height > width
    let (long, short) = isSteep ? (height, width) : (width, height)
    var error = long - 2 * short
    var (x, y) = (left.x, left.y)
    for _ in 0...long {
      if columns.contains(x), rows.contains(y) {
        pixels[(y - rows.lowerBound) * columns.count + x - columns.lowerBound] = 1
      }
      let isAside = error < 0
      error += (isAside ? 2 * long : 0) - 2 * short
      if isSteep || isAside { y += down }
      if !isSteep || isAside { x += 1 }
    }
  }
}
