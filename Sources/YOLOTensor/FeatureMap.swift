/// A read-only view of a [height, width, channels] activation in memory.
///
/// Channel `c` of pixel (`y`, `x`) is `base[y · rowStride + x · pixelStride + c]`. A view does not own
/// its memory: it is valid as long as the storage that it was taken from, unmoved.
public struct FeatureMap {
  /// The first channel of the top-left pixel.
  public let base: UnsafePointer<Float>
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// The number of channels of a pixel.
  public let channels: Int
  /// The distance between neighboring pixels of a row, in elements.
  public let pixelStride: Int
  /// The distance between neighboring rows, in elements.
  public let rowStride: Int

  /// Creates a view; the strides are in elements.
  public init(
    base: UnsafePointer<Float>, height: Int, width: Int, channels: Int,
    pixelStride: Int, rowStride: Int
  ) {
    self.base = base
    self.height = height
    self.width = width
    self.channels = channels
    self.pixelStride = pixelStride
    self.rowStride = rowStride
  }
}
