/// Where a [height, width, channels] activation lies in an arena, border included.
///
/// Channel `c` of pixel (`y`, `x`) is at `offset + y · rowStride + x · pixelStride + c`, for `y`
/// and `x` from `-border` to the size plus `border`. The border pixels hold zeros, so that a padded
/// convolution reads them as it reads any pixel. Several activations may share the pixels of one
/// buffer, each with a run of channels of its own: a concatenation is such a buffer.
public struct ActivationLayout: Sendable, Hashable, BitwiseCopyable {
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
  /// The type of the elements.
  public var element: ElementType

  /// Lays out a buffer of its own at the start of an arena.
  public init(
    height: Int, width: Int, channels: Int, pixelStride: Int, border: Int,
    element: ElementType = .float32
  ) {
    self.height = height
    self.width = width
    self.channels = channels
    self.pixelStride = pixelStride
    self.border = border
    self.element = element
    rowStride = (width + 2 * border) * pixelStride
    offset = border * (rowStride + pixelStride)
  }

  /// The elements from the first border pixel to the last, for a buffer of its own.
  public var elementCount: Int { (height + 2 * border) * rowStride }

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

  /// Returns a view of this activation, which has elements of float32, in the arena that starts at
  /// `arena`.
  public func map(in arena: UnsafeRawPointer) -> FeatureMap {
    precondition(element == .float32)
    // SAFETY: what an arena holds at a layout of float32 is written and read as such only.
    return FeatureMap(
      base: arena.assumingMemoryBound(to: Float.self) + offset, height: height, width: width,
      channels: channels,
      pixelStride: pixelStride, rowStride: rowStride)
  }
}

extension ActivationLayout {
  /// Writes zeros into the border pixels beside the given rows, and above or below them where they
  /// are the first or the last.
  public func clearBorder(rows: Range<Int>, arena: UnsafeMutableRawPointer) {
    guard border > 0 else { return }
    let size = element.size
    // SAFETY: a layout's border pixels belong to its buffer.
    func clear(y: Int, x: Range<Int>) {
      for column in x {
        let pixel = arena + (offset + y * rowStride + column * pixelStride) * size
        pixel.initializeMemory(as: UInt8.self, repeating: 0, count: channels * size)
      }
    }
    if rows.lowerBound == 0 {
      for y in -border..<0 { clear(y: y, x: -border..<width + border) }
    }
    for y in rows {
      clear(y: y, x: -border..<0)
      clear(y: y, x: width..<width + border)
    }
    if rows.upperBound == height {
      for y in height..<height + border { clear(y: y, x: -border..<width + border) }
    }
  }
}

/// A read-only view of a [height, width, channels] activation in memory.
///
/// Channel `c` of pixel (`y`, `x`) is `base[y · rowStride + x · pixelStride + c]`. A view does not
/// own its memory: it is valid as long as the storage that it was taken from, unmoved.
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
