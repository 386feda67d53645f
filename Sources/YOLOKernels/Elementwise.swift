import KernelInterface
package import YOLOTensor

/// Applies an activation function to an activation, adds another, or copies; for what the planner
/// could neither fuse nor place.
package struct ElementwiseStep: StepKernel {
  package let name: String
  package let items: Int
  package let scratchCount = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let activation: Activation
  private let addend: ActivationLayout?
  /// Whether the kernel is taken, not the plain loops.
  private let isVector: Bool
  private let pass: ActivationFunction
  private let rowItems: RowItems

  /// output = activation(input) + addend; without `kernels` in double precision.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, activation: Activation,
    adding addend: ActivationLayout?, kernels: KernelSet?, threads: Int
  ) {
    precondition(input.height == output.height && input.width == output.width)
    precondition(input.channels == output.channels)
    self.input = input
    self.output = output
    self.activation = activation
    self.addend = addend
    isVector = kernels != nil
    pass = (kernels ?? .of(.baseline)).pass(activation)
    name = kernels.map { "elementwise \($0.instructionSet.rawValue)" } ?? "oracle"
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 2 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    // SAFETY: the layouts lie in the arena and have the same extents.
    for y in rows {
      let target = arena + (output.offset + y * output.rowStride)
      let source = arena + (input.offset + y * input.rowStride)
      let added = addend.map { arena + ($0.offset + y * $0.rowStride) }
      for x in 0..<output.width {
        let pixel = target + x * output.pixelStride
        pixel.update(from: source + x * input.pixelStride, count: output.channels)
        guard !isVector else { continue }
        for channel in 0..<output.channels {
          var value = activation(Double(pixel[channel]))
          if let added, let addend { value += Double(added[x * addend.pixelStride + channel]) }
          pixel[channel] = Float(value)
        }
      }
      if isVector, activation != .identity || added != nil {
        pass(
          target, output.pixelStride, added.map { UnsafePointer($0) }, addend?.pixelStride ?? 0,
          output.width, output.channels)
      }
    }
  }
}
