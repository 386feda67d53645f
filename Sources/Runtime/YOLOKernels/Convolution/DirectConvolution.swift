import YOLOTensor

/// A convolution by register tiles straight on the activations.
package struct DirectConvolution: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes: Int

  private let output: ActivationLayout
  private let tiles: TileConvolution
  private let rowItems: RowItems
  private let blockItems: Int

  /// Binds packed weights to a shape; `threads` says how finely to split.
  ///
  /// With `accumulates` the sums are added to what the output holds.
  package init(
    _ shape: ConvolutionShape, weights packed: PackedConvolution, accumulates: Bool = false,
    kernels: KernelSet, threads: Int
  ) {
    name = "direct \(kernels.instructionSet.rawValue)"
    output = shape.output
    tiles = TileConvolution(
      ConvolutionGrid(shape), weights: packed, activation: shape.activation,
      initial: shape.initial, accumulates: accumulates, kernels: kernels)
    scratchBytes = tiles.scratchCount * MemoryLayout<Float>.stride

    // Split along what is larger, so that each thread reads it once: the weights by blocks of
    // channels, the input by rows. Strips of the input, and of the output, stay within the
    // second-level cache while the blocks pass over them.
    let wanted = threads == 1 ? 1 : 4 * threads
    let weightCount = packed.count
    let inputCount = shape.input.height * shape.input.width * shape.input.channels
    if weightCount > inputCount {
      blockItems = min(packed.blocks.count, wanted)
      rowItems = RowItems(rows: output.height, count: (wanted + blockItems - 1) / blockItems)
    } else {
      blockItems = 1
      let outputCount = output.height * output.width * output.channels
      let strips = max(inputCount, outputCount) / (64 << 10)
      rowItems = RowItems(rows: output.height, count: max(wanted, strips))
    }
    items = blockItems * rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item % rowItems.count]
    let part = item / rowItems.count
    let blocks = RowItems(rows: tiles.packed.blocks.count, count: blockItems)[part]
    let first = tiles.packed.blocks[blocks.lowerBound].firstChannel
    let last = tiles.packed.blocks[blocks.upperBound - 1]
    output.slice(channels: first..<last.firstChannel + last.channels)
      .clearBorder(rows: rows, arena: arena)
    tiles.run(rows: rows, blocks: blocks, arena: arena.floats, scratch: scratch.floats)
  }
}
