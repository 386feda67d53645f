#if BLAS
package import YOLOTensor

/// A transposed convolution by im2col and one matrix product of OpenBLAS an item, phase and group.
package struct MatrixTransposedConvolution: StepKernel {
  package let name = "im2col sgemm"
  package let items: Int
  package let scratchCount: Int

  private let shape: TransposedConvolutionShape
  private let phases: [MatrixProduct]
  private let rowItems: RowItems

  /// Binds weights that `packed(weights:bias:outputChannels:inputChannels:window:groups:)` laid
  /// out; the activation comes from `kernels`.
  package init(
    _ shape: TransposedConvolutionShape, weights: AlignedStorage, kernels: KernelSet,
    threads: Int
  ) {
    self.shape = shape
    var position = 0
    var phases = [MatrixProduct]()
    for phase in TransposedPhase.all(of: shape.window) {
      if let grid = ConvolutionGrid(shape, phase) {
        phases.append(
          MatrixProduct(
            grid, weights: .init(storage: weights, position: position),
            activation: shape.activation, kernels: kernels))
      }
      position += MatrixProduct.packedCount(
        outputChannels: shape.output.channels, inputChannels: shape.input.channels,
        taps: phase.rows.count * phase.columns.count, groups: shape.groups)
    }
    precondition(position == weights.count)
    self.phases = phases
    let stride = shape.window.strideHeight
    let rows = (shape.output.height + stride - 1) / stride
    let pixels = shape.input.height * shape.input.width
    rowItems = RowItems(rows: rows, count: max(4 * threads, pixels / 1024))
    items = rowItems.count
    let tallest = (rows + items - 1) / items
    scratchCount = phases.map { $0.scratchCount(rows: tallest) }.max() ?? 0
  }

  /// Lays out weights [input, output / groups, kernel height, kernel width] for the products; the
  /// channels are those of all groups.
  package static func packed(
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, outputChannels: Int,
    inputChannels: Int, window: Window, groups: Int = 1
  ) -> AlignedStorage {
    let phases = TransposedPhase.all(of: window)
    let counts = phases.map { phase in
      MatrixProduct.packedCount(
        outputChannels: outputChannels, inputChannels: inputChannels,
        taps: phase.rows.count * phase.columns.count, groups: groups)
    }
    let storage = AlignedStorage(count: counts.reduce(0, +))
    var target = storage.base
    for (phase, count) in zip(phases, counts) {
      let values = phase.weights(
        weights, outputChannels: outputChannels, inputChannels: inputChannels, window: window,
        groups: groups)
      MatrixProduct.pack(
        weights: values, bias: bias, outputChannels: outputChannels,
        inputChannels: inputChannels, taps: phase.rows.count * phase.columns.count,
        groups: groups, into: target)
      target += count
    }
    return storage
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = rowItems[item]
    shape.output.clearBorder(rows: shape.outputRows(rows), arena: arena)
    for phase in phases {
      let rows = rows.clamped(to: 0..<phase.grid.rows)
      if !rows.isEmpty { phase.run(rows: rows, arena: arena, scratch: scratch) }
    }
  }
}
#endif
