#if Server
import GRDB

extension KeyStoreError {
  /// Returns what an error of the database means for the keys.
  init(_ error: any Error, path: String) {
    switch error {
    case let error as KeyStoreError: self = error
    case is CancellationError: self = .cancelled(path: path)
    case let error as DatabaseError:
      let reason = error.message ?? "\(error.resultCode)"
      switch error.resultCode {
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(path: path, reason: reason)
      case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
      case .SQLITE_INTERRUPT, .SQLITE_ABORT: self = .cancelled(path: path)
      default: self = .inaccessible(path: path, reason: reason)
      }
    default: self = .inaccessible(path: path, reason: "\(error)")
    }
  }
}
#endif
