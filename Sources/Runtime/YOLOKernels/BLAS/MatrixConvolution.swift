#if BLAS
package import YOLOTensor

/// A convolution by im2col and one matrix product of OpenBLAS an item and group.
package struct MatrixConvolution: StepKernel {
  package let name = "im2col sgemm"
  package let items: Int
  package let scratchBytes: Int

  private let output: ActivationLayout
  private let product: MatrixProduct
  private let rowItems: RowItems

  /// Binds weights that `packed(weights:bias:outputChannels:inputChannels:taps:groups:)` laid out;
  /// the activation comes from `kernels`.
  package init(
    _ shape: ConvolutionShape, weights: AlignedStorage, kernels: KernelSet, threads: Int
  ) {
    output = shape.output
    product = MatrixProduct(
      ConvolutionGrid(shape), weights: .init(storage: weights, position: 0),
      activation: shape.activation, kernels: kernels)
    // About a thousand pixels make a product that OpenBLAS runs at full speed.
    let pixels = output.height * output.width
    rowItems = RowItems(rows: output.height, count: max(4 * threads, pixels / 1024))
    items = rowItems.count
    scratchBytes =
      product.scratchCount(rows: (output.height + items - 1) / items) * MemoryLayout<Float>.stride
  }

  /// Lays out weights [output, input / groups, kernel height, kernel width] for the product; the
  /// channels are those of all groups.
  package static func packed(
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, outputChannels: Int,
    inputChannels: Int, taps: Int, groups: Int = 1
  ) -> AlignedStorage {
    let storage = AlignedStorage(
      floats: MatrixProduct.packedCount(
        outputChannels: outputChannels, inputChannels: inputChannels, taps: taps, groups: groups)
    )
    MatrixProduct.pack(
      weights: weights, bias: bias, outputChannels: outputChannels,
      inputChannels: inputChannels, taps: taps, groups: groups, into: storage.floats)
    return storage
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    product.run(rows: rows, arena: arena.floats, scratch: scratch.floats)
  }
}

/// A transposed convolution by im2col and one matrix product of OpenBLAS an item, phase and group.
package struct MatrixTransposedConvolution: StepKernel {
  package let name = "im2col sgemm"
  package let items: Int
  package let scratchBytes: Int

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
    precondition(position * MemoryLayout<Float>.stride == weights.byteCount)
    self.phases = phases
    let stride = shape.window.strideHeight
    let rows = (shape.output.height + stride - 1) / stride
    let pixels = shape.input.height * shape.input.width
    rowItems = RowItems(rows: rows, count: max(4 * threads, pixels / 1024))
    items = rowItems.count
    let tallest = (rows + items - 1) / items
    scratchBytes =
      (phases.map { $0.scratchCount(rows: tallest) }.max() ?? 0) * MemoryLayout<Float>.stride
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
    let storage = AlignedStorage(floats: counts.reduce(0, +))
    var target = storage.floats
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
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item]
    shape.output.clearBorder(rows: shape.outputRows(rows), arena: arena)
    for phase in phases {
      let rows = rows.clamped(to: 0..<phase.grid.rows)
      if !rows.isEmpty {
        phase.run(rows: rows, arena: arena.floats, scratch: scratch.floats)
      }
    }
  }
}
#endif
