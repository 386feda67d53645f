#if Server
import Synchronization

/// One piece of work, and the caller that waits for it; it ends once, however many try.
final class QueueJob<Value: Sendable>: Sendable {
  let ticket = QueueTicket()
  private let state = Mutex(State.new)

  private enum State {
    case new
    case awaited(CheckedContinuation<Value, any Error>)
    case ended(Result<Value, any Error>)
    case delivered
  }

  /// Hands over the caller; it is resumed at once if the work has ended already.
  func await(_ continuation: CheckedContinuation<Value, any Error>) {
    let result: Result<Value, any Error>? = state.withLock {
      if case .ended(let result) = $0 {
        $0 = .delivered
        return result
      }
      $0 = .awaited(continuation)
      return nil
    }
    if let result { continuation.resume(with: result) }
  }

  /// Ends the work; only the first call counts.
  func end(_ result: Result<Value, any Error>) {
    ticket.abandon()
    let continuation: CheckedContinuation<Value, any Error>? = state.withLock {
      switch $0 {
      case .new:
        $0 = .ended(result)
        return nil
      case .awaited(let continuation):
        $0 = .delivered
        return continuation
      case .ended, .delivered:
        return nil
      }
    }
    continuation?.resume(with: result)
  }
}

/// Tells work that is under way whether anybody waits for its result, and how much of the machine it may
/// take.
package final class QueueTicket: Sendable {
  private let state = Atomic(false)
  private let fraction = Atomic(1)

  /// The threads that the work may use: all processors if nothing else is to be done, else its part of them.
  package var threads: Int { fraction.load(ordering: .relaxed) }

  /// Whether the caller has gone, or its time is up.
  package var isAbandoned: Bool { state.load(ordering: .relaxed) }

  /// Throws `CancellationError` if nobody waits any more.
  package func check() throws {
    if isAbandoned { throw CancellationError() }
  }

  func setThreads(_ count: Int) { fraction.store(count, ordering: .relaxed) }

  func abandon() { state.store(true, ordering: .relaxed) }
}
#endif
