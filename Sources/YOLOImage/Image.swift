public import YOLOGeometry

/// An image of 8-bit RGB pixels: interleaved, row-major, top row first, no padding between rows.
public struct Image: Sendable, Equatable {
  /// The extent in pixels; both sides are at least 1.
  public let size: Size
  /// The samples, `3 · width · height` bytes in the order R, G, B.
  public let pixels: [UInt8]

  /// The horizontal extent in pixels.
  public var width: Int { size.width }
  /// The vertical extent in pixels.
  public var height: Int { size.height }

  /// Creates an image from `3 · width · height` interleaved RGB bytes.
  public init(size: Size, pixels: [UInt8]) {
    precondition(size.width > 0 && size.height > 0, "an image has at least one pixel")
    precondition(pixels.count == 3 * size.width * size.height, "three bytes a pixel")
    self.size = size
    self.pixels = pixels
  }

  /// Creates an image of one gray level.
  public init(size: Size, gray: UInt8) {
    self.init(size: size, pixels: [UInt8](repeating: gray, count: 3 * size.width * size.height))
  }
}
