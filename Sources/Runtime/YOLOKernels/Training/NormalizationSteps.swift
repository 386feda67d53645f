import KernelInterface
import YOLOSystem
package import YOLOTensor

/// A normalization being trained: its parameters, and what a step computes of them.
package struct NormalizationState: Sendable {
  /// The number of channels.
  package let channels: Int
  /// The weight, bias, running mean and running variance; nil where nothing is normalized and only an
  /// activation function is applied.
  package let parameters: Parameters?
  /// The number that keeps the root from zero.
  package let epsilon: Float
  /// The part of the batch's statistics that goes into the running ones; nil if the running ones are
  /// used, and stay.
  package let momentum: Float?
  /// Scale, shift, mean, slope, offset and inverse deviation, one run of `channels` values each.
  let values: Region<Float>

  /// The parameters of a normalization, and where their gradients are added.
  package struct Parameters: Sendable {
    /// The scale γ.
    package let weight: Region<Float>
    /// The shift β.
    package let bias: Region<Float>
    /// The running mean.
    package let mean: Region<Float>
    /// The running variance.
    package let variance: Region<Float>
    /// The gradients of scale and shift; nil if they are not trained.
    package let gradients: (weight: Region<Float>, bias: Region<Float>)?

    /// Refers to parameters.
    package init(
      weight: Region<Float>, bias: Region<Float>, mean: Region<Float>, variance: Region<Float>,
      gradients: (weight: Region<Float>, bias: Region<Float>)?
    ) {
      self.weight = weight
      self.bias = bias
      self.mean = mean
      self.variance = variance
      self.gradients = gradients
    }
  }

  /// The values of memory that the state of so many channels takes.
  package static func valueCount(channels: Int) -> Int { 6 * channels }

  /// Creates a state in memory of `valueCount` values.
  package init(
    channels: Int, parameters: Parameters?, epsilon: Float, momentum: Float?,
    values: Region<Float>
  ) {
    self.channels = channels
    self.parameters = parameters
    self.epsilon = epsilon
    self.momentum = momentum
    self.values = values
    for channel in 0..<channels {
      scale[channel] = 1
      for run in 1..<6 { values.base[run * channels + channel] = 0 }
    }
  }

  var scale: UnsafeMutablePointer<Float> { values.base }
  var shift: UnsafeMutablePointer<Float> { values.base + channels }
  var mean: UnsafeMutablePointer<Float> { values.base + 2 * channels }
  var slope: UnsafeMutablePointer<Float> { values.base + 3 * channels }
  var offset: UnsafeMutablePointer<Float> { values.base + 4 * channels }
  var inverse: UnsafeMutablePointer<Float> { values.base + 5 * channels }

  var coefficients: NormalizationCoefficients {
    NormalizationCoefficients(
      scale: scale, shift: shift, pivot: mean, slope: slope, offset: offset)
  }
}

/// Sums of the channels of a batch, a strip at a time: what statistics, and gradients of biases, are
/// made of.
package struct ChannelSums: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes = 0

  private let source: ActivationLayout
  private let batch: ImageBatch
  private let strips: BatchStrips
  private let sums: Region<Double>
  private let function: ChannelSumsFunction
  /// Whether sums are taken about the first pixel's value, rather than about zero.
  private let isCentered: Bool
  private let zeros: UnmanagedArray<Float>

  /// The strips of a batch of values of a size.
  static func strips(_ layout: ActivationLayout, _ batch: ImageBatch) -> BatchStrips {
    BatchStrips(
      rows: layout.height, images: batch.count, rowValues: layout.width * layout.channels,
      values: 32 << 10, maximum: 32)
  }

  /// The numbers of double precision that the sums of a batch take.
  package static func sumCount(_ layout: ActivationLayout, batch: ImageBatch) -> Int {
    strips(layout, batch).count * 2 * layout.channels
  }

  /// Binds a value to memory for its sums.
  package init(
    of source: ActivationLayout, batch: ImageBatch, isCentered: Bool, to sums: Region<Double>,
    kernels: KernelSet
  ) {
    name = "channel sums \(kernels.instructionSet.rawValue)"
    self.source = source
    self.batch = batch
    self.sums = sums
    self.isCentered = isCentered
    strips = Self.strips(source, batch)
    items = strips.count
    function = kernels.training.channelSums
    zeros = UnmanagedArray([Float](repeating: 0, count: isCentered ? 0 : source.channels))
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let target = sums.base + item * 2 * source.channels
    target.update(repeating: 0, count: 2 * source.channels)
    let pivot = isCentered ? UnsafePointer(arena.floats + source.offset) : zeros.base
    var arguments = NormalizationArguments(
      pixels: source.width, channels: source.channels, sourceStep: source.pixelStride)
    // SAFETY: the layout lies in the part of the arena of each image.
    strips.forEachPart(of: item) { image, rows in
      let first = arena.floats + (image * batch.stride + source.offset)
      for row in rows { function(&arguments, first + row * source.rowStride, pivot, target) }
    }
  }
}

