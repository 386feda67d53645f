import KernelInterface
package import YOLOTensor

/// A pooling without dilation, padded by at most half its window; what lies outside the input does
/// not count.
struct PoolShape: Sendable, Hashable {
  let input: ActivationLayout
  let output: ActivationLayout
  let window: Window

  /// Creates a shape; the sizes must agree.
  init(from input: ActivationLayout, to output: ActivationLayout, window: Window) {
    let size = window.outputSize(height: input.height, width: input.width)
    precondition(window.dilationHeight == 1 && window.dilationWidth == 1)
    precondition(2 * window.paddingHeight <= window.kernelHeight)
    precondition(2 * window.paddingWidth <= window.kernelWidth)
    precondition(input.channels == output.channels)
    precondition(size.height == output.height && size.width == output.width)
    self.input = input
    self.output = output
    self.window = window
  }

  /// Returns the input rows of the windows of an output row.
  func rows(of y: Int) -> Range<Int> {
    let top = y * window.strideHeight - window.paddingHeight
    return max(top, 0)..<min(top + window.kernelHeight, input.height)
  }

  /// Returns the input columns of the windows of an output column.
  func columns(of x: Int) -> Range<Int> {
    let left = x * window.strideWidth - window.paddingWidth
    return max(left, 0)..<min(left + window.kernelWidth, input.width)
  }
}

/// The maximum over a window.
///
/// Large windows that overlap are computed in two steps: the maxima of the columns of a row of
/// windows, then the maxima of these.
package struct MaximumPool: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes: Int

  private let shape: PoolShape
  private let maximum: PoolFunction
  private let rowItems: RowItems
  private let isSeparate: Bool

  /// Binds a pooling without dilation, padded by at most half its window; `threads` says how finely
  /// to split.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, window: Window, kernels: KernelSet,
    threads: Int
  ) {
    shape = PoolShape(from: input, to: output, window: window)
    maximum = kernels.table.pool(.maximum)
    name = "pool \(kernels.instructionSet.rawValue)"
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
    isSeparate = window.kernelHeight > 1 && window.kernelWidth > 2 * window.strideWidth
    scratchBytes = isSeparate ? input.width * input.channels * MemoryLayout<Float>.stride : 0
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item]
    shape.output.clearBorder(rows: rows, arena: arena)
    // SAFETY: the layouts lie in the arena, and the windows are clipped to the input; the scratch
    // holds a row of the input.
    for y in rows {
      if isSeparate {
        separate(row: y, arena.floats, scratch.floats)
      } else {
        direct(row: y, arena.floats)
      }
    }
  }

  private func direct(row y: Int, _ arena: UnsafeMutablePointer<Float>) {
    let (input, output) = (shape.input, shape.output)
    let rows = shape.rows(of: y)
    var arguments = PoolArguments(
      rowStep: input.rowStride, pixelStep: input.pixelStride, rows: rows.count, columns: 1,
      channels: output.channels)
    for x in 0..<output.width {
      let columns = shape.columns(of: x)
      arguments.columns = columns.count
      maximum(
        &arguments,
        arena
          + (input.offset + rows.lowerBound * input.rowStride + columns.lowerBound
            * input.pixelStride),
        arena + (output.offset + y * output.rowStride + x * output.pixelStride))
    }
  }

  private func separate(
    row y: Int, _ arena: UnsafeMutablePointer<Float>, _ maxima: UnsafeMutablePointer<Float>
  ) {
    let (input, output) = (shape.input, shape.output)
    let rows = shape.rows(of: y)
    let source = arena + (input.offset + rows.lowerBound * input.rowStride)
    var vertical = PoolArguments(
      rowStep: input.rowStride, pixelStep: 0, rows: rows.count, columns: 1,
      channels: input.channels)
    for x in 0..<input.width {
      maximum(&vertical, source + x * input.pixelStride, maxima + x * input.channels)
    }
    var horizontal = PoolArguments(
      rowStep: 0, pixelStep: input.channels, rows: 1, columns: 1, channels: output.channels)
    for x in 0..<output.width {
      let columns = shape.columns(of: x)
      horizontal.columns = columns.count
      maximum(
        &horizontal, maxima + columns.lowerBound * input.channels,
        arena + (output.offset + y * output.rowStride + x * output.pixelStride))
    }
  }
}

/// The mean over a window, or over a whole activation.
package struct AveragePool: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes = 0

  private let shape: PoolShape
  private let countsPadding: Bool
  private let average: PoolFunction
  private let rowItems: RowItems
  private let channelItems: RowItems

  /// Binds a pooling without dilation, padded by at most half its window; `threads` says how finely
  /// to split.
  ///
  /// `countsPadding` says whether the divisor is the window's size, or how much of it lies in the
  /// input.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, window: Window,
    countsPadding: Bool = true, kernels: KernelSet, threads: Int
  ) {
    shape = PoolShape(from: input, to: output, window: window)
    self.countsPadding = countsPadding
    average = kernels.table.pool(.average)
    name = "average \(kernels.instructionSet.rawValue)"
    let wanted = threads == 1 ? 1 : 4 * threads
    rowItems = RowItems(rows: output.height, count: wanted)
    // Runs of whole cache lines.
    channelItems = RowItems(
      rows: (output.channels + 15) / 16, count: (wanted + rowItems.count - 1) / rowItems.count)
    items = rowItems.count * channelItems.count
  }

  /// Binds the mean over all pixels; the output has one.
  package init(
    overAllOf input: ActivationLayout, to output: ActivationLayout, kernels: KernelSet,
    threads: Int
  ) {
    self.init(
      from: input, to: output, window: Window(overAllOf: input), kernels: kernels,
      threads: threads)
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item % rowItems.count]
    let lines = channelItems[item / rowItems.count]
    let channels = 16 * lines.lowerBound..<min(16 * lines.upperBound, shape.output.channels)
    let input = shape.input.slice(channels: channels)
    let output = shape.output.slice(channels: channels)
    output.clearBorder(rows: rows, arena: arena)
    let arena = arena.floats
    var arguments = PoolArguments(
      rowStep: input.rowStride, pixelStep: input.pixelStride, rows: 1, columns: 1,
      channels: output.channels)
    // SAFETY: the layouts lie in the arena, and the windows are clipped to the input.
    for y in rows {
      let windowRows = shape.rows(of: y)
      arguments.rows = windowRows.count
      for x in 0..<output.width {
        let columns = shape.columns(of: x)
        arguments.columns = columns.count
        arguments.divisor = Float(
          countsPadding ? shape.window.taps : windowRows.count * columns.count)
        average(
          &arguments,
          arena
            + (input.offset + windowRows.lowerBound * input.rowStride + columns.lowerBound
              * input.pixelStride),
          arena + (output.offset + y * output.rowStride + x * output.pixelStride))
      }
    }
  }
}

extension Window {
  /// The window that covers a whole activation.
  init(overAllOf input: ActivationLayout) {
    let all = (input.height, input.width)
    self.init(kernel: all, stride: all, padding: (0, 0))
  }
}
