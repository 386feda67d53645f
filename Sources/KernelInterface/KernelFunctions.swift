/// A micro-kernel: convolves one tile of output pixels.
///
/// The arguments are the walk; the input of the first pixel; the packed weights, `vectors · lanes`
/// values for each step of depth in walking order; what the sums start from, `vectors · lanes` values
/// (the bias, or zeros); and the output of the first pixel.
public typealias ConvolutionTileFunction =
  @Sendable (
    UnsafePointer<TileWalk>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
    UnsafeMutablePointer<Float>
  ) -> Void

/// Applies an activation function in place to a run of pixels, then adds a residual.
///
/// The arguments are the first pixel's first channel, the elements from pixel to pixel, the residual
/// of the first pixel or nil, the elements from pixel to pixel there, the number of pixels and the
/// number of channels.
public typealias ActivationFunction =
  @Sendable (UnsafeMutablePointer<Float>, Int, UnsafePointer<Float>?, Int, Int, Int) -> Void

/// Takes the maximum over a window of pixels, channel by channel.
///
/// The arguments are the window's first pixel, the elements from row to row and from pixel to pixel,
/// the window's rows and columns (both at least 1), the target pixel and the number of channels.
public typealias MaximumFunction =
  @Sendable (UnsafePointer<Float>, Int, Int, Int, Int, UnsafeMutablePointer<Float>, Int) -> Void