/// Computes scale and shift of a normalization, of a batch's sums or of the running statistics.
package struct NormalizationStatistics: StepKernel {
  package let name = "statistics"
  package let items = 1
  package let scratchBytes = 0

  private let state: NormalizationState
  private let source: ActivationLayout
  private let batch: ImageBatch
  private let sums: Region<Double>?

  /// Binds a normalization to the sums of its input about the first pixel's value; without, the
  /// running statistics are used.
  package init(
    _ state: NormalizationState, of source: ActivationLayout, batch: ImageBatch,
    sums: Region<Double>?
  ) {
    self.state = state
    self.source = source
    self.batch = batch
    self.sums = sums
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    guard let parameters = state.parameters else { return }
    let channels = state.channels
    let strips = ChannelSums.strips(source, batch).count
    let count = Double(batch.count * source.height * source.width)
    let pivot = arena.floats + source.offset
    for channel in 0..<channels {
      var mean = Double(parameters.mean.base[channel])
      var variance = Double(parameters.variance.base[channel])
      if let sums, let momentum = state.momentum {
        var (first, second) = (0.0, 0.0)
        for strip in 0..<strips {
          first += sums.base[strip * 2 * channels + channel]
          second += sums.base[(strip * 2 + 1) * channels + channel]
        }
        let distance = first / count
        mean = Double(pivot[channel]) + distance
        variance = max(0, second / count - distance * distance)
        let part = Double(momentum)
        let unbiased = variance * count / max(1, count - 1)
        parameters.mean.base[channel] = Float(
          (1 - part) * Double(parameters.mean.base[channel]) + part * mean)
        parameters.variance.base[channel] = Float(
          (1 - part) * Double(parameters.variance.base[channel]) + part * unbiased)
      }
      let inverse = 1 / (variance + Double(state.epsilon)).squareRoot()
      let scale = Double(parameters.weight.base[channel]) * inverse
      state.scale[channel] = Float(scale)
      state.shift[channel] = Float(Double(parameters.bias.base[channel]) - mean * scale)
      state.mean[channel] = Float(mean)
      state.inverse[channel] = Float(inverse)
    }
  }
}

/// Normalizes a value of an image, applies the activation function behind it, and adds a residual.
package struct NormalizationStep: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes = 0

  private let state: NormalizationState
  private let source: ActivationLayout
  private let target: ActivationLayout
  private let residual: ActivationLayout?
  private let function: NormalizationFunction
  private let parameters: SIMD4<Float>
  private let rowItems: RowItems

  /// Binds a normalization; nil where the activation function cannot be trained.
  package init?(
    _ state: NormalizationState, from source: ActivationLayout, to target: ActivationLayout,
    activation: Activation, residual: ActivationLayout?, kernels: KernelSet, threads: Int
  ) {
    let (kind, parameters) = activation.kernel
    guard let set = kernels.training.normalization(kind) else { return nil }
    name = "normalization \(kernels.instructionSet.rawValue)"
    self.state = state
    self.source = source
    self.target = target
    self.residual = residual
    self.parameters = parameters
    function = set.forward
    rowItems = RowItems(rows: source.height, count: threads == 1 ? 1 : 2 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item]
    target.clearBorder(rows: rows, arena: arena)
    var arguments = NormalizationArguments(
      pixels: source.width, channels: source.channels, sourceStep: source.pixelStride,
      targetStep: target.pixelStride, residualStep: residual?.pixelStride ?? 0,
      parameters: parameters)
    var coefficients = state.coefficients
    let arena = arena.floats
    for row in rows {
      function(
        &arguments, &coefficients, arena + (source.offset + row * source.rowStride),
        arena + (target.offset + row * target.rowStride),
        residual.map { UnsafePointer(arena + ($0.offset + row * $0.rowStride)) })
    }
  }
}

/// The sums that the gradients of a normalization are made of, of a batch, a strip at a time.
package struct NormalizationGradientSums: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes = 0

  private let state: NormalizationState
  private let source: ActivationLayout
  private let gradient: ActivationLayout
  private let batch: ImageBatch
  private let sums: Region<Double>
  private let function: NormalizationSumsFunction
  private let parameters: SIMD4<Float>
  private let strips: BatchStrips

  /// Binds a normalization; nil where the activation function cannot be trained.
  package init?(
    _ state: NormalizationState, of source: ActivationLayout, gradient: ActivationLayout,
    activation: Activation, batch: ImageBatch, to sums: Region<Double>, kernels: KernelSet
  ) {
    let (kind, parameters) = activation.kernel
    guard let set = kernels.training.normalization(kind) else { return nil }
    name = "normalization sums \(kernels.instructionSet.rawValue)"
    self.state = state
    self.source = source
    self.gradient = gradient
    self.batch = batch
    self.sums = sums
    self.parameters = parameters
    function = set.sums
    strips = ChannelSums.strips(source, batch)
    items = strips.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let target = sums.base + item * 2 * source.channels
    target.update(repeating: 0, count: 2 * source.channels)
    var arguments = NormalizationArguments(
      pixels: source.width, channels: source.channels, sourceStep: source.pixelStride,
      gradientStep: gradient.pixelStride, parameters: parameters)
    var coefficients = state.coefficients
    strips.forEachPart(of: item) { image, rows in
      let part = arena.floats + image * batch.stride
      for row in rows {
        function(
          &arguments, &coefficients, part + (source.offset + row * source.rowStride),
          part + (gradient.offset + row * gradient.rowStride), target)
      }
    }
  }
}

