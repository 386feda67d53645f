public import YOLOImage
import YOLOOptions
public import YOLOPostprocess

/// The results of a stream of images, in its order; `Model.predictions(of:options:)` creates it.
public struct PredictionSequence<Images: AsyncSequence>: AsyncSequence
where Images.Element == Image {
  /// The results of an image.
  public typealias Element = Results

  let model: Model
  let images: Images
  let options: PredictOptions

  /// Starts at the first image.
  public func makeAsyncIterator() -> Iterator {
    Iterator(model: model, images: images.makeAsyncIterator(), options: options)
  }

  /// Returns results after results.
  public struct Iterator: AsyncIteratorProtocol {
    private let model: Model
    private let options: PredictOptions
    private var images: Images.AsyncIterator
    private var hasEnded = false
    private var count = 0
    /// What the stream threw; it is thrown when the predictions before it have been given.
    private var failure: (any Error)?
    private let underWay = TasksUnderWay()

    init(model: Model, images: Images.AsyncIterator, options: PredictOptions) {
      self.model = model
      self.options = options
      self.images = images
    }

    /// Returns the next prediction; nil after the last.
    ///
    /// Cancelling the task cancels the images that have not begun.
    public mutating func next() async throws -> Results? {
      while !hasEnded, underWay.tasks.count < model.options.concurrency {
        do {
          guard let image = try await images.next() else {
            hasEnded = true
            break
          }
          let (model, options, source) = (model, options, "image \(count)")
          count += 1
          underWay.tasks.append(
            Task { try await model.predict(image, options: options, source: source) })
        } catch {
          (hasEnded, failure) = (true, error)
        }
      }
      guard !underWay.tasks.isEmpty else {
        guard let failure else { return nil }
        self.failure = nil
        throw failure
      }
      let tasks = underWay.tasks
      do {
        let prediction = try await withTaskCancellationHandler {
          try await tasks[0].value
        } onCancel: {
          for task in tasks { task.cancel() }
        }
        underWay.tasks.removeFirst()
        return prediction
      } catch {
        hasEnded = true
        failure = nil
        underWay.cancel()
        throw error
      }
    }
  }
}
