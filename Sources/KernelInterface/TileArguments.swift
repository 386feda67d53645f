/// How a convolution tile walks its input; the same for every tile of a step.
///
/// Convolving is summing matrix products over *segments*: runs of input elements that lie contiguous
/// in memory for every output pixel. A 1×1 convolution has one segment, a 3×3 has nine (one a tap),
/// or three where the taps of a row are adjacent. All distances are in elements.
///
/// Long sums are taken in several walks, each added to what the walks before gave: one long sum in
/// float32 would lose digits to its own size.
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

  /// Creates a walk; `offsets` must outlive it.
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
