#if Server
import YOLOSystem

/// A file that is locked as long as a process does what only one may at a time.
///
/// The lock ends with the process, however that ends.
final class ProcessLock: Sendable {
  private let path: String
  private let descriptor: Int32

  /// Creates and locks the file; nil if another process, or another lock of this one, has it.
  init?(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      return nil
    }
    // Whoever had it may have removed the file meanwhile: its name is another's then.
    let own = FileSystem.status(of: "/proc/self/fd/\(descriptor)")
    guard let own, let named = FileSystem.status(of: path), own.st_ino == named.st_ino,
      own.st_dev == named.st_dev
    else {
      close(descriptor)
      return nil
    }
    self.path = path
    self.descriptor = descriptor
  }

  /// Removes the file, once nobody wants the lock again.
  func remove() { unlink(path) }

  deinit { close(descriptor) }
}
#endif
