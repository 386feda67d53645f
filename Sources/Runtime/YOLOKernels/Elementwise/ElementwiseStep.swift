package import YOLOTensor

/// Applies an activation function to an activation, adds another, or copies; for what the planner
/// could neither fuse nor assign to one buffer.
package struct ElementwiseStep: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let addend: ActivationLayout?
  private let epilogue: Epilogue
  private let rowItems: RowItems

  /// output = activation(input) + addend; `threads` says how finely to split.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, activation: Activation,
    adding addend: ActivationLayout?, kernels: KernelSet, threads: Int
  ) {
    precondition(input.height == output.height && input.width == output.width)
    precondition(input.channels == output.channels)
    self.input = input
    self.output = output
    self.addend = addend
    epilogue = Epilogue(activation, hasResidual: addend != nil, kernels: kernels)
    name = "elementwise \(kernels.instructionSet.rawValue)"
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 2 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    let arena = arena.floats
    // SAFETY: the layouts lie in the arena and have the same size.
    for y in rows {
      let target = arena + (output.offset + y * output.rowStride)
      let source = arena + (input.offset + y * input.rowStride)
      for x in 0..<output.width {
        (target + x * output.pixelStride)
          .update(from: source + x * input.pixelStride, count: output.channels)
      }
      guard !epilogue.isEmpty else { continue }
      if let addend {
        epilogue.run(
          target, step: output.pixelStride,
          residual: arena + (addend.offset + y * addend.rowStride),
          residualStep: addend.pixelStride, pixels: output.width, channels: output.channels)
      } else {
        epilogue.run(
          target, step: output.pixelStride, residual: nil, residualStep: 0, pixels: output.width,
          channels: output.channels)
      }
    }
  }
}
