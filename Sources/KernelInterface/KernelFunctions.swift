/// A micro-kernel: convolves one tile of output pixels.
///
/// The arguments are the walk; the input of the first pixel; the packed weights, `vectors · lanes`
/// values for each step of depth in walking order; what the sums start from, `vectors · lanes` values
/// (the bias, or zeros); and the output of the first pixel.
public typealias ConvolutionTileFunction =
  @Sendable (
    UnsafePointer<TileArguments>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
    UnsafeMutablePointer<Float>
  ) -> Void

/// Convolves a run of pixels channel by channel.
///
/// The arguments are the walk; the input of the first pixel; the weights, a walk's `weightStep` from
/// tap to tap; the bias; the output of the first pixel; and the number of pixels. Weights and bias
/// have a whole vector from the first channel on.
public typealias DepthwiseFunction =
  @Sendable (
    UnsafePointer<DepthwiseArguments>, UnsafePointer<Float>, UnsafePointer<Float>,
    UnsafePointer<Float>,
    UnsafeMutablePointer<Float>, Int
  ) -> Void

/// Applies an activation function in place to a run of pixels, then adds a residual.
///
/// The arguments are the first pixel's first channel, the elements from pixel to pixel, the residual
/// of the first pixel or nil, the elements from pixel to pixel there, the number of pixels and the
/// number of channels.
public typealias ActivationFunction =
  @Sendable (UnsafeMutablePointer<Float>, Int, UnsafePointer<Float>?, Int, Int, Int) -> Void

/// Computes the maximum over a window of pixels, channel by channel.
///
/// The arguments are the window's first pixel, the elements from row to row and from pixel to pixel,
/// the window's rows and columns (both at least 1), the target pixel and the number of channels.
public typealias MaximumFunction =
  @Sendable (UnsafePointer<Float>, Int, Int, Int, Int, UnsafeMutablePointer<Float>, Int) -> Void

/// Sums a window of pixels, channel by channel, and divides by a number.
///
/// The arguments are those of `MaximumFunction`, then the divisor.
public typealias AverageFunction =
  @Sendable (UnsafePointer<Float>, Int, Int, Int, Int, UnsafeMutablePointer<Float>, Int, Float) ->
  Void

/// Replaces columns of scores by e to the power of their distance to the column's maximum, and gives
/// the sums of these.
///
/// The arguments are the scores, whose rows lie side by side and have an integer of vectors; the
/// number of rows, at least 1; the number of vectors of a row; and the sums, one for each column.
public typealias ExponentialFunction =
  @Sendable (UnsafeMutablePointer<Float>, Int, Int, UnsafeMutablePointer<Float>) -> Void

/// Takes a run of input tiles, side by side, to the transform domain of a Winograd convolution.
///
/// The arguments are the walk, whose pixels are the input's; the first tile's first pixel; the first
/// tile in the first plane; and the number of tiles.
public typealias WinogradSpreadFunction =
  @Sendable (
    UnsafePointer<WinogradArguments>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int
  ) -> Void

/// Takes a run of tiles from the transform domain to 4 × 4 output pixels each, and adds the bias.
///
/// The arguments are the walk, whose pixels are the output's; the first tile in the first plane; the
/// bias, one value a channel; the first tile's first pixel; and the number of tiles.
public typealias WinogradGatherFunction =
  @Sendable (
    UnsafePointer<WinogradArguments>, UnsafePointer<Float>, UnsafePointer<Float>,
    UnsafeMutablePointer<Float>, Int
  ) -> Void
