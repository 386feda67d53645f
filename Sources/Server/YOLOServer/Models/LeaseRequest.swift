#if Server
import Synchronization
package import YOLO

/// Somebody who waits for a model to be loaded, until it is or the task is cancelled.
final class LeaseRequest: Sendable {
  typealias Answer = Result<ModelLease, APIError>

  /// What a request is told that nobody waits for any more.
  static let ended = APIError.unavailable("The request ended before its model was loaded.")

  private enum State {
    case new
    case waiting(CheckedContinuation<Answer, Never>)
    case answered(Answer?)
  }

  private let state = Mutex(State.new)

  /// Whether nobody waits any more.
  var isAnswered: Bool {
    state.withLock { state in
      if case .answered = state { true } else { false }
    }
  }

  /// Waits for the answer.
  var answer: Answer {
    get async {
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let early = state.withLock { state -> Answer? in
            defer {
              state = if case .answered = state { .answered(nil) } else { .waiting(continuation) }
            }
            if case .answered(let answer) = state { return answer }
            return nil
          }
          if let early { continuation.resume(returning: early) }
        }
      } onCancel: {
        answer(.failure(Self.ended))
      }
    }
  }

  /// Answers, unless that was done already.
  func answer(_ answer: Answer) {
    let waiting = state.withLock { state -> CheckedContinuation<Answer, Never>? in
      switch state {
      case .new:
        state = .answered(answer)
        return nil
      case .waiting(let continuation):
        state = .answered(nil)
        return continuation
      case .answered: return nil
      }
    }
    waiting?.resume(returning: answer)
  }
}

/// A model that stays loaded as long as this object lives, whatever happens to its file.
package final class ModelLease: Sendable {
  /// The model.
  package let model: Model
  /// The name of the model in answers.
  package let name: String
  /// The name of its file.
  package let fileName: String
  /// The task, as Ultralytics names it.
  package let task: String

  private let end: @Sendable () -> Void

  init(
    _ model: Model, name: String, fileName: String, task: String,
    end: @escaping @Sendable () -> Void
  ) {
    self.model = model
    self.name = name
    self.fileName = fileName
    self.task = task
    self.end = end
  }

  deinit { end() }
}
#endif
