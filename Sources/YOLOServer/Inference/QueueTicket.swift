#if Server
import Synchronization

/// Tells work that is under way whether anybody waits for its result.
package final class QueueTicket: Sendable {
  private let state = Atomic(false)

  /// Whether the caller has gone, or its time is up.
  package var isAbandoned: Bool { state.load(ordering: .relaxed) }

  /// Throws `CancellationError` if nobody waits any more.
  package func check() throws {
    if isAbandoned { throw CancellationError() }
  }

  func abandon() { state.store(true, ordering: .relaxed) }
}
#endif
