import KernelInterface
import YOLOTensor

/// A convolution of every channel by itself, vectorised over the channels.
package struct DepthwiseConvolution: StepKernel {
  package let name: String
  package let items: Int
  package let scratchCount = 0

  private let shape: ConvolutionShape
  private let grid: ConvolutionGrid
  private let packed: PackedDepthwise
  private let kernel: DepthwiseFunction
  private let pass: ActivationFunction?
  private let rowItems: RowItems

  /// Binds packed weights to a shape with as many groups as channels; `threads` says how finely to
  /// split.
  package init(
    _ shape: ConvolutionShape, weights packed: PackedDepthwise, kernels: KernelSet, threads: Int
  ) {
    precondition(shape.isDepthwise && packed.channels == shape.output.channels)
    precondition(packed.lanes == kernels.lanes && packed.taps == shape.window.taps)
    self.shape = shape
    self.packed = packed
    grid = ConvolutionGrid(shape)
    name = "depthwise \(kernels.instructionSet.rawValue)"
    kernel = kernels.depthwise
    pass =
      shape.activation == .identity && shape.residual == nil
      ? nil : kernels.pass(shape.activation)
    rowItems = RowItems(rows: shape.output.height, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = rowItems[item]
    let channels = grid.outputChannels
    let columns = grid.columns
    let outputStep = grid.output.columnStep
    shape.output.clearBorder(rows: rows, arena: arena)
    // SAFETY: the shape's layouts lie in the arena; `taps` outlives the walk.
    grid.taps.withUnsafeBufferPointer { taps in
      guard let offsets = taps.baseAddress else { return }
      var walk = DepthwiseWalk(
        offsets: offsets, taps: taps.count, channels: channels, weightStep: packed.step,
        inputStep: grid.input.columnStep, outputStep: outputStep)
      withUnsafePointer(to: &walk) { walk in
        for y in rows {
          let target = arena + grid.output[y, 0]
          kernel(
            walk, arena + grid.input[y, 0], packed.storage.base + packed.step,
            packed.storage.base, target, columns)
          guard let pass else { continue }
          if let residual = grid.residual {
            pass(
              target, outputStep, arena + residual[y, 0], residual.columnStep, columns, channels)
          } else {
            pass(target, outputStep, nil, 0, columns, channels)
          }
        }
      }
    }
  }
}
