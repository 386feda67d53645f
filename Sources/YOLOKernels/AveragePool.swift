import KernelInterface
package import YOLOTensor

/// The mean over a window, or over a whole activation.
package struct AveragePool: StepKernel {
  package let name: String
  package let items: Int
  package let scratchCount = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let window: Window
  private let countsPadding: Bool
  /// Whether the kernel is taken, not the plain loops.
  private let isVector: Bool
  private let average: AverageFunction
  private let rowItems: RowItems
  private let channelItems: RowItems

  /// Binds a pooling without dilation, padded by at most half its window.
  ///
  /// `countsPadding` says whether the divisor is the window's size, or how much of it lies in the
  /// input. Without `kernels` in double precision.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, window: Window,
    countsPadding: Bool = true, kernels: KernelSet?, threads: Int
  ) {
    let extent = window.outputExtent(height: input.height, width: input.width)
    precondition(window.dilationHeight == 1 && window.dilationWidth == 1)
    precondition(2 * window.paddingHeight <= window.kernelHeight)
    precondition(2 * window.paddingWidth <= window.kernelWidth)
    precondition(input.channels == output.channels)
    precondition(extent.height == output.height && extent.width == output.width)
    self.input = input
    self.output = output
    self.window = window
    self.countsPadding = countsPadding
    isVector = kernels != nil
    average = (kernels ?? .of(.baseline)).average
    name = kernels.map { "average \($0.instructionSet.rawValue)" } ?? "oracle"
    let wanted = threads == 1 ? 1 : 4 * threads
    rowItems = RowItems(rows: output.height, count: wanted)
    // Runs of whole cache lines.
    channelItems = RowItems(
      rows: (output.channels + 15) / 16, count: (wanted + rowItems.count - 1) / rowItems.count)
    items = rowItems.count * channelItems.count
  }

  /// Binds the mean over all pixels; the output has one.
  package init(
    overAllOf input: ActivationLayout, to output: ActivationLayout, kernels: KernelSet?,
    threads: Int
  ) {
    let all = (input.height, input.width)
    self.init(
      from: input, to: output, window: Window(kernel: all, stride: all, padding: (0, 0)),
      kernels: kernels, threads: threads)
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = rowItems[item % rowItems.count]
    let lines = channelItems[item / rowItems.count]
    let channels = 16 * lines.lowerBound..<min(16 * lines.upperBound, output.channels)
    let input = input.slice(channels: channels)
    let output = output.slice(channels: channels)
    output.clearBorder(rows: rows, arena: arena)
    // SAFETY: the layouts lie in the arena, and the windows are clipped to the input.
    for y in rows {
      let top = y * window.strideHeight - window.paddingHeight
      let windowRows = max(top, 0)..<min(top + window.kernelHeight, input.height)
      for x in 0..<output.width {
        let left = x * window.strideWidth - window.paddingWidth
        let columns = max(left, 0)..<min(left + window.kernelWidth, input.width)
        let source =
          arena
          + (input.offset + windowRows.lowerBound * input.rowStride + columns.lowerBound
            * input.pixelStride)
        let target = arena + (output.offset + y * output.rowStride + x * output.pixelStride)
        let divisor = countsPadding ? window.taps : windowRows.count * columns.count
        if isVector {
          average(
            source, input.rowStride, input.pixelStride, windowRows.count, columns.count, target,
            output.channels, Float(divisor))
          continue
        }
        for channel in 0..<output.channels {
          var sum = 0.0
          for row in 0..<windowRows.count {
            for column in 0..<columns.count {
              sum += Double(source[row * input.rowStride + column * input.pixelStride + channel])
            }
          }
          target[channel] = Float(sum / Double(divisor))
        }
      }
    }
  }
}
