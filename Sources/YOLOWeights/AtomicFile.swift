import Glibc

/// A file that appears under its name only once it is complete.
///
/// It is written under a temporary name in the same directory and renamed by `commit()`; without
/// that, it is removed with this object.
final class AtomicFile {
  private let path: String
  private let temporaryPath: String
  private var descriptor: Int32

  /// Creates the temporary file.
  ///
  /// - Throws: `WeightError.unwritableFile`; also when the path exists and is not a regular file.
  init(path: String) throws(WeightError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw .unwritableFile(file: path, reason: "the path is empty or contains a null character")
    }
    var status = stat()
    // Renaming onto a device would replace the device.
    guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
      throw .unwritableFile(file: path, reason: "it exists and is not a regular file")
    }
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let random = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    temporaryPath = "\(directory).yolo-\(random).partial"
    self.path = path
    descriptor = Glibc.open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .unwritableFile(file: path, reason: systemMessage()) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath)
  }

  /// Appends bytes.
  ///
  /// - Throws: `WeightError.unwritableFile`.
  func write(_ bytes: UnsafeRawBufferPointer) throws(WeightError) {
    var offset = 0
    while offset < bytes.count {
      // SAFETY: `offset` is below `bytes.count`, so the base address exists.
      let written = bytes.baseAddress.map {
        Glibc.write(descriptor, $0 + offset, min(bytes.count - offset, 1 << 30))
      }
      guard let written, written > 0 else {
        if errno == EINTR { continue }
        throw .unwritableFile(file: path, reason: systemMessage())
      }
      offset += written
    }
  }

  /// Writes everything through to the disk and gives the file its name.
  ///
  /// - Throws: `WeightError.unwritableFile`; the temporary file is then removed.
  func commit() throws(WeightError) {
    guard fsync(descriptor) == 0, rename(temporaryPath, path) == 0 else {
      throw .unwritableFile(file: path, reason: systemMessage())
    }
    close(descriptor)
    descriptor = -1
  }
}
