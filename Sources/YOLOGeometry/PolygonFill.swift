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

  /// Fills what lies inside by the even-odd rule.
  mutating func fillInside(of corners: [Corner]) {
    guard var previous = corners.last else { return }
    var crossings = [[Double]](repeating: [], count: rows.count)
    for corner in corners {
      let (upper, lower) = previous.y < corner.y ? (previous, corner) : (corner, previous)
      previous = corner
      let slope = Double(lower.x - upper.x) / Double(lower.y - upper.y)
      // The lower end belongs to the next edge, so that each row crosses the line an even number
      // of times; level edges cross nothing.
      let first = max(upper.y, rows.lowerBound)
      for row in first..<max(first, min(lower.y, rows.upperBound)) {
        crossings[row - rows.lowerBound].append(Double(upper.x) + Double(row - upper.y) * slope)
      }
    }
    for (row, crossings) in crossings.enumerated() {
      let sorted = crossings.sorted()
      for pair in stride(from: 0, to: sorted.count - 1, by: 2) {
        let first = max(Int(sorted[pair].rounded(.up)), columns.lowerBound)
        let end = min(Int(sorted[pair + 1].rounded(.down)) + 1, columns.upperBound)
        let start = row * columns.count - columns.lowerBound
        for column in first..<max(first, end) { pixels[start + column] = 1 }
      }
    }
  }

  /// Draws a line of neighbouring pixels from left to right (Bresenham's algorithm).
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
