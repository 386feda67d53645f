package import YOLOTensor

/// The mean and the maximum of the channels of each pixel, as two channels.
package struct ChannelStatistics: StepKernel {
  package let name = "channel statistics"
  package let items: Int
  package let scratchBytes = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let rowItems: RowItems

  /// Binds the statistics; the output has two channels.
  package init(from input: ActivationLayout, to output: ActivationLayout, threads: Int) {
    precondition(input.height == output.height && input.width == output.width)
    precondition(output.channels == 2 && input.channels > 0)
    self.input = input
    self.output = output
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 2 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    let arena = arena.floats
    let count = input.channels
    // SAFETY: the layouts lie in the arena; whole vectors up to the last channel of a pixel.
    for y in rows {
      var pixel = arena + (input.offset + y * input.rowStride)
      var target = arena + (output.offset + y * output.rowStride)
      for _ in 0..<output.width {
        var sums = Lanes.zero
        var maxima = Lanes(repeating: -.infinity)
        var index = 0
        while index &+ Lanes.scalarCount <= count {
          let values = (pixel + index).lanes
          sums += values
          maxima.replace(with: values, where: values .> maxima)
          index &+= Lanes.scalarCount
        }
        var sum = sums.sum()
        var maximum = maxima.max()
        while index < count {
          sum += pixel[index]
          if pixel[index] > maximum { maximum = pixel[index] }
          index &+= 1
        }
        target[0] = sum / Float(count)
        target[1] = maximum
        pixel += input.pixelStride
        target += output.pixelStride
      }
    }
  }
}
