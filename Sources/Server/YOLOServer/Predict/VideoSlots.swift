#if Server
import Synchronization

/// How many videos are worked on at once.
///
/// A video keeps a file on disk and a decoder running for as long as it takes, so few may.
package final class VideoSlots: Sendable {
  /// The videos at once.
  package let limit: Int
  private let used = Mutex(0)

  package init(limit: Int) { self.limit = limit }

  /// Runs `body` in a slot.
  ///
  /// - Throws: `APIError` of status 503 if none is free, else what `body` throws.
  package func withSlot<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    let isTaken = used.withLock {
      guard $0 < limit else { return false }
      $0 += 1
      return true
    }
    guard isTaken else {
      throw APIError.unavailable(
        "The server is busy with \(limit) videos already.", retryAfter: 5)
    }
    defer { used.withLock { $0 -= 1 } }
    return try await body()
  }
}
#endif
