public import YOLOGeometry
public import YOLOImage

/// Reading of images of the formats of ``ImageFormat``, as Ultralytics reads them: what OpenCV's
/// `imdecode(…, IMREAD_COLOR)` gives, as RGB, and Pillow for AVIF and HEIC.
///
/// The format goes by the content. TIFF, JPEG 2000, AVIF and HEIC are decoded by system libraries
/// that are looked up when such a file is read. EXIF orientation is applied, so that the image stands upright;
/// gray is replicated, palettes are expanded, alpha is dropped without blending, of 16 bits the
/// high byte stays, color profiles are ignored. Damaged data throw; harmless damage, which OpenCV
/// decodes, is decoded. Everything may be called from several threads at once.
public enum ImageReader {
  /// Reads the image in a regular file.
  ///
  /// `threads` says how many may share the work, see `decode`.
  ///
  /// Throws what `BoundedInput.read(path:maximumBytes:)` and `decode` throw.
  public static func read(
    contentsOf path: String, limits: ImageLimits = ImageLimits(), threads: Int = 1
  ) throws(ImageIOError) -> Image {
    let bytes = try BoundedInput.read(path: path, maximumBytes: limits.maximumBytes)
    return try decode(bytes, named: path, limits: limits, threads: threads)
  }

  /// Reads the size of the upright image in a regular file without decoding its pixels.
  ///
  /// Throws as `read(contentsOf:limits:threads:)` does, but damage beyond the headers is not noticed.
  public static func size(
    contentsOf path: String, limits: ImageLimits = ImageLimits()
  ) throws(ImageIOError) -> Size {
    let bytes = try BoundedInput.read(path: path, maximumBytes: limits.maximumBytes)
    return try bytes.span.withUnsafeBufferPointer { (buffer) throws(ImageIOError) in
      switch try format(of: buffer, named: path, limits: limits) {
      case .jpeg: try JPEGCodec.size(of: buffer, named: path, limits: limits)
      case .png: try PNGCodec.size(of: buffer, named: path, limits: limits)
      case .webp: try WebPCodec.size(of: buffer, named: path, limits: limits)
      case .bmp: try BMPCodec.size(of: buffer, named: path, limits: limits)
      case .gif: try GIFCodec.size(of: buffer, named: path, limits: limits)
      case .pnm: try PNMCodec.size(of: buffer, named: path, limits: limits)
      case .tiff: try TIFFCodec.size(of: buffer, named: path, limits: limits)
      case .jpeg2000: try JPEG2000Codec.size(of: buffer, named: path, limits: limits)
      case .avif: try AVIFCodec.size(of: buffer, named: path, limits: limits)
      case .heic: try HEIFCodec.size(of: buffer, named: path, limits: limits)
      }
    }
  }

  /// Decodes a whole file in memory; errors call it `source`.
  ///
  /// With `threads` of 2 or more, a second thread helps with a large JPEG image of a single scan;
  /// the pixels are the same.
  ///
  /// Throws `empty`, `tooManyBytes`, `unsupportedFormat`, `missingLibrary`, `tooManyPixels`,
  /// `tooManyScans`, `truncated` or `corrupt`.
  public static func decode(
    _ bytes: [UInt8], named source: String, limits: ImageLimits = ImageLimits(), threads: Int = 1
  ) throws(ImageIOError) -> Image {
    try bytes.span.withUnsafeBufferPointer { (buffer) throws(ImageIOError) in
      try decode(buffer, named: source, limits: limits, threads: threads)
    }
  }

  /// Decodes a whole file in memory that is not an array; errors call it `source`.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, named source: String, limits: ImageLimits = ImageLimits(),
    threads: Int = 1
  ) throws(ImageIOError) -> Image {
    // SAFETY: the caller keeps the bytes alive during this call, and none of it escapes.
    try bytes.withMemoryRebound(to: UInt8.self) { (buffer) throws(ImageIOError) in
      try decode(buffer, named: source, limits: limits, threads: threads)
    }
  }

  private static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits, threads: Int
  ) throws(ImageIOError) -> Image {
    switch try format(of: bytes, named: source, limits: limits) {
    case .jpeg: try JPEGCodec.decode(bytes, named: source, limits: limits, threads: threads)
    case .png: try PNGCodec.decode(bytes, named: source, limits: limits)
    case .webp: try WebPCodec.decode(bytes, named: source, limits: limits)
    case .bmp: try BMPCodec.decode(bytes, named: source, limits: limits)
    case .gif: try GIFCodec.decode(bytes, named: source, limits: limits)
    case .pnm: try PNMCodec.decode(bytes, named: source, limits: limits)
    case .tiff: try TIFFCodec.decode(bytes, named: source, limits: limits)
    case .jpeg2000: try JPEG2000Codec.decode(bytes, named: source, limits: limits)
    case .avif: try AVIFCodec.decode(bytes, named: source, limits: limits)
    case .heic: try HEIFCodec.decode(bytes, named: source, limits: limits)
    }
  }

  private static func format(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> ImageFormat {
    guard !bytes.isEmpty else { throw .empty(source: source) }
    guard bytes.count <= limits.maximumBytes else {
      throw .tooManyBytes(source: source, count: bytes.count, maximum: limits.maximumBytes)
    }
    // SAFETY: the caller keeps the bytes alive throughout.
    let span = Span(_unsafeElements: bytes)
    guard let format = ImageFormat(recognizing: span) else {
      throw .unsupportedFormat(source: source, found: foreignFormat(of: span))
    }
    return format
  }
}
