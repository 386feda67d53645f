#if BLAS
package import YOLOTensor

/// A convolution by im2col and one matrix product of OpenBLAS an item and group.
package struct MatrixConvolution: StepKernel {
  package let name = "im2col sgemm"
  package let items: Int
  package let scratchCount: Int

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
    scratchCount = product.scratchCount(rows: (output.height + items - 1) / items)
  }

  /// Lays out weights [output, input / groups, kernel height, kernel width] for the product; the
  /// channels are those of all groups.
  package static func packed(
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, outputChannels: Int,
    inputChannels: Int, taps: Int, groups: Int = 1
  ) -> AlignedStorage {
    let storage = AlignedStorage(
      count: MatrixProduct.packedCount(
        outputChannels: outputChannels, inputChannels: inputChannels, taps: taps, groups: groups)
    )
    MatrixProduct.pack(
      weights: weights, bias: bias, outputChannels: outputChannels,
      inputChannels: inputChannels, taps: taps, groups: groups, into: storage.base)
    return storage
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    product.run(rows: rows, arena: arena, scratch: scratch)
  }
}
#endif
