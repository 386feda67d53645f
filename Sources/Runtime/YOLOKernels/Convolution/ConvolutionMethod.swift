import YOLOTensor

/// A way to compute a convolution on the native kernels.
package enum ConvolutionMethod: Sendable, Hashable {
  /// Every channel by itself.
  case depthwise
  /// Register tiles straight on the activations.
  case direct
  /// In the transform domain of a Winograd form, by the kernels of an instruction set.
  case winograd(WinogradForm, InstructionSet)

  /// Returns the methods that can compute a convolution on a machine that has an instruction set.
  ///
  /// Where there are fewer channels than a vector has lanes, the transforms of a narrower set may
  /// do.
  package static func candidates(
    for shape: ConvolutionShape, instructionSet: InstructionSet
  ) -> [ConvolutionMethod] {
    if shape.isDepthwise { return [.depthwise] }
    guard let form = WinogradForm.computing(shape.window, groups: shape.groups) else {
      return [.direct]
    }
    let sets = InstructionSet.allCases.filter { $0 <= instructionSet }
    let widest = sets.last { WinogradConvolution.fits(shape, form, lanes: $0.lanes) }
    return [.direct] + [widest].compactMap { $0.map { .winograd(form, $0) } }
  }

  /// Returns the instruction set that is used on a machine that has `native`.
  package func instructionSet(native: InstructionSet) -> InstructionSet {
    if case .winograd(_, let instructionSet) = self { instructionSet } else { native }
  }

  /// Returns the work of a convolution done this way with vectors of `lanes`.
  package func work(of shape: ConvolutionShape, lanes: Int) -> KernelWork {
    let inputs = shape.input.channels
    let vectors = (shape.output.channels + lanes - 1) / lanes
    var work = KernelWork()
    switch self {
    case .depthwise, .direct:
      let pixels = shape.output.height * shape.output.width
      let depth = inputs / shape.groups * shape.window.taps
      work.products = pixels * vectors * depth
      work.pixels = pixels * vectors
      work.weightBytes = vectors * lanes * depth * MemoryLayout<Float>.stride
    case .winograd(let form, _):
      let side = WinogradForm.outputTile
      let tiles =
        (shape.output.height + side - 1) / side * ((shape.output.width + side - 1) / side)
      work.products = form.planes * tiles * vectors * inputs
      work.pixels = tiles * side * side * vectors
      work.inputVectors = form.planes * tiles * ((inputs + lanes - 1) / lanes)
      work.outputVectors = form.planes * tiles * vectors
      work.weightBytes = PackedWinograd.byteCount(
        form: form, outputChannels: shape.output.channels, inputChannels: inputs, lanes: lanes)
    }
    return work
  }
}

/// The work of a convolution, in the units that its time is a sum of.
package struct KernelWork: Sendable, Equatable {
  /// Vectors multiplied and added in register tiles.
  package var products = 0
  /// Output vectors that are written and activated.
  package var pixels = 0
  /// Vectors written to planes of the transform domain.
  package var inputVectors = 0
  /// Vectors read from planes of the transform domain.
  package var outputVectors = 0
  /// Bytes of packed weights.
  package var weightBytes = 0
}
