package import YOLOTensor

/// Enlarges by a whole factor: output (y, x) = input (y / scale, x / scale).
package struct NearestUpsample: StepKernel {
  package let name = "copy"
  package let items: Int
  package let scratchCount = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let scale: Int
  private let rowItems: RowItems

  /// Binds an enlargement; the output's extents are `scale` times the input's.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, scale: Int, threads: Int
  ) {
    precondition(output.height == scale * input.height && output.width == scale * input.width)
    precondition(output.channels == input.channels)
    self.input = input
    self.output = output
    self.scale = scale
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    // SAFETY: the layouts lie in the arena, and the output's extents are `scale` times the input's.
    for y in rows {
      let source = arena + (input.offset + y / scale * input.rowStride)
      var target = arena + (output.offset + y * output.rowStride)
      for x in 0..<input.width {
        for _ in 0..<scale {
          target.update(from: source + x * input.pixelStride, count: input.channels)
          target += output.pixelStride
        }
      }
    }
  }
}
