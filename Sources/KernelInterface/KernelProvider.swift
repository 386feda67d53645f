/// The kernels that a module compiled for one instruction set gives.
///
/// A new kernel is a requirement here, its implementation in `KernelsBaseline` (whose source the
/// other modules share), and a stored property of `KernelSet`.
public protocol KernelProvider: SendableMetatype {
  /// The floats of a vector.
  static var lanes: Int { get }
  /// The maximum number of pixels of a convolution tile of one, two and three vectors that the registers hold.
  static var maximumRows: (Int, Int, Int) { get }
  /// Returns the micro-kernel of `rows` pixels by `vectors` vectors of channels, or nil where none
  /// of that shape is compiled.
  static func convolutionTile(vectors: Int, rows: Int) -> ConvolutionTileFunction?
  /// Convolves a run of pixels channel by channel.
  static var depthwise: DepthwiseFunction { get }
  /// Adds the residual only.
  static var identity: ActivationFunction { get }
  /// Applies SiLU, then adds the residual.
  static var silu: ActivationFunction { get }
  /// Applies the sigmoid, then adds the residual.
  static var sigmoid: ActivationFunction { get }
  /// Applies ReLU, then adds the residual.
  static var relu: ActivationFunction { get }
  /// Applies ReLU capped at 6, then adds the residual.
  static var relu6: ActivationFunction { get }
  /// Applies the hard swish, then adds the residual.
  static var hardswish: ActivationFunction { get }
  /// Returns the function that applies the leaky ReLU of a slope, then adds the residual.
  static func leakyReLU(slope: Float) -> ActivationFunction
  /// Computes the maximum over a window of pixels.
  static var maximum: MaximumFunction { get }
  /// Sums a window of pixels and divides by a number.
  static var average: AverageFunction { get }
  /// Takes the exponentials of columns of scores, and their sums.
  static var exponentials: ExponentialFunction { get }
  /// Takes a run of 6 × 6 input tiles of a stride-1 convolution to 36 planes.
  static var unitStrideSpread: WinogradSpreadFunction { get }
  /// Takes 36 planes to a run of 4 × 4 output tiles of a stride-1 convolution.
  static var unitStrideGather: WinogradGatherFunction { get }
  /// Takes a run of 9 × 9 input tiles of a stride-2 convolution to 81 planes.
  static var strideTwoSpread: WinogradSpreadFunction { get }
  /// Takes 81 planes to a run of 4 × 4 output tiles of a stride-2 convolution.
  static var strideTwoGather: WinogradGatherFunction { get }
}
