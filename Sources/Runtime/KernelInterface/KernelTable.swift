/// A micro-kernel: convolves one tile of output pixels.
///
/// The weights are `vectors · lanes` values for each step of depth, segment by segment; the bias is
/// `vectors · lanes` values.
public typealias ConvolutionTileFunction =
  @Sendable (UnsafePointer<TileArguments>, ConvolutionOperands) -> Void

/// Convolves a run of pixels channel by channel.
///
/// The weights lie `weightStep` apart from tap to tap. Weights and bias have a whole vector from
/// the first channel on.
public typealias DepthwiseFunction =
  @Sendable (UnsafePointer<DepthwiseArguments>, ConvolutionOperands) -> Void

/// Applies an activation function in place from the target's first pixel on, then adds the
/// residual, if there is one.
public typealias ActivationFunction =
  @Sendable (UnsafePointer<ActivationArguments>, UnsafeMutablePointer<Float>, UnsafePointer<Float>?)
  -> Void

/// Reduces a window, from its first pixel on, to the target pixel.
public typealias PoolFunction =
  @Sendable (UnsafePointer<PoolArguments>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) ->
  Void

/// Replaces columns of scores by e to the power of their distance to the column's maximum, and
/// writes the sums of these.
public typealias ExponentialFunction = @Sendable (ExponentialArguments) -> Void

/// Transforms a run of input tiles to the transform domain of a Winograd convolution.
public typealias WinogradInputFunction =
  @Sendable (UnsafePointer<WinogradArguments>, WinogradInputOperands) -> Void

/// Transforms a run of tiles from the transform domain to 4 × 4 output pixels each, and adds the
/// bias.
public typealias WinogradOutputFunction =
  @Sendable (UnsafePointer<WinogradArguments>, WinogradOutputOperands) -> Void

/// The activation functions that have a kernel.
public enum ActivationKind {
  case identity, silu, sigmoid, relu, relu6, leakyReLU, hardswish
  case mish, gelu, tanhGELU, tanh, softplus, logSigmoid, elu, clamp, hardsigmoid, softsign
  case softshrink, hardshrink, tanhshrink, threshold, exponential, adaptiveSigmoid
}

/// The reductions of a window that have a kernel.
///
/// A mean is computed row by row, so that a long sum is one of short ones.
public enum PoolKind {
  case maximum, average
}

/// The two transforms of a form of Winograd convolution.
public struct WinogradTransforms: Sendable {
  /// From input pixels to the transform domain.
  public let input: WinogradInputFunction
  /// From the transform domain to output pixels.
  public let output: WinogradOutputFunction

  /// Creates a pair.
  public init(input: @escaping WinogradInputFunction, output: @escaping WinogradOutputFunction) {
    self.input = input
    self.output = output
  }
}

/// The kernels that a module compiled for one instruction set has.
///
/// A kernel is registered once, in `InstructionSetKernels.table`, whose source the modules share:
/// one more activation or reduction is a case above and its body there, one more family a member
/// here.
public struct KernelTable: Sendable {
  /// The floats of a vector.
  public let lanes: Int
  /// The maximum number of pixels of a convolution tile of one, two and three vectors that the
  /// registers hold.
  public let maximumRows: (Int, Int, Int)
  /// Returns the micro-kernel of a number of vectors of channels and of pixels, or nil where none
  /// of that shape is compiled.
  public let convolutionTile: @Sendable (_ vectors: Int, _ rows: Int) -> ConvolutionTileFunction?
  /// The depthwise convolution.
  public let depthwise: DepthwiseFunction
  /// Returns the kernel of an activation function.
  public let activation: @Sendable (ActivationKind) -> ActivationFunction
  /// Returns the kernel of a reduction.
  public let pool: @Sendable (PoolKind) -> PoolFunction
  /// The exponentials of a softmax.
  public let exponentials: ExponentialFunction
  /// 6 × 6 input tiles to 36 planes, for stride 1.
  public let unitStride: WinogradTransforms
  /// 9 × 9 input tiles to 81 planes, for stride 2.
  public let strideTwo: WinogradTransforms

  /// Creates a table.
  public init(
    lanes: Int, maximumRows: (Int, Int, Int),
    convolutionTile:
      @escaping @Sendable (_ vectors: Int, _ rows: Int) -> ConvolutionTileFunction?,
    depthwise: @escaping DepthwiseFunction,
    activation: @escaping @Sendable (ActivationKind) -> ActivationFunction,
    pool: @escaping @Sendable (PoolKind) -> PoolFunction,
    exponentials: @escaping ExponentialFunction, unitStride: WinogradTransforms,
    strideTwo: WinogradTransforms
  ) {
    self.lanes = lanes
    self.maximumRows = maximumRows
    self.convolutionTile = convolutionTile
    self.depthwise = depthwise
    self.activation = activation
    self.pool = pool
    self.exponentials = exponentials
    self.unitStride = unitStride
    self.strideTwo = strideTwo
  }
}
