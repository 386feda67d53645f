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
