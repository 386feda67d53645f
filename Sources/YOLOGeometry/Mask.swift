/// The pixels of an image that belong to an object.
///
/// Only a rectangle of the image is stored; outside of it nothing belongs to the object.
public struct Mask: Sendable, Hashable {
  /// The extent of the image.
  public let frame: Size
  /// The first column that is stored.
  public let left: Int
  /// The first row that is stored.
  public let top: Int
  /// The number of columns that are stored.
  public let width: Int
  /// The number of rows that are stored.
  public let height: Int
  /// A byte for each stored pixel, row by row: 1 if it belongs to the object, else 0.
  public let pixels: [UInt8]

  /// Creates a mask of a whole image.
  ///
  /// - Parameters:
  ///   - frame: The image's extent.
  ///   - pixels: A byte for each pixel, row by row; all but 0 belong to the object.
  public init(frame: Size, pixels: [UInt8]) {
    self.init(
      frame: frame, left: 0, top: 0, width: frame.width, height: frame.height, pixels: pixels)
  }

  /// Creates a mask of a part of an image, which must lie inside of it.
  ///
  /// - Parameters:
  ///   - frame: The image's extent.
  ///   - left: The part's first column.
  ///   - top: The part's first row.
  ///   - width: The part's number of columns.
  ///   - height: The part's number of rows.
  ///   - pixels: A byte for each pixel of the part, row by row; all but 0 belong to the object.
  public init(frame: Size, left: Int, top: Int, width: Int, height: Int, pixels: [UInt8]) {
    let isBinary = pixels.reduce(0, |) <= 1
    self.init(
      frame: frame, left: left, top: top, width: width, height: height,
      binary: isBinary ? pixels : pixels.map { $0 == 0 ? 0 : 1 })
  }

  /// Creates a mask of a part of an image from bytes that are 0 or 1 each.
  package init(frame: Size, left: Int, top: Int, width: Int, height: Int, binary pixels: [UInt8]) {
    precondition(left >= 0 && top >= 0 && width >= 0 && height >= 0)
    precondition(left <= frame.width - width && top <= frame.height - height)
    precondition(pixels.count == width * height, "a byte for each pixel")
    self.frame = frame
    self.left = left
    self.top = top
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Creates a mask to which no pixel belongs.
  public init(emptyOf frame: Size) {
    self.init(frame: frame, left: 0, top: 0, width: 0, height: 0, pixels: [])
  }

  /// Whether a pixel belongs to the object; false outside of the image.
  public subscript(x: Int, y: Int) -> Bool {
    guard x >= left, y >= top, x < left + width, y < top + height else { return false }
    return pixels[(y - top) * width + x - left] != 0
  }
}
