/// A file that appears under its name only once it is complete.
///
/// It is written under a temporary name in the same directory and renamed by `commit()`; without
/// that, it is removed with this object. Readers of the path see the old content or the new, never
/// a part. A file that is replaced passes on its permissions; a link is replaced, not followed.
package final class AtomicFile {
  /// The path of the complete file.
  package let path: String
  /// The path of the file while it is being written.
  package let temporaryPath: String
  private var descriptor: Int32

  /// Creates the temporary file.
  ///
  /// - Parameters:
  ///   - path: The path of the complete file.
  ///   - suffix: The suffix of the temporary name, for programs that look at it.
  /// - Throws: `FileError`; also when the path exists and is not a regular file, which renaming
  ///   would replace.
  package init(path: String, suffix: String = ".partial") throws(FileError) {
    guard !path.isEmpty else { throw FileError(path, .system(ENOENT)) }
    self.path = try path.checkedPath()
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists, let kind = FileSystem.irregularKind(status) {
      throw FileError(path, .irregular(kind))
    }
    temporaryPath = Self.temporaryPath(for: path, suffix: suffix)
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
    if exists, fchmod(descriptor, status.st_mode & 0o777) != 0 {
      throw FileError(lastErrorAt: path)
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath)
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
    guard result == 0, rename(temporaryPath, path) == 0 else {
      let error = FileError(lastErrorAt: path)
      unlink(temporaryPath)
      throw error
    }
  }

  /// Replaces or creates a file with the given content.
  package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    let file = try AtomicFile(path: path)
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
