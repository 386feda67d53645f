#if Server
import GRDB

/// Why keys cannot be read or written.
package enum KeyStoreError: Error, Sendable, Hashable {
  /// There is no such file, and none is to be made.
  case missing(path: String)
  /// The file or its directory cannot be made, opened or written.
  case inaccessible(path: String, reason: String)
  /// The file is no SQLite database, or damaged.
  case damaged(path: String, reason: String)
  /// The database belongs to another program.
  case foreign(path: String)
  /// The database was made by a newer version of this program.
  case newer(path: String)
  /// Another process has kept the database locked for too long.
  case busy(path: String)
  /// The disk is full.
  case full(path: String)
  /// There is no key of this number.
  case unknownKey(path: String, id: Int)
  /// The name or the models of a new key are not accepted.
  case invalid(what: String, given: String, expected: String)
  /// The task that waited was cancelled.
  case cancelled(path: String)
}

extension KeyStoreError: CustomStringConvertible {
  /// A sentence that names the file and the reason.
  package var description: String {
    switch self {
    case .missing(let path):
      "\(path): there are no keys: the file does not exist; yolo keys create makes it"
    case .inaccessible(let path, let reason): "\(path): the database cannot be opened: \(reason)"
    case .damaged(let path, let reason):
      "\(path): the file is no such database, or damaged: \(reason)"
    case .foreign(let path): "\(path): the database belongs to another program"
    case .newer(let path): "\(path): the database was written by a newer version of yolo"
    case .busy(let path): "\(path): another process keeps the database locked"
    case .full(let path): "\(path): there is no room on the disk"
    case .unknownKey(let path, let id): "\(path): there is no key \(id); yolo keys list shows all"
    case .invalid(let what, let given, let expected):
      "\(what) must be \(expected), but \"\(given)\" was given"
    case .cancelled(let path): "\(path): the task was cancelled while it waited for the keys"
    }
  }
}

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
      case .SQLITE_FULL: self = .full(path: path)
      case .SQLITE_INTERRUPT, .SQLITE_ABORT: self = .cancelled(path: path)
      default: self = .inaccessible(path: path, reason: reason)
      }
    default: self = .inaccessible(path: path, reason: "\(error)")
    }
  }
}
#endif
