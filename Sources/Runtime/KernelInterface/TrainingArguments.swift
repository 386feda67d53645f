// What the kernels of training are called with. All distances are in elements.

/// A run of pixels of up to four activations that have the same channels.
public struct NormalizationArguments {
  /// The number of pixels.
  public var pixels: Int
  /// The number of channels.
  public var channels: Int
  /// The distance between neighboring pixels of what is normalized.
  public var sourceStep: Int
  /// The distance between neighboring pixels of the gradient of the result.
  public var gradientStep: Int
  /// The distance between neighboring pixels of what is written.
  public var targetStep: Int
  /// The distance between neighboring pixels of what is added last.
  public var residualStep: Int
  /// The numbers that an activation function has besides its argument.
  public var parameters: SIMD4<Float>
  /// Whether what is written is added to what is there.
  public var accumulates = false

  /// Creates arguments.
  @inlinable
  public init(
    pixels: Int, channels: Int, sourceStep: Int, gradientStep: Int = 0, targetStep: Int = 0,
    residualStep: Int = 0, parameters: SIMD4<Float> = .zero
  ) {
    self.pixels = pixels
    self.channels = channels
    self.sourceStep = sourceStep
    self.gradientStep = gradientStep
    self.targetStep = targetStep
    self.residualStep = residualStep
    self.parameters = parameters
  }
}

/// What a normalization does to each channel; every pointer is to one number a channel.
///
/// u = scale · y + shift is the normalized value. The gradient by y is scale · g + slope · y + offset
/// with the gradient g by u.
public struct NormalizationCoefficients {
  /// The factor: weight / √(variance + ε).
  public var scale: UnsafePointer<Float>
  /// The addend.
  public var shift: UnsafePointer<Float>
  /// What sums of values are taken from: about the mean.
  public var pivot: UnsafePointer<Float>
  /// The factor of y in the gradient.
  public var slope: UnsafePointer<Float>
  /// The addend of the gradient.
  public var offset: UnsafePointer<Float>

  /// Creates coefficients.
  @inlinable
  public init(
    scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, pivot: UnsafePointer<Float>,
    slope: UnsafePointer<Float>, offset: UnsafePointer<Float>
  ) {
    self.scale = scale
    self.shift = shift
    self.pivot = pivot
    self.slope = slope
    self.offset = offset
  }
}

/// How a tile of a weight gradient reads what it is made of.
///
/// A weight's gradient is the sum, over the pixels of the output, of the output's gradient times the
/// input that the weight saw. A tile is some output channels by some vectors of inputs, each vector
/// at an offset of its own from the input of a pixel.
public struct WeightGradientArguments {
  /// The offset of each vector from the input of an output pixel.
  public var offsets: UnsafePointer<Int>
  /// The rows of pixels.
  public var rows: Int
  /// The pixels of a row.
  public var columns: Int
  /// The distances from row to row, and from pixel to pixel, of the input.
  public var inputRowStep: Int, inputStep: Int
  /// The same of the output's gradient.
  public var gradientRowStep: Int, gradientStep: Int
  /// The distance between the sums of neighboring output channels.
  public var targetStep: Int
  /// Whether the tile's sums are added to what is there.
  public var accumulates = true

  /// Creates arguments; `offsets` must outlive them.
  @inlinable
  public init(
    offsets: UnsafePointer<Int>, rows: Int, columns: Int, inputRowStep: Int, inputStep: Int,
    gradientRowStep: Int, gradientStep: Int, targetStep: Int
  ) {
    self.offsets = offsets
    self.rows = rows
    self.columns = columns
    self.inputRowStep = inputRowStep
    self.inputStep = inputStep
    self.gradientRowStep = gradientRowStep
    self.gradientStep = gradientStep
    self.targetStep = targetStep
  }
}

