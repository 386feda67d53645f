import Dispatch
import Synchronization

/// Runs blocking work on threads of its own, so much at once and no more; the rest waits in the order in
/// which it came.
final class PredictionQueue: Sendable {
  /// How much runs at once.
  let width: Int

  private struct Waiter {
    let ticket: Int
    let resume: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var running = 0
    var lastTicket = 0
    /// Those who wait, the first at `first`.
    var waiters: [Waiter] = []
    /// Tickets of callers that were cancelled before they came to wait.
    var cancelled: Set<Int> = []
  }

  private let state = Mutex(State())
  private let threads = DispatchQueue(label: "yolo.predictions", attributes: .concurrent)

  init(width: Int) {
    precondition(width >= 1)
    self.width = width
  }

  /// Runs work on a thread, and returns what it returns.
  ///
  /// - Parameter work: What to do; it is given how many run now, itself included.
  /// - Returns: What `work` returned.
  /// - Throws: `CancellationError` if the caller's task is cancelled before the work begins, else what
  ///   `work` throws. Work that has begun runs to its end.
  func run<Value: Sendable>(
    _ work: @escaping @Sendable (_ running: Int) throws -> Value
  ) async throws -> Value {
    try Task.checkCancellation()
    try await enter()
    if Task.isCancelled {
      leave()
      throw CancellationError()
    }
    return try await withCheckedThrowingContinuation { continuation in
      threads.async {
        let running = self.state.withLock { $0.running }
        let result = Result { try work(running) }
        // Before the caller goes on: when all callers have their results, nothing runs.
        self.leave()
        continuation.resume(with: result)
      }
    }
  }

  /// Waits until there is a place.
  private func enter() async throws {
    let ticket = state.withLock { state in
      state.lastTicket += 1
      return state.lastTicket
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (resume: CheckedContinuation<Void, any Error>) in
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if state.cancelled.remove(ticket) != nil { return .failure(CancellationError()) }
          guard state.running == width else {
            state.running += 1
            return .success(())
          }
          state.waiters.append(Waiter(ticket: ticket, resume: resume))
          return nil
        }
        if let outcome { resume.resume(with: outcome) }
      }
    } onCancel: {
      let waiter = state.withLock { state -> Waiter? in
        if let index = state.waiters.firstIndex(where: { $0.ticket == ticket }) {
          return state.waiters.remove(at: index)
        }
        state.cancelled.insert(ticket)
        return nil
      }
      waiter?.resume.resume(throwing: CancellationError())
    }
    // A caller that was cancelled once it had its place keeps it.
    state.withLock { _ = $0.cancelled.remove(ticket) }
  }

  /// Returns the place to the next caller.
  private func leave() {
    let next = state.withLock { state -> Waiter? in
      guard !state.waiters.isEmpty else {
        state.running -= 1
        return nil
      }
      return state.waiters.removeFirst()
    }
    next?.resume.resume()
  }
}
