import YOLOGeometry

/// How much of each pixel of an image is covered by what is being drawn.
///
/// Shapes are collected first, a pixel taking the largest fraction that any of them covers, and
/// then painted at once, so that a line's pieces leave no trace where they meet. The middle of the
/// pixel in column x of row y lies at (x + 0.5, y + 0.5). Shapes may reach beyond the image; what
/// is not finite is left out.
struct CoveragePlane {
  /// The image's size.
  let size: Size
  /// The covered fraction of each pixel, 0 (none) to 255 (all), row by row.
  private(set) var samples: [UInt8]
  /// The columns of each row that shapes may have touched.
  private(set) var touched: [Range<Int>]

  /// Creates a plane on which nothing is drawn.
  init(size: Size) {
    self.size = size
    samples = [UInt8](repeating: 0, count: size.width * size.height)
    touched = [Range<Int>](repeating: 0..<0, count: size.height)
  }

  /// Removes all shapes.
  mutating func clear() {
    for row in touched.indices where !touched[row].isEmpty {
      for column in touched[row] { samples[row * size.width + column] = 0 }
      touched[row] = 0..<0
    }
  }

  /// Adds a disc.
  mutating func addDisc(_ center: Point, radius: Float) {
    addLine(from: center, to: center, radius: radius)
  }

  /// Adds a straight line with round ends, `2 · radius` thick.
  mutating func addLine(from start: Point, to end: Point, radius: Float) {
    guard radius.isFinite, radius > 0 else { return }
    let radius = Double(radius)
    // No pixel is touched further away than this; the middle of a pixel counts.
    let outer = radius + 0.5
    guard let (a, b) = clipped(start, end, margin: outer + 1) else { return }
    let delta = b - a
    let squaredLength = delta.x * delta.x + delta.y * delta.y
    let inverse = squaredLength > 0 ? 1 / squaredLength : 0
    let full = max(radius - 0.5, 0)
    for row in pixels(from: min(a.y, b.y) - outer, to: max(a.y, b.y) + outer, limit: size.height) {
      let y = Double(row) + 0.5
      // Only this part of the line comes near to the row.
      var near = 0.0
      var far = 1.0
      if delta.y != 0 {
        let first = (y - outer - a.y) / delta.y
        let second = (y + outer - a.y) / delta.y
        near = min(max(min(first, second), 0), 1)
        far = min(max(max(first, second), 0), 1)
      }
      let x0 = a.x + delta.x * near
      let x1 = a.x + delta.x * far
      let columns = pixels(from: min(x0, x1) - outer, to: max(x0, x1) + outer, limit: size.width)
      cover(row, columns) { column in
        let offset = SIMD2(Double(column) + 0.5, y) - a
        let along = min(max((offset.x * delta.x + offset.y * delta.y) * inverse, 0), 1)
        let away = offset - delta * along
        let squared = away.x * away.x + away.y * away.y
        if squared <= full * full && radius >= 0.5 { return 1 }
        return squared < outer * outer ? outer - squared.squareRoot() : 0
      }
    }
  }

  /// Adds the line through points, `2 · radius` thick; a closed one returns to the first.
  mutating func addPath(_ points: [Point], isClosed: Bool, radius: Float) {
    guard let first = points.first, let last = points.last else { return }
    if points.count == 1 { addDisc(first, radius: radius) }
    for (start, end) in zip(points, points.dropFirst()) {
      addLine(from: start, to: end, radius: radius)
    }
    if isClosed && points.count > 2 { addLine(from: last, to: first, radius: radius) }
  }

  /// Adds a circle as a line `2 · lineRadius` thick.
  mutating func addRing(_ center: Point, radius: Float, lineRadius: Float) {
    guard center.x.isFinite, center.y.isFinite, radius.isFinite, radius >= 0, lineRadius.isFinite,
      lineRadius > 0
    else { return }
    let middle = SIMD2(Double(center.x), Double(center.y))
    let margin = Double(lineRadius) + 0.5
    let outer = Double(radius) + margin
    for row in pixels(from: middle.y - outer, to: middle.y + outer, limit: size.height) {
      let y = Double(row) + 0.5 - middle.y
      let columns = pixels(from: middle.x - outer, to: middle.x + outer, limit: size.width)
      cover(row, columns) { column in
        let x = Double(column) + 0.5 - middle.x
        return margin - abs((x * x + y * y).squareRoot() - Double(radius))
      }
    }
  }

