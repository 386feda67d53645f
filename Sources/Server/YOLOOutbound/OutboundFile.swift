#if Server
package import YOLOSystem

/// A file that is sent as a body: as it was when it was opened, whatever becomes of its name.
package final class OutboundFile: Sendable {
  /// The number of bytes.
  package let bytes: Int
  private let descriptor: Int32

  /// Opens a regular file.
  package init(_ path: String) throws(FileError) {
    let descriptor = open(path.pathCharacters, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, FileSystem.irregularKind(status) == nil else {
      let error = FileError(lastErrorAt: path)
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    bytes = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Reads bytes from an offset on; returns their number, 0 at the end and below 0 if that fails.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
    // SAFETY: at most the bytes of the buffer are written.
    pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
  }
}
#endif
