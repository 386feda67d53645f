package import YOLOTensor

/// Resizes to any extent: output (y, x) = input (⌊y · input height / output height⌋, …).
///
/// The quotient of the extents is rounded to float32 and so is the product, as in PyTorch's
/// `interpolate(mode="nearest")`.
package struct NearestResize: StepKernel {
  package let name = "copy"
  package let items: Int
  package let scratchCount = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let rows: [Int]
  private let columns: [Int]
  private let rowItems: RowItems

  /// Binds a resize between any extents.
  package init(from input: ActivationLayout, to output: ActivationLayout, threads: Int) {
    precondition(input.channels == output.channels && input.height > 0 && input.width > 0)
    self.input = input
    self.output = output
    rows = Self.sources(input.height, output.height)
    columns = Self.sources(input.width, output.width)
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
  }

  /// Returns which of `input` rows or columns each of `output` ones comes from.
  private static func sources(_ input: Int, _ output: Int) -> [Int] {
    let scale = Float(input) / Float(output)
    return (0..<output).map { min(Int((Float($0) * scale).rounded(.down)), input - 1) }
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let items = rowItems[item]
    output.clearBorder(rows: items, arena: arena)
    // SAFETY: the layouts lie in the arena, and every source lies in the input.
    for y in items {
      let source = arena + (input.offset + rows[y] * input.rowStride)
      var target = arena + (output.offset + y * output.rowStride)
      for x in 0..<output.width {
        target.update(from: source + columns[x] * input.pixelStride, count: input.channels)
        target += output.pixelStride
      }
    }
  }
}
