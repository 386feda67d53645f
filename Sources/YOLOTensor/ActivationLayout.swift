/// Where a [height, width, channels] activation lies in an arena, border included.
///
/// Channel `c` of pixel (`y`, `x`) is at `offset + y · rowStride + x · pixelStride + c`, for `y` and `x`
/// from `-border` to the extent plus `border`. The border pixels hold zeros, so that a padded
/// convolution reads them as it reads any pixel. Several activations may share the pixels of one
/// buffer, each with a run of channels of its own: a concatenation is such a buffer.
public struct ActivationLayout: Sendable, Hashable {
  /// The position of the top-left pixel's first channel, in elements.
  public var offset: Int
  /// The number of rows.
  public var height: Int
  /// The number of columns.
  public var width: Int
  /// The number of channels.
  public var channels: Int
  /// The distance between neighboring pixels of a row, in elements.
  public var pixelStride: Int
  /// The distance between neighboring rows, in elements.
  public var rowStride: Int
  /// The width of the zero border on each side, in pixels.
  public var border: Int

  /// Lays out a buffer of its own at the start of an arena.
  public init(height: Int, width: Int, channels: Int, pixelStride: Int, border: Int) {
    self.height = height
    self.width = width
    self.channels = channels
    self.pixelStride = pixelStride
    self.border = border
    rowStride = (width + 2 * border) * pixelStride
    offset = border * (rowStride + pixelStride)
  }

  /// The elements from the first border pixel to the last, for a buffer of its own.
  public var extent: Int { (height + 2 * border) * rowStride }

  /// Returns the layout moved by `distance` elements.
  public func moved(by distance: Int) -> ActivationLayout {
    var layout = self
    layout.offset += distance
    return layout
  }

  /// Returns the layout of a run of the channels.
  public func slice(channels range: Range<Int>) -> ActivationLayout {
    precondition(range.lowerBound >= 0 && range.upperBound <= channels)
    var layout = self
    layout.offset += range.lowerBound
    layout.channels = range.count
    return layout
  }

  /// Returns a view of this activation in the arena that starts at `arena`.
  public func map(in arena: UnsafePointer<Float>) -> FeatureMap {
    FeatureMap(
      base: arena + offset, height: height, width: width, channels: channels,
      pixelStride: pixelStride, rowStride: rowStride)
  }
}
