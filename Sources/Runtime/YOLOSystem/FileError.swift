/// Why a file or a directory cannot be read or written.
package struct FileError: Error, Hashable, CustomStringConvertible {
  /// The kinds of causes.
  package enum Reason: Hashable, Sendable {
    /// The path is empty or contains a null byte.
    case invalidPath(String)
    /// A system call failed with this error number.
    case system(Int32)
    /// The path names something else than a regular file, with its article: "a directory".
    case irregular(String)
    /// The file is larger than allowed; the count is nil where reading stopped before the end.
    case tooLarge(bytes: Int?, maximum: Int)
    /// The file has no bytes.
    case empty
    /// There is something at the path already.
    case exists
    /// The file is one that this run reads, or has written.
    case isInUse
    /// The file is not one of those that may be replaced.
    case foreign
    /// A directory tree has more entries than allowed.
    case tooManyEntries(Int, maximum: Int)
  }

  /// The path, as it was given.
  package let path: String
  /// The cause.
  package let reason: Reason

  /// Creates an error.
  package init(_ path: String, _ reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// Creates an error from the last failed system call.
  package init(lastErrorAt path: String) { self.init(path, .system(errno)) }

  /// The cause as a clause that can follow a colon.
  package var message: String {
    switch reason {
    case .invalidPath(let message): message
    case .system(let number): SystemMessage.text(of: number)
    case .irregular(let kind): "it is \(kind)"
    case .tooLarge(let bytes?, let maximum): "it has \(bytes) bytes, more than \(maximum)"
    case .tooLarge(nil, let maximum): "it has more than \(maximum) bytes"
    case .empty: "it is empty"
    case .exists: "it is there already"
    case .isInUse: "it is one of the files that this run reads or has written"
    case .foreign: "it was not made by this command"
    case .tooManyEntries(let count, let maximum): "it has \(count) files, more than \(maximum)"
    }
  }

  package var description: String { "\(path.sanitized()): \(message)" }
}

/// The messages of the C library.
package enum SystemMessage {
  /// Returns the message of an error number.
  package static func text(of number: Int32) -> String {
    strerror(number).map { String(cString: $0) } ?? "system error \(number)"
  }

  /// The message of the last failed system call.
  package static var last: String { text(of: errno) }
}