/// Sums some pixels of a value about the pivots, and the squares: two numbers a channel, which are
/// added to `sums` (all sums, then all squares).
public typealias ChannelSumsFunction =
  @Sendable (
    UnsafePointer<NormalizationArguments>, _ source: UnsafePointer<Float>,
    _ pivot: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Double>
  ) -> Void

/// Normalizes a run of pixels, applies an activation function, and adds the residual, if there is
/// one.
public typealias NormalizationFunction =
  @Sendable (
    UnsafePointer<NormalizationArguments>, UnsafePointer<NormalizationCoefficients>,
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>,
    _ residual: UnsafePointer<Float>?
  ) -> Void

/// Sums the gradient by the normalized value, and its product with the value's distance from the
/// pivot: two numbers a channel, which are added to `sums` (all of the first, then all of the second).
public typealias NormalizationSumsFunction =
  @Sendable (
    UnsafePointer<NormalizationArguments>, UnsafePointer<NormalizationCoefficients>,
    _ source: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Double>
  ) -> Void

/// Computes the gradient by what was normalized; the target may be the source.
public typealias NormalizationGradientFunction =
  @Sendable (
    UnsafePointer<NormalizationArguments>, UnsafePointer<NormalizationCoefficients>,
    _ source: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>
  ) -> Void

/// Computes a tile of a weight gradient.
public typealias WeightGradientFunction =
  @Sendable (
    UnsafePointer<WeightGradientArguments>, _ input: UnsafePointer<Float>,
    _ gradient: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) -> Void

/// The kernels of a normalization that an activation function follows.
public struct NormalizationKernels: Sendable {
  /// The values.
  public let forward: NormalizationFunction
  /// The sums that the gradients are made of.
  public let sums: NormalizationSumsFunction
  /// The gradient by what was normalized.
  public let backward: NormalizationGradientFunction

  /// Creates a set.
  public init(
    forward: @escaping NormalizationFunction, sums: @escaping NormalizationSumsFunction,
    backward: @escaping NormalizationGradientFunction
  ) {
    self.forward = forward
    self.sums = sums
    self.backward = backward
  }
}

/// The kernels that training alone uses.
public struct TrainingKernels: Sendable {
  /// Sums of channels.
  public let channelSums: ChannelSumsFunction
  /// Returns the kernels of a normalization with an activation function behind it, or nil where the
  /// function has no gradient here.
  public let normalization: @Sendable (ActivationKind) -> NormalizationKernels?
  /// Returns the kernel of a tile of a weight gradient, of a number of vectors of inputs and of
  /// output channels, or nil where none of that shape is compiled.
  public let weightGradient: @Sendable (_ vectors: Int, _ rows: Int) -> WeightGradientFunction?
  /// The maximum number of output channels of a tile of one, two and three vectors.
  public let maximumRows: (Int, Int, Int)
  /// The weight gradient of a depthwise convolution: the sums of the gradient times the input at
  /// each of the offsets, a run of channels an offset, `targetStep` apart.
  public let depthwiseWeightGradient:
    @Sendable (
      UnsafePointer<WeightGradientArguments>, _ taps: Int, _ channels: Int,
      _ input: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
      _ target: UnsafeMutablePointer<Float>
    ) -> Void

  /// Creates a set.
  public init(
    channelSums: @escaping ChannelSumsFunction,
    normalization: @escaping @Sendable (ActivationKind) -> NormalizationKernels?,
    maximumRows: (Int, Int, Int),
    weightGradient:
      @escaping @Sendable (_ vectors: Int, _ rows: Int) -> WeightGradientFunction?,
    depthwiseWeightGradient:
      @escaping @Sendable (
        UnsafePointer<WeightGradientArguments>, Int, Int, UnsafePointer<Float>,
        UnsafePointer<Float>, UnsafeMutablePointer<Float>
      ) -> Void
  ) {
    self.channelSums = channelSums
    self.normalization = normalization
    self.maximumRows = maximumRows
    self.weightGradient = weightGradient
    self.depthwiseWeightGradient = depthwiseWeightGradient
  }
}
