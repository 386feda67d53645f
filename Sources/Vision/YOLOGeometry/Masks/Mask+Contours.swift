extension Mask {
  /// Returns the outer borders of the mask's connected parts, in pixels of the frame.
  ///
  /// Pixels that touch at a corner are connected; what lies in a hole of a part has no contour. The
  /// lowest part comes first, as `cv2.findContours` returns them (`RETR_EXTERNAL`,
  /// `CHAIN_APPROX_SIMPLE`): a contour begins at the leftmost pixel of the part's uppermost row,
  /// goes down first, and has a point where its direction changes.
  public func contours() -> [Polygon] { tracedContours().map { polygon($0) } }

  /// Returns a single closed line around all parts of the mask, in pixels of the frame.
  ///
  /// Several contours are joined in their order: from each a line goes to the next one and back,
  /// where their points are closest. Empty for an empty mask.
  public func outline() -> Polygon { polygon(ContourChain.joined(tracedContours())) }

  private func tracedContours() -> [[ContourTracer.Position]] {
    ContourTracer.contours(of: pixels, width: width, height: height)
  }

  private func polygon(_ contour: [ContourTracer.Position]) -> Polygon {
    let origin = SIMD2(Int32(truncatingIfNeeded: left), Int32(truncatingIfNeeded: top))
    return Polygon(
      points: contour.map { position in
        let moved = position &+ origin
        return Point(x: Float(moved.x), y: Float(moved.y))
      })
  }
}

/// Follows the outer borders of connected pixels.
///
/// The second algorithm of Suzuki and Abe, "Topological structural analysis of digitized binary
/// images by border following" (1985): the raster is scanned, a border is followed where it is met
/// first, and its pixels are marked, with a negative mark where the border lies on the right. The
/// sign of the last mark that a row has shown tells whether the scan is outside of all parts.
struct ContourTracer {
  /// A column and a row.
  typealias Position = SIMD2<Int32>

  private static let mark: Int8 = 2

  /// The pixels inside a border of zeros: 0 and 1 as given, ±2 once followed.
  private let cells: UnsafeMutablePointer<Int8>
  private let stride: Int
  /// The way to the neighbors east, north-east, north and on around.
  private let steps: InlineArray<8, Int>

  private init(cells: UnsafeMutablePointer<Int8>, stride: Int) {
    self.cells = cells
    self.stride = stride
    steps = [1, 1 - stride, -stride, -1 - stride, -1, stride - 1, stride, stride + 1]
  }

  /// Returns the contours of `width · height` pixels, 0 or 1, row by row; the one that is met last
  /// comes first.
  static func contours(of pixels: [UInt8], width: Int, height: Int) -> [[Position]] {
    precondition(width >= 0 && height >= 0 && pixels.count == width * height)
    guard !pixels.isEmpty else { return [] }
    let stride = width + 2
    // A word may be read from any cell on.
    let count = stride * (height + 2) + 8
    var contours: [[Position]] = []
    // SAFETY: `count` cells. Rows of `width` bytes are copied inside of the border; borders are
    // followed from set cells to set cells, none of which lies on the border.
    withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { buffer in
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      pixels.withUnsafeBytes { pixels in
        for y in 0..<height {
          UnsafeMutableRawBufferPointer(rebasing: buffer[((y + 1) * stride + 1)...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: pixels[y * width..<(y + 1) * width]))
        }
      }
      buffer.withMemoryRebound(to: Int8.self) { cells in
        guard let base = cells.baseAddress else { return }
        let tracer = ContourTracer(cells: base, stride: stride)
        for y in 0..<height { tracer.scan(row: y, width: width, into: &contours) }
      }
    }
    return contours.reversed()
  }

  /// Follows the borders that are met first in a row.
  private func scan(row: Int, width: Int, into contours: inout [[Position]]) {
    let raw = UnsafeRawPointer(cells)
    let end = (row + 1) * stride + 1 + width
    var lastMark: Int8 = 0
    var cell = (row + 1) * stride + 1
    while cell < end {
      // Nothing happens outside of parts, nor inside of one away from its border.
      let word = raw.loadUnaligned(fromByteOffset: cell, as: UInt64.self)
      if word == 0 || lastMark > 0 && word == 0x0101_0101_0101_0101 {
        cell &+= 8
        continue
      }
      let value = cells[cell]
      if value == 1 {
        if lastMark <= 0, cells[cell - 1] == 0 {
          contours.append(follow(from: cell))
          lastMark = cells[cell]
        }
      } else if value != 0 {
        lastMark = value
      }
      cell &+= 1
    }
  }

