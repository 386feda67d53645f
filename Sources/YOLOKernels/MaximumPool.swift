import KernelInterface
package import YOLOTensor

/// The maximum over a window; what lies outside the input does not count.
package struct MaximumPool: StepKernel {
  package let name: String
  package let items: Int
  package let scratchCount = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let window: Window
  private let maximum: MaximumFunction?
  private let rowItems: RowItems

  /// Binds a pooling without dilation; without `kernels` channel by channel.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, window: Window,
    kernels: KernelSet?, threads: Int
  ) {
    precondition(window.dilationHeight == 1 && window.dilationWidth == 1)
    precondition(input.channels == output.channels)
    self.input = input
    self.output = output
    self.window = window
    maximum = kernels?.maximum
    name = kernels.map { "pool \($0.instructionSet.rawValue)" } ?? "reference"
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = rowItems[item]
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
        if let maximum {
          maximum(
            source, input.rowStride, input.pixelStride, windowRows.count, columns.count, target,
            output.channels)
          continue
        }
        for channel in 0..<output.channels {
          var best = -Float.infinity
          for row in 0..<windowRows.count {
            for column in 0..<columns.count {
              let value = source[row * input.rowStride + column * input.pixelStride + channel]
              if value > best { best = value }
            }
          }
          target[channel] = best
        }
      }
    }
  }
}
