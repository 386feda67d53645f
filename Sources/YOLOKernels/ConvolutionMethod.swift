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
  /// Where there are fewer channels than a vector has lanes, the transforms of a narrower set may do.
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
      work.spreads = form.planes * tiles * ((inputs + lanes - 1) / lanes)
      work.gathers = form.planes * tiles * vectors
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
  package var spreads = 0
  /// Vectors read from planes of the transform domain.
  package var gathers = 0
  /// Bytes of packed weights.
  package var weightBytes = 0
}

/// What a unit of each kind of work costs on one core, in nanoseconds.
///
/// Fitted by least squares of the relative error to what `yolo benchmark --kernels` measured for YOLOv8n
/// and YOLOv8s on a Zen 5. Times of today's kernels are met within 11 to 14 % (root mean square); those of
/// the stride-2 form are underestimated by a fifth, most where many channels meet few pixels. Only ratios
/// matter for the choice.
package struct KernelRates: Sendable {
  package var product: Double
  package var pixel: Double
  package var spread: Double
  package var gather: Double
  package var weightByte: Double
  /// What is added for each byte that one kernel writes and the next reads, of a value that does not stay
  /// in a second-level cache.
  ///
  /// Measured as the time that `StripChain` saves: up to 0.018 at 6 MiB, 0.015 at 14 MiB and 0.03 at
  /// 25 MiB.
  package var passedByte = 0.015

  /// The bytes from which on a value does not stay in a second-level cache.
  package static let cachedBytes = 2 << 20

  /// What a byte of weights costs that comes from the last-level cache: an estimate, a third of what
  /// memory costs.
  package static let cachedWeightByte = 0.012

  /// The bytes of weights that stay in a last-level cache from one inference to the next: an estimate
  /// for 32 MiB that activations and others share.
  package static let lastLevelBytes = 20 << 20

  /// Returns the nanoseconds that work takes on one core.
  ///
  /// Among `threads` cores the work is divided, but not the bus to the memory that weights come from,
  /// if they do not stay in the last-level cache: each core waits for the bytes of all.
  package func cost(of work: KernelWork, threads: Int = 1, cached: Bool = false) -> Double {
    let byte = cached ? Self.cachedWeightByte : weightByte * Double(threads)
    return Double(work.products) * product + Double(work.pixels) * pixel
      + Double(work.spreads) * spread + Double(work.gathers) * gather
      + Double(work.weightBytes) * byte
  }

  /// The rates of an instruction set.
  package static func of(_ instructionSet: InstructionSet) -> KernelRates {
    switch instructionSet {
    case .avx512:
      KernelRates(product: 0.126, pixel: 1.69, spread: 1.06, gather: 1.59, weightByte: 0.0375)
    case .avx2:
      KernelRates(product: 0.128, pixel: 1.27, spread: 0.78, gather: 1.17, weightByte: 0.045)
    case .baseline:
      KernelRates(product: 0.174, pixel: 1.88, spread: 0.69, gather: 1.04, weightByte: 0.065)
    }
  }
}
