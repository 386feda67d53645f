// What the kernels are called with. All distances are in elements.
//
// Structs that modules of several instruction sets share are declared here, in a module for any
// processor: their value witnesses must not be compiled for a wider one.

/// How a convolution tile reads its input; the same for every tile of a step.
///
/// Convolving is summing matrix products over *segments*: runs of input elements that lie
/// contiguous in memory for every output pixel. A 1×1 convolution has one segment, a 3×3 has nine
/// (one a tap), or three where the taps of a row are adjacent.
///
/// Long sums are computed by several calls, each of which accumulates onto the output of those
/// before: one long sum in float32 would lose digits to its own size.
public struct TileArguments {
  /// The offset of each segment from the input of the tile's first pixel.
  public var offsets: UnsafePointer<Int>
  /// The number of segments.
  public var segments: Int
  /// The elements of a segment.
  public var depth: Int
  /// The distance between the inputs of neighboring output pixels.
  public var inputStep: Int
  /// The distance between neighboring output pixels.
  public var outputStep: Int
  /// Whether the tile's sums are added to the output, or replace it.
  public var accumulates = false

  /// Creates arguments; `offsets` must outlive them.
  @inlinable
  public init(
    offsets: UnsafePointer<Int>, segments: Int, depth: Int, inputStep: Int, outputStep: Int
  ) {
    self.offsets = offsets
    self.segments = segments
    self.depth = depth
    self.inputStep = inputStep
    self.outputStep = outputStep
  }
}

/// Where a convolution kernel reads and writes; passed in registers.
public struct ConvolutionOperands {
  /// The input of the first output pixel.
  public var input: UnsafePointer<Float>
  /// The packed weights.
  public var weights: UnsafePointer<Float>
  /// What the sums start from: the bias, or zeros.
  public var bias: UnsafePointer<Float>
  /// The first output pixel.
  public var output: UnsafeMutablePointer<Float>

  /// Creates operands.
  @inlinable
  public init(
    input: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>
  ) {
    self.input = input
    self.weights = weights
    self.bias = bias
    self.output = output
  }
}

/// How a depthwise convolution reads its input.
public struct DepthwiseArguments {
  /// The offset of each tap from the input of an output pixel.
  public var offsets: UnsafePointer<Int>
  /// The number of taps.
  public var taps: Int
  /// The taps of a window's row where they are `inputStep` apart; otherwise 1.
  public var rowTaps: Int
  /// The distance between the weights of neighboring taps.
  public var weightStep: Int
  /// The distance between the inputs of neighboring output pixels.
  public var inputStep: Int
  /// The distance between neighboring output pixels.
  public var outputStep: Int
  /// The number of channels.
  public var channels = 0
  /// The number of output pixels.
  public var pixels = 0

  /// Creates arguments for no channels and no pixels yet; `offsets` must outlive them.
  @inlinable
  public init(
    offsets: UnsafePointer<Int>, taps: Int, rowTaps: Int, weightStep: Int, inputStep: Int,
    outputStep: Int
  ) {
    self.offsets = offsets
    self.taps = taps
    self.rowTaps = rowTaps
    self.weightStep = weightStep
    self.inputStep = inputStep
    self.outputStep = outputStep
  }
}

/// How an activation function passes over a run of pixels, and adds a residual.
public struct ActivationArguments {
  /// The distance between neighboring pixels.
  public var targetStep: Int
  /// The distance between neighboring pixels of the residual.
  public var residualStep: Int
  /// The number of pixels.
  public var pixels: Int
  /// The number of channels.
  public var channels: Int
  /// The numbers that a function has besides its argument, in the order of its definition.
  public var parameters: SIMD4<Float>

  /// Creates arguments.
  @inlinable
  public init(
    targetStep: Int, residualStep: Int, pixels: Int, channels: Int, parameters: SIMD4<Float>
  ) {
    self.targetStep = targetStep
    self.residualStep = residualStep
    self.pixels = pixels
    self.channels = channels
    self.parameters = parameters
  }
}

