import Synchronization

/// What a file is, whatever path leads to it: its device, and its number there.
package struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let number: UInt64

  /// The identity that a status tells.
  package init(_ status: stat) {
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
  }

  /// The identity of what is at a path, links followed; nil if there is nothing.
  package init?(of path: String) {
    guard let status = FileSystem.status(of: path) else { return nil }
    self.init(status)
  }
}

/// The files that a process reads and those that it has written, none of which it writes over.
///
/// Nothing is remembered before `startRecording`: a program that reads files for years would keep
/// them all. Once it is on, every regular file that is opened counts, and an `AtomicFile` refuses
/// to replace any of them, whatever path, link or spelling leads to it.
package enum InputFiles {
  private static let known = Mutex<Set<FileIdentity>?>(nil)

  /// Remembers files from now on.
  package static func startRecording() {
    known.withLock { files in files = files ?? [] }
  }

  /// Remembers a file that will be read; nothing if it is not there.
  package static func add(_ path: String) {
    if let identity = FileIdentity(of: path) { add(identity) }
  }

  /// Remembers a file.
  static func add(_ identity: FileIdentity) {
    known.withLock { files in _ = files?.insert(identity) }
  }

  /// Whether what is at a path, links followed, is one of the files.
  package static func contains(_ path: String) -> Bool {
    guard known.withLock({ $0 != nil }), let identity = FileIdentity(of: path) else { return false }
    return known.withLock { $0?.contains(identity) ?? false }
  }
}
