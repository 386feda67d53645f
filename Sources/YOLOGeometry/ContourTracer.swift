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