/// A window of pixels whose maximum or mean is computed, channel by channel.
public struct PoolArguments {
  /// The distance between neighboring rows.
  public var rowStep: Int
  /// The distance between neighboring pixels of a row.
  public var pixelStep: Int
  /// The window's rows, at least 1.
  public var rows: Int
  /// The window's columns, at least 1.
  public var columns: Int
  /// The number of channels.
  public var channels: Int
  /// What a mean divides the sum by; a maximum does not read it.
  public var divisor: Float

  /// Creates arguments.
  @inlinable
  public init(
    rowStep: Int, pixelStep: Int, rows: Int, columns: Int, channels: Int, divisor: Float = 1
  ) {
    self.rowStep = rowStep
    self.pixelStep = pixelStep
    self.rows = rows
    self.columns = columns
    self.channels = channels
    self.divisor = divisor
  }
}

/// Columns of scores; passed in registers.
public struct ExponentialArguments {
  /// The scores, row by row without gaps.
  public var scores: UnsafeMutablePointer<Float>
  /// The number of rows, at least 1.
  public var rows: Int
  /// The number of vectors of a row.
  public var vectors: Int
  /// The sum of each column.
  public var sums: UnsafeMutablePointer<Float>

  /// Creates arguments.
  @inlinable
  public init(
    scores: UnsafeMutablePointer<Float>, rows: Int, vectors: Int,
    sums: UnsafeMutablePointer<Float>
  ) {
    self.scores = scores
    self.rows = rows
    self.vectors = vectors
    self.sums = sums
  }
}

/// Where the pixels and the transform domain of a Winograd transform lie; the same for every tile
/// of a step.
///
/// A *tile* is a square of pixels. In the *transform domain* a tile is one value a channel in each
/// of some *planes*; a plane holds the channels of one tile after those of another.
public struct WinogradArguments {
  /// The distance between neighboring rows of pixels.
  public var rowStep: Int
  /// The distance between neighboring pixels of a row.
  public var pixelStep: Int
  /// The distance between the first pixels of neighboring tiles of a row.
  public var tileStep: Int
  /// The distance between neighboring planes.
  public var planeStep: Int
  /// The distance between neighboring tiles of a plane.
  public var planeTileStep: Int
  /// The number of channels, at least a vector's.
  public var channels: Int

  /// Creates arguments.
  @inlinable
  public init(
    rowStep: Int, pixelStep: Int, tileStep: Int, planeStep: Int, planeTileStep: Int, channels: Int
  ) {
    self.rowStep = rowStep
    self.pixelStep = pixelStep
    self.tileStep = tileStep
    self.planeStep = planeStep
    self.planeTileStep = planeTileStep
    self.channels = channels
  }
}

/// Where a run of tiles, side by side, is read from and written to by a Winograd input transform;
/// passed in registers.
public struct WinogradInputOperands {
  /// The first tile's first pixel.
  public var pixels: UnsafePointer<Float>
  /// The first tile in the first plane.
  public var planes: UnsafeMutablePointer<Float>
  /// The number of tiles.
  public var tiles: Int

  /// Creates operands.
  @inlinable
  public init(pixels: UnsafePointer<Float>, planes: UnsafeMutablePointer<Float>, tiles: Int) {
    self.pixels = pixels
    self.planes = planes
    self.tiles = tiles
  }
}

/// Where a run of tiles, side by side, is read from and written to by a Winograd output transform;
/// passed in registers.
public struct WinogradOutputOperands {
  /// The first tile in the first plane.
  public var planes: UnsafePointer<Float>
  /// The bias, one value a channel.
  public var bias: UnsafePointer<Float>
  /// The first tile's first pixel.
  public var pixels: UnsafeMutablePointer<Float>
  /// The number of tiles.
  public var tiles: Int

  /// Creates operands.
  @inlinable
  public init(
    planes: UnsafePointer<Float>, bias: UnsafePointer<Float>, pixels: UnsafeMutablePointer<Float>,
    tiles: Int
  ) {
    self.planes = planes
    self.bias = bias
    self.pixels = pixels
    self.tiles = tiles
  }
}
