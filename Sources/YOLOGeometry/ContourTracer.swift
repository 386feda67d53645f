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

  /// The pixels with a border of zeros: 0 and 1 as given, ±2 once followed.
  private var cells: [Int8]
  private let width: Int
  private let height: Int
  private let stride: Int
  /// The way to the neighbours east, north-east, north and on around.
  private let steps: [Int]

  /// Takes `width · height` pixels, 0 or 1, row by row.
  init(pixels: [UInt8], width: Int, height: Int) {
    precondition(pixels.count == width * height)
    self.width = width
    self.height = height
    stride = width + 2
    steps = [1, 1 - stride, -stride, -1 - stride, -1, stride - 1, stride, stride + 1]
    cells = [Int8](repeating: 0, count: stride * (height + 2))
    for y in 0..<height {
      let target = (y + 1) * stride + 1
      for x in 0..<width { cells[target + x] = Int8(truncatingIfNeeded: pixels[y * width + x]) }
    }
  }

  /// Returns the contours, the one that was met last first; may be called once.
  mutating func contours() -> [[Position]] {
    var contours: [[Position]] = []
    for y in 0..<height {
      var lastMark: Int8 = 0
      let row = (y + 1) * stride + 1
      for cell in row..<row + width {
        let value = cells[cell]
        guard value != 0 else { continue }
        if value == 1 {
          guard lastMark <= 0, cells[cell - 1] == 0 else { continue }
          contours.append(follow(from: cell))
        }
        lastMark = cells[cell]
      }
    }
    return contours.reversed()
  }

  /// Follows the border that begins at `start` and marks it.
  private mutating func follow(from start: Int) -> [Position] {
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
