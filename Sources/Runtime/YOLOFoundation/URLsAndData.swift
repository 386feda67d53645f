public import Foundation
// `import YOLOFoundation` is all that a program with Foundation needs.
@_exported public import YOLO
@_exported public import YOLOImageIO

extension URL {
  /// The path of the file; nil if the URL is of something else.
  var filePath: String? { isFileURL ? path(percentEncoded: false) : nil }
}

extension Model {
  /// Opens a checkpoint: an Ultralytics `.pt` file, or a safetensors file that `yolo export` wrote.
  ///
  /// - Throws: `YOLOError` of code `unreadable` for a URL that is not of a file, else as
  ///   `init(path:options:)`.
  public convenience init(
    contentsOf url: URL, options: RuntimeOptions = RuntimeOptions()
  ) throws(YOLOError) {
    guard let path = url.filePath else {
      throw YOLOError(.unreadable, "\(url.absoluteString): is not the URL of a file")
    }
    try self.init(path: path, options: options)
  }

  /// Reads a checkpoint from bytes, which are copied; `name` is what errors call it.
  ///
  /// - Throws: As `init(bytes:named:options:)`.
  public convenience init(
    data: Data, named name: String = "the checkpoint", options: RuntimeOptions = RuntimeOptions()
  ) throws(YOLOError) {
    try self.init(bytes: [UInt8](data), named: name, options: options)
  }

  /// Reads the image in a file and finds the objects in it.
  ///
  /// The file is read and decoded where the prediction runs, and blocks no thread of Swift's
  /// concurrency.
  ///
  /// - Parameters:
  ///   - url: The file, in any format that `ImageReader` reads. The results have its path as their
  ///     source.
  ///   - options: Thresholds and the input size.
  ///   - limits: What the image may cost.
  /// - Returns: The results, in pixels of the image.
  /// - Throws: `ImageIOError` for a file that is no image, else as `predict(_:options:source:)`.
  public func predict(
    contentsOf url: URL, options: PredictOptions = .standard, limits: ImageLimits = ImageLimits()
  ) async throws -> Results {
    try await predict(ImageSource(contentsOf: url, limits: limits), options: options)
  }

  /// Reads the images in files and finds the objects in them; one that fails does not keep the
  /// others from being predicted.
  ///
  /// - Parameters:
  ///   - urls: The files; a lazy sequence is never held as a whole.
  ///   - options: Thresholds and the input size.
  ///   - limits: What each image may cost.
  /// - Returns: An outcome for each file, in their order; see `predictions(of:options:)`.
  public func predictions<URLs: Sequence<URL>>(
    contentsOf urls: URLs, options: PredictOptions = .standard,
    limits: ImageLimits = ImageLimits()
  ) -> PredictionOutcomes<LazyMapSequence<URLs, ImageSource>> {
    predictions(
      of: urls.lazy.map { ImageSource(contentsOf: $0, limits: limits) }, options: options)
  }
}

extension Results {
  /// The results as an image of the response of the Ultralytics HUB Inference API: the bytes of
  /// `json`.
  public var jsonData: Data { Data(json.utf8) }
}

extension Image {
  /// Reads the image in a file, in any format that `ImageReader` reads, turned as EXIF says.
  ///
  /// - Throws: `unreadable` for a URL that is not of a file, else as
  ///   `ImageReader.read(contentsOf:limits:threads:)`.
  public init(
    contentsOf url: URL, limits: ImageLimits = ImageLimits(), channels: Int = 3
  ) throws(ImageIOError) {
    guard let path = url.filePath else {
      throw .unreadable(source: url.absoluteString, reason: "it is not the URL of a file")
    }
    self = try ImageReader.read(contentsOf: path, limits: limits, channels: channels)
  }

  /// Decodes an image in memory as `ImageReader` does; `name` is what errors call it.
  ///
  /// - Throws: As `ImageReader.decode(_:named:limits:threads:)`.
  public init(
    data: Data, named name: String = "the image", limits: ImageLimits = ImageLimits(),
    channels: Int = 3
  ) throws(ImageIOError) {
    let result = data.withUnsafeBytes { bytes in
      Result { () throws(ImageIOError) in
        try ImageReader.decode(bytes, named: name, limits: limits, channels: channels)
      }
    }
    self = try result.get()
  }
}

extension ImageSource {
  /// Creates the source of an image in a file, which is read when it is predicted.
  ///
  /// Its name is the path, or the whole URL if that is not of a file.
  public init(contentsOf url: URL, limits: ImageLimits = ImageLimits()) {
    self.init(decoding: url.filePath ?? url.absoluteString) { channels in
      try Image(contentsOf: url, limits: limits, channels: channels)
    }
  }

  /// Creates the source of an encoded image in memory, in any format that `ImageReader` reads.
  public init(data: Data, named name: String, limits: ImageLimits = ImageLimits()) {
    self.init(decoding: name) { channels in
      try Image(data: data, named: name, limits: limits, channels: channels)
    }
  }
}