/// Adds the gradients of scale and shift, and computes what the gradient of the input is made of.
package struct NormalizationGradientCoefficients: StepKernel {
  package let name = "normalization gradients"
  package let items = 1
  package let scratchBytes = 0

  private let state: NormalizationState
  private let count: Int
  private let strips: Int
  private let sums: Region<Double>

  /// Binds a normalization to its sums.
  package init(
    _ state: NormalizationState, of source: ActivationLayout, batch: ImageBatch,
    sums: Region<Double>
  ) {
    self.state = state
    count = batch.count * source.height * source.width
    strips = ChannelSums.strips(source, batch).count
    self.sums = sums
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let channels = state.channels
    for channel in 0..<channels {
      var (first, second) = (0.0, 0.0)
      for strip in 0..<strips {
        first += sums.base[strip * 2 * channels + channel]
        second += sums.base[(strip * 2 + 1) * channels + channel]
      }
      let inverse = Double(state.inverse[channel])
      if let gradients = state.parameters?.gradients {
        gradients.weight.base[channel] += Float(second * inverse)
        gradients.bias.base[channel] += Float(first)
      }
      guard state.momentum != nil else { continue }
      let scale = Double(state.scale[channel])
      let slope = -scale * inverse * inverse * second / Double(count)
      state.slope[channel] = Float(slope)
      state.offset[channel] = Float(
        -scale * first / Double(count) - slope * Double(state.mean[channel]))
    }
  }
}

/// The gradient by a normalization's input, of an image; it may take the input's place.
package struct NormalizationGradient: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes = 0

  private let state: NormalizationState
  private let source: ActivationLayout
  private let gradient: ActivationLayout
  private let target: ActivationLayout
  private let accumulates: Bool
  private let function: NormalizationGradientFunction
  private let parameters: SIMD4<Float>
  private let rowItems: RowItems

  /// Binds a normalization; nil where the activation function cannot be trained.
  package init?(
    _ state: NormalizationState, of source: ActivationLayout, gradient: ActivationLayout,
    activation: Activation, to target: ActivationLayout, accumulates: Bool, kernels: KernelSet,
    threads: Int
  ) {
    let (kind, parameters) = activation.kernel
    guard let set = kernels.training.normalization(kind) else { return nil }
    name = "normalization gradient \(kernels.instructionSet.rawValue)"
    self.state = state
    self.source = source
    self.gradient = gradient
    self.target = target
    self.accumulates = accumulates
    self.parameters = parameters
    function = set.backward
    rowItems = RowItems(rows: source.height, count: threads == 1 ? 1 : 2 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item]
    if target != source { target.clearBorder(rows: rows, arena: arena) }
    var arguments = NormalizationArguments(
      pixels: source.width, channels: source.channels, sourceStep: source.pixelStride,
      gradientStep: gradient.pixelStride, targetStep: target.pixelStride, parameters: parameters)
    arguments.accumulates = accumulates
    var coefficients = state.coefficients
    let arena = arena.floats
    for row in rows {
      function(
        &arguments, &coefficients, arena + (source.offset + row * source.rowStride),
        arena + (gradient.offset + row * gradient.rowStride),
        arena + (target.offset + row * target.rowStride))
    }
  }
}

/// Adds the sums of channels to the gradient of a bias.
package struct BiasGradient: StepKernel {
  package let name = "bias gradient"
  package let items = 1
  package let scratchBytes = 0

  private let channels: Int
  private let strips: Int
  private let sums: Region<Double>
  private let gradient: Region<Float>

  /// Binds the gradient of a bias to the sums, about zero, of the output's gradient.
  package init(
    of source: ActivationLayout, batch: ImageBatch, sums: Region<Double>,
    to gradient: Region<Float>
  ) {
    channels = source.channels
    strips = ChannelSums.strips(source, batch).count
    self.sums = sums
    self.gradient = gradient
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    for channel in 0..<channels {
      var sum = 0.0
      for strip in 0..<strips { sum += sums.base[strip * 2 * channels + channel] }
      gradient.base[channel] += Float(sum)
    }
  }
}
