public import YOLOGeometry

/// Why bytes are no image.
public enum PixelBufferError: Error, Equatable, CustomStringConvertible {
  /// A side of no pixels, or of more than `limit`.
  case extent(Size, limit: Int)
  /// Rows that lie closer together than they are long, in bytes.
  case rowStride(Int, least: Int)
  /// Fewer bytes than the rows take.
  case tooShort(bytes: Int, expected: Int)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .extent(let size, let limit):
      "an image's sides must be from 1 to \(limit) pixels, but \(size.width)x\(size.height) were given"
    case .rowStride(let stride, let least):
      "the row stride must be at least the \(least) bytes of a row, but \(stride) was given"
    case .tooShort(let bytes, let expected):
      "the image's rows take \(expected) bytes, but \(bytes) were given"
    }
  }
}
