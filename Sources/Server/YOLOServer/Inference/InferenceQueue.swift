#if Server
import NIOPosix
import Synchronization
import YOLOKernels

/// Runs blocking work on a fixed number of threads, for a bounded number of waiting callers.
///
/// Callers wait in the order in which they came. One beyond the bound is refused at once; one whose
/// time is up, or who goes away, leaves its place: work that has not begun never runs, work that
/// has begun is told, and keeps its place until it ends, so that memory stays bounded.
package final class InferenceQueue: Sendable {
  /// The threads.
  package let workers: Int
  /// The callers that may wait for one.
  package let capacity: Int

  private let pool: NIOThreadPool
  private let load = Mutex(Load())

  /// What the queue is busy with.
  package struct Load: Sendable {
    /// Work that has not begun.
    package var waiting = 0
    /// Work that has begun.
    package var running = 0
  }

  /// Starts the threads.
  package init(workers: Int, capacity: Int) {
    precondition(workers >= 1 && capacity >= 0)
    self.workers = workers
    self.capacity = capacity
    pool = NIOThreadPool(numberOfThreads: workers)
    pool.start()
  }

  /// How much waits and runs now.
  package var currentLoad: Load { load.withLock { $0 } }

  /// Runs work on one of the threads, and returns what it returns.
  ///
  /// - Parameters:
  ///   - deadline: When the caller stops waiting.
  ///   - seconds: The time that led to the deadline, for the message.
  ///   - presence: Tells when the caller's client goes away.
  ///   - work: What to do; the ticket says whether anybody still waits for it.
  /// - Returns: What `work` returned.
  /// - Throws: `APIError` of status 503 if the queue is full or time is up, of status 499 if the
  ///   client has gone, `CancellationError` if the caller was cancelled, else what `work` throws.
  package func run<Value: Sendable>(
    until deadline: ContinuousClock.Instant, seconds: Int, for presence: DisconnectMonitor,
    _ work: @escaping @Sendable (QueueTicket) throws -> Value
  ) async throws -> Value {
    guard admit() else {
      throw APIError.unavailable(
        "The server is busy: \(workers) requests are worked on, and \(capacity) wait.",
        rejection: .queueFull)
    }
    let job = QueueJob<Value>()
    let timer = Task {
      try await Task.sleep(until: deadline, clock: .continuous)
      job.end(.failure(APIError.timedOut(seconds: seconds)))
    }
    defer { timer.cancel() }
    let leave: @Sendable () -> Void = { job.end(.failure(CancellationError())) }
    return try await presence.whileWatching({ job.end(.failure(APIError.clientClosed)) }) {
      try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          job.await(continuation)
          pool.submit { state in self.begin(job, isActive: state == .active, work) }
        }
      } onCancel: {
        leave()
      }
    }
  }

  private func begin<Value>(
    _ job: QueueJob<Value>, isActive: Bool, _ work: (QueueTicket) throws -> Value
  ) {
    let claims = load.withLock {
      $0.waiting -= 1
      $0.running += 1
      return $0.running + $0.waiting
    }
    job.ticket.setThreads(max(1, Processors.usable / min(claims, workers)))
    defer { load.withLock { $0.running -= 1 } }
    guard isActive, !job.ticket.isAbandoned else {
      job.end(.failure(CancellationError()))
      return
    }
    job.end(Result { try work(job.ticket) })
  }

  /// Ends the threads; work that waits is refused.
  package func stop() async {
    try? await pool.shutdownGracefully()
  }

  private func admit() -> Bool {
    load.withLock {
      guard $0.waiting + $0.running < workers + capacity else { return false }
      $0.waiting += 1
      return true
    }
  }
}

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

/// Tells work that is under way whether anybody waits for its result, and how much of the machine
/// it may take.
package final class QueueTicket: Sendable {
  private let state = Atomic(false)
  private let fraction = Atomic(1)

  /// The threads that the work may use: all processors if nothing else is to be done, else its part
  /// of them.
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
