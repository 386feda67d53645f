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
  /// - Throws: `CancellationError` if the task is cancelled before the prediction begins; one that
  ///   has begun runs to its end. Else as `predictBlocking(_:options:source:threads:)`.
  public func predict(
    _ image: Image, options: PredictOptions = .standard, source: String = "image"
  ) async throws -> Results {
    try await predict(options: options, source: source) { image }
  }

  /// Decodes an image and finds the objects in it.
  ///
  ///     let results = try await model.predict { try ImageReader.decode(bytes, named: "upload") }
  ///
  /// - Parameters:
  ///   - options: Thresholds and the input size.
  ///   - source: What the results call the image.
  ///   - decode: Creates the image; it may block, and runs where the prediction does.
  /// - Returns: The results, in pixels of the image.
  /// - Throws: What `decode` throws, and as `predict(_:options:source:)`.
  public func predict(
    options: PredictOptions = .standard, source: String = "image",
    decoding decode: @escaping @Sendable () throws -> Image
  ) async throws -> Results {
    try await queue.run { running in
      try self.predictBlocking(
        decode(), options: options, source: source, threads: self.threads(ofEachOf: running))
    }
  }

  /// Finds the objects in several images, those of equal input size together in one run.
  ///
  /// Each result has the same bits as that of the image alone. For images that come one by one, or
  /// that do not fit into memory together, see `predictions(of:options:)`.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - options: Thresholds and the input size.
  ///   - sources: What the results call the images, as many as images; `image 0`, `image 1`, … if
  ///     nil.
  /// - Returns: Results for each image, in their order; their speed is that of a run divided by its
  ///   images.
  /// - Throws: As `predict(_:options:source:)`; a cancelled task ends with the run that has begun.
  public func predict(
    batch images: [Image], options: PredictOptions = .standard, sources: [String]? = nil
  ) async throws -> [Results] {
    precondition(sources == nil || sources?.count == images.count, "a source for each image")
    let batch = try batch(images, options: options, sources: sources ?? Self.sources(images.count))
    return try await withThrowingTaskGroup(of: [(Int, Results)].self) { group in
      for part in batch.parts {
        group.addTask {
          try await self.queue.run { running in
            try self.predictBlocking(part, of: batch, threads: self.threads(ofEachOf: running))
          }
        }
      }
      var results = [Results?](repeating: nil, count: images.count)
      for try await part in group {
        for (index, found) in part { results[index] = found }
      }
      return results.compactMap(\.self)
    }
  }

  /// Finds the objects in a stream of images, in the order of the stream.
  ///
  ///     for try await results in model.predictions(of: camera) { … }
  ///
  /// Images are taken from the stream as predictions are asked for: at most
  /// `RuntimeOptions.concurrency` of them, or predictions made of them, are held at once.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - options: Thresholds and the input size.
  /// - Returns: A sequence of results, those of an image each; sources are `image 0`, `image 1`, ….
  ///   It throws what the stream throws, and as `predict(_:options:source:)`, at the position of
  ///   that image, and ends.
  public func predictions<Images: AsyncSequence>(
    of images: Images, options: PredictOptions = .standard
  ) -> PredictionSequence<Images> where Images.Element == Image {
    PredictionSequence(model: self, images: images, options: options)
  }

  /// The threads of one of several predictions that run at once.
  private func threads(ofEachOf running: Int) -> Int { max(1, options.threads / running) }

  private static func sources(_ count: Int) -> [String] { (0..<count).map { "image \($0)" } }
}
