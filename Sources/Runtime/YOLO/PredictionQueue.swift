import Dispatch
import Synchronization

/// Runs blocking work on threads of its own, so much at once and no more; the rest waits in the
/// order in which it came.
final class PredictionQueue: Sendable {
  /// How much runs at once.
  let width: Int

  private typealias Waiter = CheckedContinuation<Void, any Error>

  private struct State {
    var running = 0
    var lastTicket = 0
    /// Those who wait, by ticket.
    var waiters: [Int: Waiter] = [:]
    /// The tickets of those who came to wait, in that order, from `first` on; some may have been
    /// cancelled since.
    var order: [Int] = []
    var first = 0
    /// Tickets of callers that were cancelled before they came to wait.
    var cancelled: Set<Int> = []

    /// Adds a caller behind those who wait.
    mutating func append(_ waiter: Waiter, ticket: Int) {
      waiters[ticket] = waiter
      order.append(ticket)
    }

    /// Removes the caller that has waited longest; nil if nobody waits.
    mutating func removeFirst() -> Waiter? {
      while first < order.count {
        let waiter = waiters.removeValue(forKey: order[first])
        first += 1
        if let waiter {
          compact()
          return waiter
        }
      }
      order.removeAll(keepingCapacity: true)
      first = 0
      return nil
    }

    /// Removes the caller with a ticket; nil if it does not wait.
    mutating func remove(ticket: Int) -> Waiter? {
      let waiter = waiters.removeValue(forKey: ticket)
      compact()
      return waiter
    }

    /// Keeps the tickets of those who no longer wait from becoming many more than of those who do.
    private mutating func compact() {
      guard order.count > 2 * waiters.count + 64 else { return }
      order = order[first...].filter { waiters[$0] != nil }
      first = 0
    }
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
  /// - Throws: `CancellationError` if the caller's task is cancelled before the work begins, else
  ///   what `work` throws. Work that has begun runs to its end.
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

  /// Waits until fewer than `width` run.
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
          state.append(resume, ticket: ticket)
          return nil
        }
        if let outcome { resume.resume(with: outcome) }
      }
    } onCancel: {
      let waiter = state.withLock { state -> Waiter? in
        if let waiter = state.remove(ticket: ticket) { return waiter }
        state.cancelled.insert(ticket)
        return nil
      }
      waiter?.resume(throwing: CancellationError())
    }
    // A caller that was cancelled once it was let in stays in.
    state.withLock { _ = $0.cancelled.remove(ticket) }
  }

  /// Lets the next caller in.
  private func leave() {
    let next = state.withLock { state -> Waiter? in
      let next = state.removeFirst()
      if next == nil { state.running -= 1 }
      return next
    }
    next?.resume()
  }
}
