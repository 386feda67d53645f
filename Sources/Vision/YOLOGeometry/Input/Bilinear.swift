/// Where the samples of a bilinear upsampling or downsampling lie along one axis.
///
/// Pixels are areas, as in `torch.nn.functional.interpolate` with `align_corners=False`: sample `d`
/// of the output lies at (d + ½) · input / output − ½ of the input, not below 0; beyond the last
/// input sample that one is repeated. There is no smoothing where the output is smaller. With
/// aligned corners pixels are points, as with `align_corners=True`: the first and the last samples of
/// both coincide.
package struct BilinearAxis: Sendable, Hashable {
  /// The two input samples that an output sample lies between, and how near it is to the second.
  package struct Tap: Sendable, Hashable {
    /// The input sample at or before it.
    package let lower: Int
    /// The next input sample, or `lower` again at the end.
    package let upper: Int
    /// The weight of `upper`, 0..<1.
    package let weight: Float
  }

  /// The number of input samples.
  package let input: Int
  /// The number of output samples.
  package let output: Int
  private let scale: Float
  private let alignsCorners: Bool

  /// Creates an axis; both numbers are positive and below 2²⁴.
  package init(input: Int, output: Int, alignsCorners: Bool = false) {
    precondition(input > 0 && output > 0 && input < 1 << 24 && output < 1 << 24)
    self.input = input
    self.output = output
    self.alignsCorners = alignsCorners
    scale =
      alignsCorners
      ? output > 1 ? Float(input - 1) / Float(output - 1) : 0 : Float(input) / Float(output)
  }

  /// Returns where output sample `position` (0..<output) lies.
  package subscript(position: Int) -> Tap {
    let exact =
      alignsCorners
      ? scale * Float(position) : max(0, scale * (Float(position) + 0.5) - 0.5)
    let lower = min(Int(exact), input - 1)
    return Tap(
      lower: lower, upper: min(lower + 1, input - 1), weight: min(exact - Float(lower), 1))
  }
}

/// A rectangular part of a plane of floats that is sampled bilinearly, see ``BilinearAxis``.
package struct BilinearPlane: Sendable {
  /// The plane's column that the part begins at.
  let left: Int
  /// The plane's row that the part begins at.
  let top: Int
  /// The number of columns of the part.
  let width: Int
  /// The values of the part, row by row.
  let values: [Float]

  /// Creates a plane of which only a part is known.
  ///
  /// - Parameters:
  ///   - columns: The known columns, not empty.
  ///   - rows: The known rows, not empty.
  ///   - values: Their values, row by row.
  package init(columns: Range<Int>, rows: Range<Int>, values: [Float]) {
    precondition(!columns.isEmpty && !rows.isEmpty && values.count == columns.count * rows.count)
    left = columns.lowerBound
    top = rows.lowerBound
    width = columns.count
    self.values = values
  }

  /// Returns a plane of another size.
  ///
  /// - Parameters:
  ///   - values: The plane, row by row.
  ///   - size: Its size.
  ///   - target: The size of the result.
  /// - Returns: The result, row by row.
  package static func resized(_ values: [Float], from size: Size, to target: Size) -> [Float] {
    guard target.width > 0, target.height > 0 else { return [] }
    let plane = BilinearPlane(columns: 0..<size.width, rows: 0..<size.height, values: values)
    return plane.sampled(
      columns: 0..<target.width, of: BilinearAxis(input: size.width, output: target.width),
      rows: 0..<target.height, of: BilinearAxis(input: size.height, output: target.height))
  }

  /// Returns a part of the plane upsampled or downsampled.
  ///
  /// Each axis may be one of a part of the plane only, which begins at `shiftX` and `shiftY`. Rows
  /// are mixed after columns, in float32. All values that are needed must be known.
  ///
  /// - Returns: The samples, row by row.
  package func sampled(
    columns: Range<Int>, of horizontal: BilinearAxis, shiftX: Int = 0, rows: Range<Int>,
    of vertical: BilinearAxis, shiftY: Int = 0
  ) -> [Float] {
    var result = [Float]()
    result.reserveCapacity(columns.count * rows.count)
    sample(
      columns: columns, of: horizontal, shiftX: shiftX, rows: rows, of: vertical, shiftY: shiftY
    ) { result.append(contentsOf: $0) }
    return result
  }

  /// Hands out the samples of `sampled`, a row at a time.
  package func sample(
    columns: Range<Int>, of horizontal: BilinearAxis, shiftX: Int = 0, rows: Range<Int>,
    of vertical: BilinearAxis, shiftY: Int = 0, _ body: (UnsafeBufferPointer<Float>) -> Void
  ) {
    guard let lastColumn = columns.last, let lastRow = rows.last else { return }
    let moveX = shiftX - left
    let moveY = shiftY - top
    precondition(horizontal[columns.lowerBound].lower + moveX >= 0)
    precondition(horizontal[lastColumn].upper + moveX < width)
    precondition(vertical[rows.lowerBound].lower + moveY >= 0)
    precondition((vertical[lastRow].upper + moveY + 1) * width <= values.count)
    let taps = columns.map { horizontal[$0] }
    let count = taps.count
    // Two source rows, stretched: neighboring samples mostly lie between the same ones.
    var stretched = [Float](repeating: 0, count: 3 * count)
    // SAFETY: three runs of `count` floats; the taps grow with their position, and the first and the
    // last were checked to lie in the part.
    stretched.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      values.withUnsafeBufferPointer { values in
        taps.withUnsafeBufferPointer { taps in
          let mixed = base + 2 * count
          var heldRows = (-1, -1)
          func stretch(_ row: Int, into target: UnsafeMutablePointer<Float>) {
            let source = row &* width &+ moveX
            for index in 0..<count {
              let tap = taps[index]
              target[index] =
                (1 - tap.weight) * values[source &+ tap.lower]
                + tap.weight * values[source &+ tap.upper]
            }
          }
          // A row's slot is its parity: the two rows of a sample are neighbors or the same.
          func slot(_ row: Int) -> UnsafeMutablePointer<Float> {
            if row % 2 == 0 {
              if heldRows.0 != row { stretch(row, into: base) }
              heldRows.0 = row
              return base
            }
            if heldRows.1 != row { stretch(row, into: base + count) }
            heldRows.1 = row
            return base + count
          }
          for y in rows {
            let tap = vertical[y]
            let first = slot(tap.lower + moveY)
            let second = slot(tap.upper + moveY)
            let weight = tap.weight
            let rest = 1 - weight
            for index in 0..<count { mixed[index] = rest * first[index] + weight * second[index] }
            body(UnsafeBufferPointer(start: mixed, count: count))
          }
        }
      }
    }
  }
}