  /// Adds a rectangle with round corners; its edges may lie anywhere between pixels.
  mutating func addRectangle(_ box: Box, cornerRadius: Float) {
    guard box.isFinite, cornerRadius.isFinite, box.x1 < box.x2, box.y1 < box.y2 else { return }
    let center = SIMD2(Double(box.x1) + Double(box.x2), Double(box.y1) + Double(box.y2)) / 2
    let half = SIMD2(Double(box.x2), Double(box.y2)) - center
    let radius = min(max(Double(cornerRadius), 0), half.x, half.y)
    for row in pixels(from: Double(box.y1), to: Double(box.y2), limit: size.height) {
      let y = abs(Double(row) + 0.5 - center.y) - half.y + radius
      let columns = pixels(from: Double(box.x1), to: Double(box.x2), limit: size.width)
      cover(row, columns) { column in
        let x = abs(Double(column) + 0.5 - center.x) - half.x + radius
        let outside =
          x > 0 && y > 0 ? (x * x + y * y).squareRoot() : max(x, y)
        return 0.5 + radius - outside
      }
    }
  }

  /// Raises the coverage of some pixels of a row; fractions are clamped to 0...1.
  @inline(__always)
  mutating func cover(_ row: Int, _ columns: Range<Int>, fraction: (Int) -> Double) {
    guard !columns.isEmpty else { return }
    let known = touched[row]
    touched[row] =
      known.isEmpty
      ? columns
      : min(known.lowerBound, columns.lowerBound)..<max(known.upperBound, columns.upperBound)
    let start = row * size.width
    // SAFETY: `columns` lies in the row.
    samples.withUnsafeMutableBufferPointer { samples in
      for column in columns {
        let fraction = fraction(column)
        guard fraction > 0 else { continue }
        let level = fraction < 1 ? UInt8(fraction * 255 + 0.5) : 255
        if level > samples[start + column] { samples[start + column] = level }
      }
    }
  }

  /// Returns the pixels of an axis that an interval touches.
  func pixels(from low: Double, to high: Double, limit: Int) -> Range<Int> {
    guard low < high else { return 0..<0 }
    let first = Int(min(max(low, 0), Double(limit)).rounded(.down))
    let last = Int(min(max(high, 0), Double(limit)).rounded(.up))
    return first..<max(first, last)
  }

  /// Returns the part of a line that lies in the image or less than `margin` beside it (Liang
  /// and Barsky, "A new concept and method for line clipping", 1984).
  private func clipped(
    _ start: Point, _ end: Point, margin: Double
  ) -> (SIMD2<Double>, SIMD2<Double>)? {
    guard start.x.isFinite, start.y.isFinite, end.x.isFinite, end.y.isFinite else { return nil }
    let a = SIMD2(Double(start.x), Double(start.y))
    let b = SIMD2(Double(end.x), Double(end.y))
    let low = SIMD2(repeating: -margin)
    let high = SIMD2(Double(size.width) + margin, Double(size.height) + margin)
    let delta = b - a
    var near = 0.0
    var far = 1.0
    for axis in 0..<2 {
      guard delta[axis] != 0 else {
        if a[axis] < low[axis] || a[axis] > high[axis] { return nil }
        continue
      }
      let first = (low[axis] - a[axis]) / delta[axis]
      let second = (high[axis] - a[axis]) / delta[axis]
      near = max(near, min(first, second))
      far = min(far, max(first, second))
    }
    guard near <= far else { return nil }
    return (near == 0 ? a : a + delta * near, far == 1 ? b : a + delta * far)
  }
}
