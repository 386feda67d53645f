import YOLOTensor

/// A regular grid of output pixels whose taps all read at the same distances; positions are in
/// elements from the arena's start.
///
/// A convolution is one grid. A transposed convolution is one for each remainder of the output's
/// position by the stride.
struct ConvolutionGrid: Sendable, Hashable {
  /// Where the first pixel's channels lie, and the distances to the next row and column.
  struct Pixels: Sendable, Hashable {
    var start: Int
    var rowStep: Int
    var columnStep: Int

    subscript(row: Int, column: Int) -> Int { start + row * rowStep + column * columnStep }

    /// Covers every pixel of a layout.
    init(_ layout: ActivationLayout) {
      self.init(layout, first: (0, 0), step: (1, 1))
    }

    /// Covers every `step`th pixel of a layout from `first` on, (vertical, horizontal).
    init(_ layout: ActivationLayout, first: (Int, Int), step: (Int, Int)) {
      start = layout.offset + first.0 * layout.rowStride + first.1 * layout.pixelStride
      rowStep = step.0 * layout.rowStride
      columnStep = step.1 * layout.pixelStride
    }
  }

  /// The rows of output pixels.
  var rows: Int
  /// The columns of output pixels.
  var columns: Int
  /// What the taps' distances are from.
  var input: Pixels
  var output: Pixels
  var residual: Pixels?
  /// The distance of each tap.
  var taps: [Int]
  /// The channels of the input, all groups.
  var inputChannels: Int
  var groups: Int
  /// The channels of the output, all groups.
  var outputChannels: Int
}

extension ConvolutionGrid {
  /// Resolves a convolution.
  init(_ shape: ConvolutionShape) {
    let window = shape.window
    rows = shape.output.height
    columns = shape.output.width
    input = Pixels(
      shape.input, first: (-window.paddingHeight, -window.paddingWidth),
      step: (window.strideHeight, window.strideWidth))
    output = Pixels(shape.output)
    residual = shape.residual.map { Pixels($0) }
    taps = (0..<window.kernelHeight).flatMap { y in
      (0..<window.kernelWidth).map { x in
        y * window.dilationHeight * shape.input.rowStride
          + x * window.dilationWidth * shape.input.pixelStride
      }
    }
    inputChannels = shape.input.channels
    outputChannels = shape.output.channels
    groups = shape.groups
  }

  /// Returns the distances of equally long runs of contiguous elements that hold all taps in order,
  /// and their length: taps that lie side by side in memory make one run.
  func segments() -> (distances: [Int], depth: Int) {
    let depth = inputChannels / groups
    var starts = [Int]()
    var lengths = [Int]()
    var end: Int?
    for tap in taps {
      if tap == end, groups == 1 {
        lengths[lengths.count - 1] += depth
      } else {
        starts.append(tap)
        lengths.append(depth)
      }
      end = tap + depth
    }
    guard let length = lengths.first, lengths.allSatisfy({ $0 == length }) else {
      return (taps, depth)
    }
    return (starts, length)
  }
}
