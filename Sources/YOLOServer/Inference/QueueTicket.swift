#if Server
import Synchronization

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
