import YOLOGeometry

/// What an image may cost; checked on the file's header, before anything is allocated for pixels.
///
/// The image takes 3 bytes a pixel; of more than three channels it may have as many fewer pixels.
/// What decoding needs besides, at most, for each pixel: 3 bytes for a quarter turn by EXIF, 2 for
/// each component of a progressive JPEG, 4 for CMYK, 4 for lossless WebP, 8 for animated WebP, 1
/// for GIF, 4 and a tile or strip for TIFF, 16 for JPEG 2000, some 20 for AVIF, some 12 for HEIC.
public struct ImageLimits: Sendable, Hashable {
  /// The largest file, in bytes.
  public var maximumBytes: Int
  /// The largest image, in pixels; never more than 2³⁰, as in OpenCV, whatever stands here.
  public var maximumPixels: Int
  /// The largest number of scans of a JPEG file; each is a pass over all its pixels.
  public var maximumScans: Int

  /// Creates limits; the defaults are files of 256 MiB, 100 million pixels and 100 scans.
  public init(
    maximumBytes: Int = 256 << 20, maximumPixels: Int = 100_000_000, maximumScans: Int = 100
  ) {
    precondition(maximumBytes >= 0 && maximumPixels >= 0 && maximumScans >= 0)
    self.maximumBytes = maximumBytes
    self.maximumPixels = maximumPixels
    self.maximumScans = maximumScans
  }
}

extension ImageLimits {
  /// Throws unless a header's size is that of an image within the limits.
  func check(
    _ size: Size, of source: String, format: ImageFormat, channels: Int = 3
  ) throws(ImageIOError) {
    guard size.width > 0, size.height > 0 else {
      throw .corrupt(
        source: source, format: format,
        reason: "the header names \(size.width)×\(size.height) pixels")
    }
    let maximum = min(maximumPixels, 1 << 30) * 3 / max(channels, 3)
    let (pixels, overflow) = size.width.multipliedReportingOverflow(by: size.height)
    guard !overflow, pixels <= maximum else {
      throw .tooManyPixels(source: source, size: size, maximum: maximum)
    }
  }
}
