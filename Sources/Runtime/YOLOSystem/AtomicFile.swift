/// A file that appears under its name only once it is complete.
///
/// It is written under a temporary name in the same directory and renamed by `commit()`; without
/// that, it is removed with this object. Readers of the path see the old content or the new, never
/// a part. A file that is replaced passes on its permissions; a link is replaced, not followed. One
/// of the `InputFiles` is never replaced.
package final class AtomicFile {
  /// The path of the complete file.
  package let path: String
  /// The path of the file while it is being written.
  package let temporaryPath: String
  private let replaces: Bool
  private let rewrites: Bool
  private var descriptor: Int32

  /// Creates the temporary file.
  ///
  /// - Parameters:
  ///   - path: The path of the complete file.
  ///   - suffix: The suffix of the temporary name, for programs that look at it.
  ///   - replaces: Whether a file that is there is replaced.
  ///   - mode: The permissions of a new file, before the mask of the process.
  ///   - rewrites: Whether the file may be replaced even where this run reads it or has written it:
  ///     for what is written again and again, as the checkpoint of an epoch.
  /// - Throws: `FileError`; also when the path exists and is not a regular file, which renaming
  ///   would replace, and when it may not be replaced.
  package init(
    path: String, suffix: String = ".partial", replaces: Bool = true, mode: mode_t = 0o666,
    rewrites: Bool = false
  ) throws(FileError) {
    guard !path.isEmpty else { throw FileError(path, .system(ENOENT)) }
    self.path = try path.checkedPath()
    self.replaces = replaces
    self.rewrites = rewrites
    let status = try Self.replaceable(path, replaces: replaces, rewrites: rewrites)
    temporaryPath = Self.temporaryPath(for: path, suffix: suffix)
    descriptor = open(temporaryPath.pathCharacters, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
    if let status, fchmod(descriptor, status.st_mode & 0o777) != 0 {
      throw FileError(lastErrorAt: path)
    }
  }

  /// Checks that a file may be written at a path, and returns the status of the one that is there.
  ///
  /// - Throws: `FileError`: `irregular` for a directory or a device, `isInUse` for one of the
  ///   `InputFiles`, `exists` for anything else if nothing may be replaced.
  @discardableResult
  package static func replaceable(
    _ path: String, replaces: Bool, rewrites: Bool = false
  ) throws(FileError) -> stat? {
    let status = FileSystem.status(of: path)
    if let status, let kind = FileSystem.irregularKind(status) {
      throw FileError(path, .irregular(kind))
    }
    guard rewrites || !InputFiles.contains(path) else { throw FileError(path, .isInUse) }
    guard replaces || !FileSystem.entryExists(path) else { throw FileError(path, .exists) }
    return status
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath.pathCharacters)
  }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    if let number = FileSystem.write(bytes, to: descriptor) {
      throw FileError(path, .system(number))
    }
  }

  /// Renames the file to its final path.
  ///
  /// - Parameter synchronizes: Whether everything is written through to the disk first.
  /// - Throws: `FileError`; the temporary file is then removed.
  package func commit(synchronizes: Bool) throws(FileError) {
    guard !synchronizes || fsync(descriptor) == 0 else { throw FileError(lastErrorAt: path) }
    let result = close(descriptor)
    descriptor = -1
    do throws(FileError) {
      guard result == 0 else { throw FileError(lastErrorAt: path) }
      // What is at the path may have changed since this file was begun.
      try Self.replaceable(path, replaces: replaces, rewrites: rewrites)
      if replaces {
        try FileSystem.move(temporaryPath, to: path)
      } else {
        try FileSystem.moveWithoutReplacing(temporaryPath, to: path)
      }
    } catch {
      unlink(temporaryPath.pathCharacters)
      throw error
    }
    InputFiles.add(path)
  }

  /// Creates a file with the given content, or replaces the one that is there.
  package static func write(
    _ bytes: [UInt8], to path: String, replaces: Bool = true, rewrites: Bool = false
  ) throws(FileError) {
    let file = try AtomicFile(path: path, replaces: replaces, rewrites: rewrites)
    var failure: FileError?
    bytes.withUnsafeBytes { buffer in
      do throws(FileError) {
        try file.write(buffer)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    try file.commit(synchronizes: false)
  }

  /// Returns a hidden name that no file has, beside `path`.
  package static func temporaryPath(for path: String, suffix: String) -> String {
    let tag = String(UInt64.random(in: .min ... .max), radix: 36)
    return "\(FilePath.prefix(of: path)).yolo-\(tag)\(suffix)"
  }
}
