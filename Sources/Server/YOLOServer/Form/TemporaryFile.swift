#if Server
import YOLOSystem
import NIOPosix

/// A file that only this process's user can read, and that goes with the last reference to it.
package final class TemporaryFile: Sendable {
  /// Where it lies.
  package let path: String
  private let descriptor: Int32

  /// Creates an empty file in the directory for temporary files.
  package init() throws(APIError) {
    let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let name = String(UInt64.random(in: .min ... .max), radix: 36)
    path = "\(directory)/yolo-upload-\(name)"
    descriptor = FileSystem.createFile(path, mode: 0o600)
    guard descriptor >= 0 else {
      throw .unavailable("The server cannot store a video at present.", retryAfter: 10)
    }
  }

  deinit {
    close(descriptor)
    unlink(path)
  }

  /// Appends bytes, on a thread that may wait for the disk.
  ///
  /// - Throws: `APIError` of status 503 if they cannot be stored.
  package func append(_ bytes: [UInt8]) async throws {
    let isWritten = try await NIOThreadPool.singleton.runIfActive { self.write(bytes) }
    guard isWritten else {
      throw APIError.unavailable(
        "The server cannot store a video at present.", retryAfter: 10)
    }
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { FileSystem.write($0, to: descriptor) == nil }
  }
}
#endif
