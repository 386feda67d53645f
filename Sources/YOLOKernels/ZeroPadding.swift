package import YOLOTensor

/// Copies an activation into a larger one, zeros around it.
package struct ZeroPadding: StepKernel {
  package let name = "copy"
  package let items: Int
  package let scratchCount = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let left: Int
  private let top: Int
  private let rowItems: RowItems

  /// Binds a padding by `left` columns and `top` rows; what the output has more is on the right and
  /// at the bottom.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, left: Int, top: Int, threads: Int
  ) {
    precondition(left >= 0 && top >= 0 && input.channels == output.channels)
    precondition(output.height >= top + input.height && output.width >= left + input.width)
    self.input = input
    self.output = output
    self.left = left
    self.top = top
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    // SAFETY: the layouts lie in the arena, and the input fits into the output.
    for y in rows {
      let target = arena + (output.offset + y * output.rowStride)
      let source = arena + (input.offset + (y - top) * input.rowStride)
      let copied = 0..<input.height ~= y - top ? left..<left + input.width : 0..<0
      for x in 0..<output.width {
        let pixel = target + x * output.pixelStride
        if copied.contains(x) {
          pixel.update(from: source + (x - left) * input.pixelStride, count: output.channels)
        } else {
          pixel.update(repeating: 0, count: output.channels)
        }
      }
    }
  }
}
