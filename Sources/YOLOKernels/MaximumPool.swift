import KernelInterface
package import YOLOTensor

/// The maximum over a window; what lies outside the input does not count.
///
/// Large windows that overlap are taken in two passes: the maxima of the columns of a row of windows,
/// then the maxima of these.
package struct MaximumPool: StepKernel {
  package let name: String
  package let items: Int
  package let scratchCount: Int

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let window: Window
  /// Whether the kernel is taken, not the plain loops.
  private let isVector: Bool
  private let maximum: MaximumFunction
  private let rowItems: RowItems
  private let isSeparate: Bool

  /// Binds a pooling without dilation, padded by at most half its window; without `kernels` channel
  /// by channel.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, window: Window,
    kernels: KernelSet?, threads: Int
  ) {
    precondition(window.dilationHeight == 1 && window.dilationWidth == 1)
    precondition(2 * window.paddingHeight <= window.kernelHeight)
    precondition(2 * window.paddingWidth <= window.kernelWidth)
    precondition(input.channels == output.channels)
    self.input = input
    self.output = output
    self.window = window
    isVector = kernels != nil
    maximum = (kernels ?? .of(.baseline)).maximum
    name = kernels.map { "pool \($0.instructionSet.rawValue)" } ?? "oracle"
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
    isSeparate =
      kernels != nil && window.kernelHeight > 1 && window.kernelWidth > 2 * window.strideWidth
    scratchCount = isSeparate ? input.width * input.channels : 0
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    // SAFETY: the layouts lie in the arena, and the windows are clipped to the input; the scratch
    // holds a row of the input.
    for y in rows {
      let top = y * window.strideHeight - window.paddingHeight
      let windowRows = max(top, 0)..<min(top + window.kernelHeight, input.height)
      if isSeparate {
        let source = arena + (input.offset + windowRows.lowerBound * input.rowStride)
        for x in 0..<input.width {
          maximum(
            source + x * input.pixelStride, input.rowStride, 0, windowRows.count, 1,
            scratch + x * input.channels, input.channels)
        }
        for x in 0..<output.width {
          let left = x * window.strideWidth - window.paddingWidth
          let columns = max(left, 0)..<min(left + window.kernelWidth, input.width)
          maximum(
            scratch + columns.lowerBound * input.channels, 0, input.channels, 1, columns.count,
            arena + (output.offset + y * output.rowStride + x * output.pixelStride),
            output.channels)
        }
        continue
      }
      for x in 0..<output.width {
        let left = x * window.strideWidth - window.paddingWidth
        let columns = max(left, 0)..<min(left + window.kernelWidth, input.width)
        let source =
          arena
          + (input.offset + windowRows.lowerBound * input.rowStride + columns.lowerBound
            * input.pixelStride)
        let target = arena + (output.offset + y * output.rowStride + x * output.pixelStride)
        if isVector {
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
