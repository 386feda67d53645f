public import YOLOImage
public import YOLOOptions
public import YOLOPostprocess

extension Model {
  /// Decodes an image and finds the objects in it.
  ///
  ///     let results = try await model.predict(ImageSource(path: "photo.jpg"))
  ///
  /// - Parameters:
  ///   - source: The image; the results have its name.
  ///   - options: Thresholds and the input size.
  /// - Returns: The results, in pixels of the image.
  /// - Throws: What decoding throws, and as `predict(_:options:source:)`.
  public func predict(
    _ source: ImageSource, options: PredictOptions = .standard
  ) async throws -> Results {
    try await predict(options: options, source: source.name) {
      try source.image(channels: self.channels)
    }
  }

  /// Decodes many images and finds the objects in them; one that fails does not keep the others
  /// from being predicted.
  ///
  ///     for await (source, result) in model.predictions(of: paths.lazy.map { ImageSource(path: $0) }) {
  ///       switch result {
  ///       case .success(let results): print(source, results.count)
  ///       case .failure(let error): print(error)
  ///       }
  ///     }
  ///
  /// Sources are taken from the sequence as outcomes are asked for, and decoded where they are
  /// predicted: at most `RuntimeOptions.concurrency` images, or outcomes of them, are held at once,
  /// however long the sequence is.
  ///
  /// - Parameters:
  ///   - sources: The images; a lazy sequence is never held as a whole. What it does to create the
  ///     next source is done by the task that asks for the next outcome.
  ///   - options: Thresholds and the input size.
  /// - Returns: An outcome for each source, in their order.
  public func predictions<Sources: Sequence>(
    of sources: Sources, options: PredictOptions = .standard
  ) -> PredictionOutcomes<Sources> where Sources.Element == ImageSource {
    PredictionOutcomes(model: self, sources: sources, options: options)
  }
}

/// The outcomes of many images, in their order; `Model.predictions(of:options:)` creates it.
///
/// It does not throw: what failed is in the outcome. In a cancelled task no further source is
/// taken; those that have not begun fail with `CancellationError`.
public struct PredictionOutcomes<Sources: Sequence>: AsyncSequence
where Sources.Element == ImageSource {
  /// The name of a source, and its results, or what decoding or prediction threw.
  public typealias Element = (source: String, result: Result<Results, any Error>)
  /// Nothing is thrown.
  public typealias Failure = Never

  let model: Model
  let sources: Sources
  let options: PredictOptions

  /// Starts at the first source.
  public func makeAsyncIterator() -> Iterator {
    Iterator(model: model, sources: sources.makeIterator(), options: options)
  }

  /// Returns outcome after outcome.
  public struct Iterator: AsyncIteratorProtocol {
    private let model: Model
    private let options: PredictOptions
    private var sources: Sources.Iterator
    private var hasEnded = false
    private var names: [String] = []
    private let underWay = TasksUnderWay()

    init(model: Model, sources: Sources.Iterator, options: PredictOptions) {
      self.model = model
      self.sources = sources
      self.options = options
    }

    /// Returns the next outcome; nil after the last.
    public mutating func next() async -> Element? { await next(isolation: nil) }

    /// Returns the next outcome; nil after the last.
    public mutating func next(isolation actor: isolated (any Actor)?) async -> Element? {
      while !hasEnded, underWay.tasks.count < model.options.concurrency {
        guard !Task.isCancelled, let source = sources.next() else {
          hasEnded = true
          break
        }
        let (model, options) = (model, options)
        names.append(source.name)
        underWay.tasks.append(Task { try await model.predict(source, options: options) })
      }
      let tasks = underWay.tasks
      guard let first = tasks.first else { return nil }
      let result = await withTaskCancellationHandler {
        await first.result
      } onCancel: {
        for task in tasks { task.cancel() }
      }
      underWay.tasks.removeFirst()
      return (names.removeFirst(), result)
    }
  }
}

/// The predictions that an iterator has begun; they are cancelled when nobody asks for them any
/// more.
final class TasksUnderWay {
  var tasks: [Task<Results, any Error>] = []

  func cancel() {
    for task in tasks { task.cancel() }
    tasks = []
  }

  deinit { cancel() }
}
