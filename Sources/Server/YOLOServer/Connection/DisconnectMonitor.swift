#if Server
import Synchronization

/// Whether the client of a connection is still there.
///
/// A client that closes its side for writing counts as gone, as with nginx and Go: on the wire it looks the
/// same as one that has closed everything.
package final class DisconnectMonitor: Sendable {
  private let state = Mutex(State())

  private struct State {
    var isGone = false
    var next = 0
    var watchers: [Int: @Sendable () -> Void] = [:]
  }

  package init() {}

  /// Whether the client has gone.
  package var isGone: Bool { state.withLock { $0.isGone } }

  /// Runs `body`; `leaving` is called, on any thread, if the client goes meanwhile, or has gone already.
  package func whileWatching<Value>(
    _ leaving: @escaping @Sendable () -> Void, _ body: () async throws -> Value
  ) async rethrows -> Value {
    let watcher: Int? = state.withLock {
      guard !$0.isGone else { return nil }
      $0.next += 1
      $0.watchers[$0.next] = leaving
      return $0.next
    }
    if watcher == nil { leaving() }
    defer { if let watcher { state.withLock { _ = $0.watchers.removeValue(forKey: watcher) } } }
    return try await body()
  }

  /// Records that the client has gone.
  package func leave() {
    let watchers = state.withLock { state in
      state.isGone = true
      defer { state.watchers = [:] }
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher() }
  }
}
#endif
