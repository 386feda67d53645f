/// The kernels that a module compiled for one instruction set gives.
///
/// A new kernel is a requirement here, its implementation in `KernelsBaseline` (whose source the
/// other modules share), and a stored property of `KernelSet`.
public protocol KernelProvider: SendableMetatype {
  /// The floats of a vector.
  static var lanes: Int { get }
  /// The most pixels of a convolution tile of one, two and three vectors that the registers hold.
  static var maximumRows: (Int, Int, Int) { get }
  /// Returns the micro-kernel of `rows` pixels by `vectors` vectors of channels, or nil where none
  /// of that shape is compiled.
  static func convolutionTile(vectors: Int, rows: Int) -> ConvolutionTileFunction?
  /// Adds the residual only.
  static var identity: ActivationFunction { get }
  /// Applies SiLU, then adds the residual.
  static var silu: ActivationFunction { get }
  /// Takes the maximum over a window of pixels.
  static var maximum: MaximumFunction { get }
}
