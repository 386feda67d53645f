public import YOLOImage

extension ImageSource {
  /// Creates the source of an image in a file, which is read when it is predicted; its name is the
  /// path.
  ///
  /// Decoding throws as `ImageReader.read(contentsOf:limits:threads:)`.
  public init(path: String, limits: ImageLimits = ImageLimits()) {
    self.init(path) { try ImageReader.read(contentsOf: path, limits: limits) }
  }

  /// Creates the source of an encoded image in memory, in any format that `ImageReader` reads.
  ///
  /// Decoding throws as `ImageReader.decode(_:named:limits:threads:)`.
  public init(bytes: [UInt8], named name: String, limits: ImageLimits = ImageLimits()) {
    self.init(name) { try ImageReader.decode(bytes, named: name, limits: limits) }
  }
}
