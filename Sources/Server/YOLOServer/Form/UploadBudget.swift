#if Server
import Synchronization

/// Bounds the bytes of all files that are being received, wait, or are worked on.
package final class UploadBudget: Sendable {
  /// The bytes in all.
  package let limit: Int
  private let used = Mutex(0)

  package init(limit: Int) { self.limit = limit }

  /// The bytes that are held now.
  package var usedBytes: Int { used.withLock { $0 } }

  fileprivate func take(_ count: Int) throws(APIError) {
    let isTaken = used.withLock {
      guard $0 + count <= limit else { return false }
      $0 += count
      return true
    }
    guard isTaken else {
      throw .unavailable("The server holds as many files as it may, of \(limit) bytes in all.")
    }
  }

  fileprivate func give(_ count: Int) { used.withLock { $0 -= count } }
}

/// The bytes of one upload; they are given back when the last reference goes.
package final class UploadReservation: Sendable {
  private let budget: UploadBudget
  private let count = Mutex(0)

  package init(of budget: UploadBudget) { self.budget = budget }

  deinit { budget.give(count.withLock { $0 }) }

  /// Adds bytes.
  ///
  /// - Throws: `APIError` of status 503 if there are no more for anybody.
  package func grow(by bytes: Int) throws(APIError) {
    try budget.take(bytes)
    count.withLock { $0 += bytes }
  }
}
#endif
