public import YOLOGeometry
public import YOLOImage

/// Reading of images of the formats of ``ImageFormat``, as Ultralytics reads them: what OpenCV's
/// `imdecode(…, IMREAD_COLOR)` gives, as RGB, and Pillow for AVIF and HEIC.
///
/// A model may take other images than RGB; what reads for it is told its number of channels. One
/// channel is gray, as `IMREAD_GRAYSCALE` computes it for the format: of JPEG it is the luminance
/// of the file. Any other number must be that of the file, whose channels keep their order: pages
/// of one sample, or the samples of a page, of TIFF; the last axis of a NumPy array; and blue,
/// green, red and alpha of PNG, WebP and TIFF with alpha.
///
/// The format goes by the content. TIFF, JPEG 2000, AVIF and HEIC are decoded by system libraries
/// that are looked up when such a file is read. EXIF orientation is applied, so that the image
/// stands upright; gray is replicated, palettes are expanded, alpha is dropped without blending, of
/// 16 bits the high byte stays, color profiles are ignored. Damaged data throw; harmless damage,
/// which OpenCV decodes, is decoded. Everything may be called from several threads at once.
public enum ImageReader {
  /// Reads the image in a regular file.
  ///
  /// `threads` says how many may share the work, see `decode`; `channels` are those of the image.
  ///
  /// Throws what `BoundedInput.read(path:maximumBytes:)` and `decode` throw.
  public static func read(
    contentsOf path: String, limits: ImageLimits = ImageLimits(), threads: Int = 1,
    channels: Int = 3
  ) throws(ImageIOError) -> Image {
    let bytes = try BoundedInput.read(path: path, maximumBytes: limits.maximumBytes)
    return try decode(
      bytes, named: path, limits: limits, threads: threads, channels: channels)
  }

  /// Reads the size of the upright image in a regular file without decoding its pixels, as it is
  /// read with `channels`.
  ///
  /// Throws as `read(contentsOf:limits:threads:)` does, but damage beyond the headers is not
  /// noticed.
  public static func size(
    contentsOf path: String, limits: ImageLimits = ImageLimits(), channels: Int = 3
  ) throws(ImageIOError) -> Size {
    let bytes = try BoundedInput.read(path: path, maximumBytes: limits.maximumBytes)
    return try bytes.span.withUnsafeBufferPointer { (buffer) throws(ImageIOError) in
      switch try format(of: buffer, named: path, limits: limits) {
      case .jpeg: try JPEGCodec.size(of: buffer, named: path, limits: limits)
      case .png: try PNGCodec.size(of: buffer, named: path, limits: limits, channels: channels)
      case .webp:
        try WebPCodec.size(of: buffer, named: path, limits: limits, channels: channels)
      case .bmp: try BMPCodec.size(of: buffer, named: path, limits: limits)
      case .gif: try GIFCodec.size(of: buffer, named: path, limits: limits)
      case .pnm: try PNMCodec.size(of: buffer, named: path, limits: limits)
      case .tiff: try TIFFCodec.size(of: buffer, named: path, limits: limits)
      case .jpeg2000: try JPEG2000Codec.size(of: buffer, named: path, limits: limits)
      case .avif: try AVIFCodec.size(of: buffer, named: path, limits: limits)
      case .heic: try HEIFCodec.size(of: buffer, named: path, limits: limits)
      case .numpy: try NumpyCodec.size(of: buffer, named: path, limits: limits)
      }
    }
  }

  /// Decodes a whole file in memory; errors call it `source`.
  ///
  /// With `threads` of 2 or more, a second thread helps with a large JPEG image of a single scan;
  /// the pixels are the same.
  ///
  /// Throws `empty`, `tooManyBytes`, `unsupportedFormat`, `missingLibrary`, `tooManyPixels`,
  /// `tooManyScans`, `truncated`, `corrupt`, or `channels` for an image that has others.
  public static func decode(
    _ bytes: [UInt8], named source: String, limits: ImageLimits = ImageLimits(), threads: Int = 1,
    channels: Int = 3
  ) throws(ImageIOError) -> Image {
    try bytes.span.withUnsafeBufferPointer { (buffer) throws(ImageIOError) in
      try decode(buffer, named: source, limits: limits, threads: threads, channels: channels)
    }
  }

  /// Decodes a whole file in memory that is not an array; errors call it `source`.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, named source: String, limits: ImageLimits = ImageLimits(),
    threads: Int = 1, channels: Int = 3
  ) throws(ImageIOError) -> Image {
    // SAFETY: the caller keeps the bytes alive during this call, and none of it escapes.
    try bytes.withMemoryRebound(to: UInt8.self) { (buffer) throws(ImageIOError) in
      try decode(buffer, named: source, limits: limits, threads: threads, channels: channels)
    }
  }

  private static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits, threads: Int,
    channels: Int
  ) throws(ImageIOError) -> Image {
    precondition(channels >= 1, "an image has a channel")
    let format = try format(of: bytes, named: source, limits: limits)
    switch format {
    case .png:
      return try PNGCodec.decode(bytes, named: source, limits: limits, channels: channels)
    case .webp:
      return try WebPCodec.decode(bytes, named: source, limits: limits, channels: channels)
    case .tiff:
      return try TIFFCodec.decode(bytes, named: source, limits: limits, channels: channels)
    case .numpy:
      return try NumpyCodec.decode(bytes, named: source, limits: limits, channels: channels)
    case .jpeg, .bmp, .gif, .pnm, .jpeg2000, .avif, .heic:
      guard channels == 1 || channels == 3 else {
        throw .channels(source: source, found: nil, expected: channels)
      }
    }
    if format == .jpeg {
      return try JPEGCodec.decode(
        bytes, named: source, limits: limits, threads: threads, isGray: channels == 1)
    }
    let (image, weights): (Image, GrayWeights) =
      switch format {
      case .bmp: try BMPCodec.decode(bytes, named: source, limits: limits)
      case .gif: (try GIFCodec.decode(bytes, named: source, limits: limits), .fifteenBits)
      case .pnm: (try PNMCodec.decode(bytes, named: source, limits: limits), .fourteenBits)
      case .jpeg2000:
        (try JPEG2000Codec.decode(bytes, named: source, limits: limits), .fifteenBits)
      case .avif: (try AVIFCodec.decode(bytes, named: source, limits: limits), .fifteenBits)
      default: (try HEIFCodec.decode(bytes, named: source, limits: limits), .fifteenBits)
      }
    return channels == 1 ? image.gray(weights) : image
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
