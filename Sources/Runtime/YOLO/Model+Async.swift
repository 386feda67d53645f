public import YOLOImage
public import YOLOOptions
public import YOLOPostprocess

/// Predictions that are awaited.
///
/// They run on threads of the model's own, at most `RuntimeOptions.concurrency` at once, and never
/// block a thread of Swift's concurrency. One alone has all of the model's threads, several at once
/// share them; results do not depend on it.
extension Model {
  /// Finds the objects in an image.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - options: Thresholds and the input size.
  ///   - source: What the results call the image.
  /// - Returns: The results, in pixels of the image.
  /// - Throws: `CancellationError` if the task is cancelled before the prediction begins; one that has
  ///   begun runs to its end. Else as `predict(_:options:source:threads:)`.
  public func prediction(
    of image: Image, options: PredictOptions = .standard, source: String = "image"
  ) async throws -> Results {
    try await prediction(options: options, source: source) { image }
  }

  /// Decodes an image and finds the objects in it.
  ///
  ///     let prediction = try await model.prediction { try ImageReader.decode(bytes) }
  ///
  /// - Parameters:
  ///   - options: Thresholds and the input size.
  ///   - source: What the results call the image.
  ///   - decode: Makes the image; it may block, and runs where the prediction does.
  /// - Returns: The results, in pixels of the image.
  /// - Throws: What `decode` throws, and as `prediction(of:options:source:)`.
  public func prediction(
    options: PredictOptions = .standard, source: String = "image",
    decoding decode: @escaping @Sendable () throws -> Image
  ) async throws -> Results {
    try await queue.run { running in
      try self.predict(
        decode(), options: options, source: source,
        threads: max(1, self.options.threads / running))
    }
  }

  /// Finds the objects in several images, several at once.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - options: Thresholds and the input size.
  /// - Returns: The results in the order of the images; sources are `image 0`, `image 1`, ….
  /// - Throws: As `prediction(of:options:source:)`; images that have not begun then never do.
  public func predictions(
    of images: [Image], options: PredictOptions = .standard
  ) async throws -> [Results] {
    try await withThrowingTaskGroup(of: (Int, Results).self) { group in
      for (index, image) in images.enumerated() {
        group.addTask {
          (
            index,
            try await self.prediction(of: image, options: options, source: "image \(index)")
          )
        }
      }
      var predictions = [Results?](repeating: nil, count: images.count)
      for try await (index, prediction) in group { predictions[index] = prediction }
      return predictions.compactMap(\.self)
    }
  }

  /// Finds the objects in a stream of images, in the order of the stream.
  ///
  ///     for try await prediction in model.predictions(of: camera) { … }
  ///
  /// Images are taken from the stream as predictions are asked for: at most
  /// `RuntimeOptions.concurrency` of them, or predictions made of them, are held at once.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - options: Thresholds and the input size.
  /// - Returns: A sequence of a prediction an image; sources are `image 0`, `image 1`, …. It throws what
  ///   the stream throws, and as `prediction(of:options:source:)`, at that image's place, and ends.
  public func predictions<Images: AsyncSequence>(
    of images: Images, options: PredictOptions = .standard
  ) -> PredictionSequence<Images> where Images.Element == Image {
    PredictionSequence(model: self, images: images, options: options)
  }
}
