import YOLOTensor

/// A transposed convolution as one convolution by register tiles a phase, onto strided outputs.
package struct DirectTransposedConvolution: StepKernel {
  package let name: String
  package let items: Int
  package let scratchCount: Int

  private let shape: TransposedConvolutionShape
  private let phases: RetainedObjects<TileConvolution>
  /// A split of the output's rows by the stride.
  private let rowItems: RowItems

  /// Binds packed weights to a shape; `threads` says how finely to split.
  package init(
    _ shape: TransposedConvolutionShape, weights packed: PackedTransposedConvolution,
    kernels: KernelSet, threads: Int
  ) {
    precondition(packed.phases.map(\.phase) == TransposedPhase.all(of: shape.window))
    self.shape = shape
    name = "transposed \(kernels.instructionSet.rawValue)"
    let phases = packed.phases.compactMap { phase, weights in
      ConvolutionGrid(shape, phase).map {
        TileConvolution($0, weights: weights, activation: shape.activation, kernels: kernels)
      }
    }
    self.phases = RetainedObjects(phases)
    scratchCount = phases.map(\.scratchCount).max() ?? 0
    let stride = shape.window.strideHeight
    rowItems = RowItems(
      rows: (shape.output.height + stride - 1) / stride, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = rowItems[item]
    shape.output.clearBorder(rows: shape.outputRows(rows), arena: arena)
    // Row by row, so that all phases find the input in a cache.
    for row in rows {
      for index in 0..<phases.count {
        phases.withObject(index) { phase in
          guard row < phase.grid.rows else { return }
          phase.run(
            rows: row..<row + 1, blocks: 0..<phase.packed.blocks.count, arena: arena,
            scratch: scratch)
        }
      }
    }
  }
}

extension TransposedConvolutionShape {
  /// Returns the output rows that the phases' `rows` are.
  func outputRows(_ rows: Range<Int>) -> Range<Int> {
    rows.lowerBound
      * window.strideHeight..<min(rows.upperBound * window.strideHeight, output.height)
  }
}
