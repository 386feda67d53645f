package import YOLOTensor

/// Resizes to any size: output (y, x) = input (⌊y · input height / output height⌋, …).
///
/// The quotient of the sizes is rounded to float32 and so is the product, as in PyTorch's
/// `interpolate(mode="nearest")`.
package struct NearestResize: StepKernel {
  package var name: String { "copy" }
  package let items: Int
  package let scratchBytes = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let rows: UnmanagedArray<Int>
  private let columns: UnmanagedArray<Int>
  private let rowItems: RowItems

  /// Binds a resize between any sizes.
  package init(from input: ActivationLayout, to output: ActivationLayout, threads: Int) {
    precondition(input.channels == output.channels && input.height > 0 && input.width > 0)
    self.input = input
    self.output = output
    rows = UnmanagedArray(Self.sources(input.height, output.height))
    columns = UnmanagedArray(Self.sources(input.width, output.width))
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
  }

  /// Returns which of `input` rows or columns each of `output` ones comes from.
  private static func sources(_ input: Int, _ output: Int) -> [Int] {
    let scale = Float(input) / Float(output)
    return (0..<output).map { min(Int((Float($0) * scale).rounded(.down)), input - 1) }
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let items = rowItems[item]
    output.clearBorder(rows: items, arena: arena)
    let arena = arena.floats
    // SAFETY: the layouts lie in the arena, and every source lies in the input.
    let (rows, columns) = (rows.base, columns.base)
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

/// Copies an activation into a larger one, zeros around it.
package struct ZeroPadding: StepKernel {
  package var name: String { "copy" }
  package let items: Int
  package let scratchBytes = 0

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
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    let arena = arena.floats
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
