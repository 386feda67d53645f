package import YOLOGeometry
public import YOLOImage

/// Writing of images as JPEG and PNG.
public enum ImageWriter {
  /// Encodes an image as a baseline JPEG file.
  ///
  /// `quality` is 1...100; the defaults are OpenCV's, to the byte. Throws `unencodable`, as for a
  /// side beyond 65500 pixels, or other channels than RGB or gray, which is stored as RGB.
  public static func jpeg(
    _ image: Image, quality: Int = 95, subsampling: ChromaSubsampling = .halved
  ) throws(ImageIOError) -> [UInt8] {
    precondition((1...100).contains(quality), "the quality is 1...100")
    return try JPEGCodec.encode(
      try image.storable(as: .jpeg), quality: quality, subsampling: subsampling)
  }

  /// Encodes an image as a PNG file, without loss.
  ///
  /// Throws `unencodable`, as for a side beyond a million pixels, or other channels than RGB or
  /// gray, which is stored as RGB.
  public static func png(_ image: Image) throws(ImageIOError) -> [UInt8] {
    try PNGCodec.encode(try image.storable(as: .png))
  }

  /// Encodes levels of gray as a PNG file: a byte each, or two with `isWide`, the higher one first.
  package static func png(
    gray levels: [UInt8], size: Size, isWide: Bool = false
  ) throws(ImageIOError) -> [UInt8] {
    try PNGCodec.encode(levels, size: size, bytesPerPixel: isWide ? 2 : 1)
  }

  /// Writes an image to a file in the format of the path's suffix, .jpg or .png.
  ///
  /// Whoever reads the path meanwhile sees the old file or the new one, never a part. `quality` and
  /// `subsampling` are those of JPEG. Throws `unknownSuffix`, `unencodable` or `unwritable`.
  public static func write(
    _ image: Image, to path: String, quality: Int = 95, subsampling: ChromaSubsampling = .halved
  ) throws(ImageIOError) {
    try AtomicOutput.write(
      try encode(image, for: path, quality: quality, subsampling: subsampling), to: path)
  }

  /// Encodes an image in the format of a path's suffix, .jpg or .png.
  package static func encode(
    _ image: Image, for path: String, quality: Int = 95, subsampling: ChromaSubsampling = .halved
  ) throws(ImageIOError) -> [UInt8] {
    switch ImageFormat(suffixOf: path) {
    case .jpeg: try jpeg(image, quality: quality, subsampling: subsampling)
    case .png: try png(image)
    default: throw ImageIOError.unknownSuffix(path: path)
    }
  }
}

extension Image {
  /// Returns the image as RGB, which is what the encoders store.
  fileprivate func storable(as format: ImageFormat) throws(ImageIOError) -> Image {
    guard [1, 3].contains(channels) else {
      throw .unencodable(
        format: format, reason: "it has \(channels) channels, expected 3 of RGB or 1 of gray")
    }
    return rgb
  }
}
