import YOLOGeometry

/// Bilinear resizing of rows of any number of channels, bit-exact to OpenCV's `INTER_LINEAR`.
///
/// The arithmetic is ``BilinearResizer``'s, in plain loops. Like OpenCV it averages 2 × 2 pixels
/// where both sides are halved, unless there are 1, 3 or 4 channels: halves are rounded to even
/// then, which the other way rounds up.
struct ChannelResizer {
  private let source: Size
  private let result: Size
  private let channels: Int
  private let columns: ResizeAxis
  private let rows: ResizeAxis

  /// Prepares the tables for resizing `source` to `result`; both sizes are positive.
  init(source: Size, result: Size, channels: Int) {
    self.source = source
    self.result = result
    self.channels = channels
    columns = ResizeAxis(sourceLength: source.width, resultLength: result.width)
      .clamped(sourceLength: source.width)
    rows = ResizeAxis(sourceLength: source.height, resultLength: result.height)
  }

  /// Whether four pixels are averaged.
  private var averages: Bool {
    ![1, 3, 4].contains(channels) && source.width == 2 * result.width
      && source.height == 2 * result.height
  }

  /// Resizes `input`.
  ///
  /// - Parameters:
  ///   - input: The source.
  ///   - wanted: The rows of the result that are computed.
  ///   - target: Returns where a row's samples are put.
  ///   - finish: Called with each row once it is complete.
  func resize(
    _ input: ImageView, rows wanted: Range<Int>,
    into target: (Int) -> UnsafeMutablePointer<UInt8>, finish: (Int) -> Void
  ) {
    precondition(input.size == source && input.channels == channels)
    if averages {
      for y in wanted {
        average(input.row(2 * y), input.row(2 * y + 1), into: target(y))
        finish(y)
      }
      return
    }
    let count = result.width * channels
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * count) { scratch in
      guard var upper = scratch.baseAddress else { return }
      var lower = upper + count
      var (upperRow, lowerRow) = (-1, -1)
      for y in wanted {
        let first = min(max(rows.lower[y], 0), source.height - 1)
        let second = min(max(rows.lower[y] + 1, 0), source.height - 1)
        if upperRow != first {
          if lowerRow == first {
            swap(&upper, &lower)
            swap(&upperRow, &lowerRow)
          } else {
            resizeRow(input.row(first), into: upper)
            upperRow = first
          }
        }
        if second != first && lowerRow != second {
          resizeRow(input.row(second), into: lower)
          lowerRow = second
        }
        let weight = Int32(rows.upperWeight[y])
        Self.mix(
          upper, second == first ? upper : lower, Int32(ResizeAxis.one) - weight, weight,
          into: target(y), count: count)
        finish(y)
      }
    }
  }

  /// Resizes a row to samples of `255 · 128` at most.
  private func resizeRow(
    _ samples: UnsafePointer<UInt8>, into target: UnsafeMutablePointer<Int32>
  ) {
    // SAFETY: both pixels of a table's entry lie in the source row, which may be a single one.
    let step = source.width > 1 ? channels : 0
    var output = target
    for (lower, upperWeight) in zip(columns.lower, columns.upperWeight) {
      let pixel = samples + lower * channels
      let weight = Int32(upperWeight)
      let other = Int32(ResizeAxis.one) - weight
      for channel in 0..<channels {
        let sum = Int32(pixel[channel]) &* other &+ Int32(pixel[channel + step]) &* weight
        output[channel] = sum &>> 4
      }
      output += channels
    }
  }

  /// Mixes two horizontally resized rows, the weights adding up to 2048.
  private static func mix(
    _ upper: UnsafePointer<Int32>, _ lower: UnsafePointer<Int32>, _ upperWeight: Int32,
    _ lowerWeight: Int32, into target: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    for index in 0..<count {
      let sum =
        ((upper[index] &* upperWeight) &>> 16) &+ ((lower[index] &* lowerWeight) &>> 16) &+ 2
      target[index] = UInt8(truncatingIfNeeded: sum &>> 2)
    }
  }

  /// Averages each 2 × 2 pixels of two rows.
  private func average(
    _ upper: UnsafePointer<UInt8>, _ lower: UnsafePointer<UInt8>,
    into target: UnsafeMutablePointer<UInt8>
  ) {
    // SAFETY: the source rows are twice as long as the target's.
    for x in 0..<result.width {
      for channel in 0..<channels {
        let left = 2 * x * channels + channel
        let sum =
          UInt16(upper[left]) + UInt16(upper[left + channels]) + UInt16(lower[left])
          + UInt16(lower[left + channels])
        let quotient = sum >> 2
        let rest = sum & 3
        // A half goes to the even neighbor.
        let roundsUp = rest == 3 || rest == 2 && quotient & 1 == 1
        target[x * channels + channel] = UInt8(truncatingIfNeeded: quotient + (roundsUp ? 1 : 0))
      }
    }
  }
}
