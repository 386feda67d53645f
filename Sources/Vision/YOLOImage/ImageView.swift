public import YOLOGeometry

/// A rectangle of whole pixels: columns `left..<right` of rows `top..<bottom`.
public struct PixelRectangle: Sendable, Hashable {
  /// The first column.
  public var left: Int
  /// The first row.
  public var top: Int
  /// The column after the last one.
  public var right: Int
  /// The row after the last one.
  public var bottom: Int

  /// Creates a rectangle of its edges.
  public init(left: Int, top: Int, right: Int, bottom: Int) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  /// Creates the smallest rectangle around the part of a box that lies in an image of a size; nil
  /// if there is none.
  public init?(around box: Box, in size: Size) {
    guard box.isFinite else { return nil }
    func pixel(_ edge: Float, _ limit: Int, _ rule: FloatingPointRoundingRule) -> Int {
      Int(min(max(edge, 0), Float(limit)).rounded(rule))
    }
    left = pixel(box.x1, size.width, .down)
    top = pixel(box.y1, size.height, .down)
    right = pixel(box.x2, size.width, .up)
    bottom = pixel(box.y2, size.height, .up)
    guard left < right, top < bottom else { return nil }
  }

  /// The number of columns.
  public var width: Int { right - left }
  /// The number of rows.
  public var height: Int { bottom - top }

  /// Returns the part inside a frame, perhaps empty.
  public func clipped(to frame: PixelRectangle) -> PixelRectangle {
    let left = min(max(left, frame.left), frame.right)
    let top = min(max(top, frame.top), frame.bottom)
    return PixelRectangle(
      left: left, top: top, right: max(left, min(right, frame.right)),
      bottom: max(top, min(bottom, frame.bottom)))
  }
}

/// A borrowed image: 8-bit pixels of somebody else, RGB or of other channels, in rows that may lie
/// apart.
///
/// A view is a pointer, a size and a row stride; it makes crops, tiles and raw camera buffers
/// readable without a copy. It does not keep its pixels: one that an image hands to a closure is
/// valid until the closure returns, and one of a pointer as long as the memory is there and not
/// written to. Several threads may read the same view.
public struct ImageView: @unchecked Sendable {
  /// The first sample of the upper left pixel.
  public let pixels: UnsafePointer<UInt8>
  /// The size in pixels; both sides are at least 1.
  public let size: Size
  /// The samples of a pixel; 3 are R, G, B.
  public let channels: Int
  /// The distance between the first samples of neighboring rows, in bytes, at least
  /// `channels · width`.
  public let rowStride: Int

  /// Creates a view of memory that holds `height` rows of `channels · width` bytes, three channels
  /// being R, G, B, `rowStride` bytes apart; that it does, the caller must know.
  ///
  /// - Throws: `PixelBufferError` for a side less than 1, more than `Image.pixelLimit` pixels, no
  ///   or too many channels, and rows that overlap.
  public init(
    pixels: UnsafePointer<UInt8>, size: Size, rowStride: Int, channels: Int = 3
  ) throws(PixelBufferError) {
    _ = try Image.byteCount(of: size, channels: channels)
    let rowLength = channels * size.width
    guard rowStride >= rowLength else { throw .rowStride(rowStride, minimum: rowLength) }
    // No memory has that many bytes.
    guard !rowStride.multipliedReportingOverflow(by: size.height).overflow else {
      throw .tooShort(bytes: .max, expected: .max)
    }
    self.init(known: pixels, size: size, rowStride: rowStride, channels: channels)
  }

  /// Creates a view of memory whose size and stride are known to be those of an image.
  init(known pixels: UnsafePointer<UInt8>, size: Size, rowStride: Int, channels: Int = 3) {
    precondition(size.width > 0 && size.height > 0, "an image has at least one pixel")
    precondition(
      channels > 0 && rowStride >= channels * size.width, "as many bytes a pixel as channels")
    self.pixels = pixels
    self.size = size
    self.channels = channels
    self.rowStride = rowStride
  }

  /// Creates a view of a buffer of RGB bytes, whose length is checked.
  ///
  /// - Parameters:
  ///   - bytes: The rows, from the top.
  ///   - size: The size in pixels.
  ///   - rowStride: The distance between the first bytes of neighboring rows, in bytes; that of
  ///     rows without anything between them if nil.
  /// - Throws: `PixelBufferError`.
  public init(
    bytes: UnsafeBufferPointer<UInt8>, size: Size, rowStride: Int? = nil
  ) throws(PixelBufferError) {
    let stride = try PixelFormat.rgb.checkedRowStride(
      rowStride, size: size, byteCount: bytes.count)
    guard let pixels = bytes.baseAddress else {
      throw .tooShort(bytes: 0, expected: 3 * size.width * size.height)
    }
    self.init(known: pixels, size: size, rowStride: stride)
  }

  /// The width in pixels.
  public var width: Int { size.width }
  /// The height in pixels.
  public var height: Int { size.height }
  /// All pixels of the view.
  public var bounds: PixelRectangle {
    PixelRectangle(left: 0, top: 0, right: width, bottom: height)
  }

  /// Returns the view of a rectangle, which must not be empty and must lie inside this one.
  public func cropped(to rectangle: PixelRectangle) -> ImageView {
    precondition(
      rectangle.left >= 0 && rectangle.top >= 0 && rectangle.right <= width
        && rectangle.bottom <= height && rectangle.left < rectangle.right
        && rectangle.top < rectangle.bottom, "the rectangle lies in the image")
    return ImageView(
      known: row(rectangle.top) + channels * rectangle.left,
      size: Size(width: rectangle.width, height: rectangle.height), rowStride: rowStride,
      channels: channels)
  }

  /// Returns the first sample of a row.
  package func row(_ y: Int) -> UnsafePointer<UInt8> { pixels + y * rowStride }
}

extension Image {
  /// Calls a closure with a view of the image, which is valid until the closure returns.
  public func withView<Result, Failure: Error>(
    _ body: (ImageView) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try pixels.withUnsafeBufferPointer { buffer throws(Failure) in
      guard let base = buffer.baseAddress else {
        preconditionFailure("an image has at least one pixel")
      }
      return try body(
        ImageView(known: base, size: size, rowStride: channels * width, channels: channels))
    }
  }

  /// Calls a closure with a view of a rectangle of the image, which is valid until the closure
  /// returns.
  ///
  /// - Precondition: The rectangle is not empty and lies inside the image.
  public func withView<Result, Failure: Error>(
    of rectangle: PixelRectangle, _ body: (ImageView) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withView { view throws(Failure) in try body(view.cropped(to: rectangle)) }
  }

  /// Creates an image with a copy of a view's pixels.
  public init(_ view: ImageView) {
    let rowLength = view.channels * view.width
    let count = rowLength * view.height
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      guard let base = target.baseAddress else { return }
      // SAFETY: the view has `rowLength` samples in each row; `count` are written.
      for y in 0..<view.height {
        (base + y * rowLength).initialize(from: view.row(y), count: rowLength)
      }
      initialized = count
    }
    self.init(knownSize: view.size, channels: view.channels, pixels: pixels)
  }
}