  /// Follows the border that begins at `start` and marks it.
  private func follow(from start: Int) -> [Position] {
    // From the west clockwise.
    guard let first = [3, 2, 1, 0, 7, 6, 5, 4].first(where: { cells[start + steps[$0]] != 0 })
    else {
      cells[start] = -Self.mark
      return [position(of: start)]
    }
    var contour: [Position] = []
    let end = start + steps[first]
    var cell = start
    var direction = first
    var previous = first ^ 4
    while true {
      // Counter-clockwise from the pixel that the border comes from; that one is met at the latest.
      var seesEast = false
      repeat {
        direction = (direction + 1) & 7
        if cells[cell + steps[direction]] != 0 { break }
        if direction == 0 { seesEast = true }
      } while true
      if seesEast {
        cells[cell] = -Self.mark
      } else if cells[cell] == 1 {
        cells[cell] = Self.mark
      }
      if direction != previous {
        contour.append(position(of: cell))
        previous = direction
      }
      let next = cell + steps[direction]
      if next == start, cell == end { return contour }
      cell = next
      direction ^= 4
    }
  }

  private func position(of cell: Int) -> Position {
    Position(
      Int32(truncatingIfNeeded: cell % stride - 1), Int32(truncatingIfNeeded: cell / stride - 1))
  }
}

/// Joins several contours to one closed line.
enum ContourChain {
  typealias Position = ContourTracer.Position

  /// Returns the contours as one line, each linked to the next at their closest points.
  ///
  /// On the way there the first and the last contour are passed all around, those between from the
  /// link before them to the link after them; on the way back their rest.
  static func joined(_ contours: [[Position]]) -> [Position] {
    guard contours.count > 1 else { return contours.first ?? [] }
    // For each contour the point that links it with the one before and with the one after.
    var entries = [Int](repeating: 0, count: contours.count)
    var exits = entries
    for index in 1..<contours.count {
      (exits[index - 1], entries[index]) = closestPoints(contours[index - 1], contours[index])
    }
    exits[contours.count - 1] = entries[contours.count - 1]
    entries[0] = exits[0]

    var line: [Position] = []
    var returns: [ArraySlice<Position>] = []
    for (index, contour) in contours.enumerated() {
      let isMiddle = index > 0 && index < contours.count - 1
      let (entry, exit) = (entries[index], exits[index])
      if isMiddle {
        let closed =
          entry > exit
          ? closedLine(contour.reversed(), from: contour.count - 1 - entry)
          : closedLine(contour, from: entry)
        let turn = abs(exit - entry)
        line += closed[...turn]
        returns.append(closed[turn...])
      } else {
        line += closedLine(contour, from: entry)
      }
    }
    for rest in returns.reversed() { line += rest }
    return line
  }

  /// Returns the points from `start` around to `start` again, which is given twice.
  private static func closedLine(_ contour: [Position], from start: Int) -> [Position] {
    Array(contour[start...]) + contour[...start]
  }

  /// Returns the indices of the closest points, the first such pair in order of the first index,
  /// then of the second.
  private static func closestPoints(_ first: [Position], _ second: [Position]) -> (Int, Int) {
    // Runs of points lie close together: most runs are too far away to be looked at.
    let runLength = 32
    let runs = stride(from: 0, to: second.count, by: runLength).map { start in
      Bounds(second[start..<min(start + runLength, second.count)])
    }
    let whole = Bounds(second[...])
    var best = Int64.max
    var result = (0, 0)
    for (index, point) in first.enumerated() where whole.squaredDistance(to: point) < best {
      for (run, bounds) in runs.enumerated() where bounds.squaredDistance(to: point) < best {
        let start = run * runLength
        for other in start..<min(start + runLength, second.count) {
          let distance = squaredLength(second[other] &- point)
          if distance < best {
            best = distance
            result = (index, other)
          }
        }
      }
    }
    return result
  }

  private static func squaredLength(_ way: Position) -> Int64 {
    Int64(way.x) * Int64(way.x) + Int64(way.y) * Int64(way.y)
  }

  /// The smallest rectangle around points.
  private struct Bounds {
    private var lower: Position
    private var upper: Position

    init(_ points: ArraySlice<Position>) {
      lower = Position(repeating: .max)
      upper = Position(repeating: .min)
      for point in points {
        lower.replace(with: point, where: point .< lower)
        upper.replace(with: point, where: point .> upper)
      }
    }

    func squaredDistance(to point: Position) -> Int64 {
      let before = (lower &- point).replacing(with: 0, where: lower .< point)
      let after = (point &- upper).replacing(with: 0, where: point .< upper)
      return ContourChain.squaredLength(before &+ after)
    }
  }
}
