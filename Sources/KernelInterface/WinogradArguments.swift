/// How a Winograd transform walks its tiles; the same for every tile of a step.
///
/// A *tile* is a square of pixels. In the *transform domain* a tile is one value a channel in each of
/// some *planes*; a plane holds the channels of one tile after those of another. All distances are in
/// elements.
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
  public var productStep: Int
  /// The number of channels, at least a vector's.
  public var channels: Int

  /// Creates a walk.
  public init(
    rowStep: Int, pixelStep: Int, tileStep: Int, planeStep: Int, productStep: Int, channels: Int
  ) {
    self.rowStep = rowStep
    self.pixelStep = pixelStep
    self.tileStep = tileStep
    self.planeStep = planeStep
    self.productStep = productStep
    self.channels = channels
  }
}
