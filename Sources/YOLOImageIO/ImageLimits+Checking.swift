import YOLOGeometry

extension ImageLimits {
  /// Throws unless a header's size is that of an image within the limits.
  func check(_ size: Size, of source: String, format: ImageFormat) throws(ImageIOError) {
    guard size.width > 0, size.height > 0 else {
      throw .corrupt(
        source: source, format: format,
        reason: "the header names \(size.width)×\(size.height) pixels")
    }
    let maximum = min(maximumPixels, 1 << 30)
    let (pixels, overflow) = size.width.multipliedReportingOverflow(by: size.height)
    guard !overflow, pixels <= maximum else {
      throw .tooManyPixels(source: source, size: size, maximum: maximum)
    }
  }
}
