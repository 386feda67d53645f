#if Server
import Foundation
import YOLO
import YOLOWeights

/// A model's file, read into memory.
///
/// A mapped file would kill the process if somebody truncated it, and change under the model if
/// somebody wrote into it; a copy is what was checked.
struct ModelFile {
  /// The state of the file that was read.
  let signature: FileSignature
  private let file: MappedFile

  /// Reads a file of at most `limit` bytes.
  ///
  /// - Parameters:
  ///   - path: Where the file is.
  ///   - name: What faults call it.
  ///   - limit: The most bytes that are read.
  /// - Throws: What is wrong with the file, or that it is being written.
  init(path: String, name: String, limit: Int) throws(ModelFault) {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.unreadable(name) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(name) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ModelFault(message: "\(name) is not a regular file")
    }
    let signature = FileSignature(status)
    guard signature.size > 0 else { throw ModelFault(message: "\(name) is empty") }
    guard signature.size <= limit else {
      throw ModelFault(
        message: "\(name) has \(signature.size) bytes, more than the memory of all models, \(limit)"
      )
    }
    file = try MappedFile(name: name, count: signature.size) { buffer throws(ModelFault) in
      var filled = 0
      while filled < buffer.count {
        let count = read(
          descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw Self.unreadable(name) }
        guard count > 0 else { throw Self.changing(name) }
        filled += count
      }
    }
    var later = stat()
    guard fstat(descriptor, &later) == 0, FileSignature(later) == signature else {
      throw Self.changing(name)
    }
    self.signature = signature
  }

  /// Opens the model, and compares the checksums of all that it has checksums for.
  func model(_ options: RuntimeOptions) throws(ModelFault) -> Model {
    do {
      let checkpoint = try Checkpoint(file: file, verifyingWeights: true)
      return try Model(checkpoint, named: file.name, options: options)
    } catch {
      throw ModelFault(message: "\(error)")
    }
  }

  private static func unreadable(_ name: String) -> ModelFault {
    let reason = strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
    return ModelFault(message: "\(name) cannot be read: \(reason)")
  }

  private static func changing(_ name: String) -> ModelFault {
    ModelFault(message: "\(name) is being written", isPassing: true)
  }
}
#endif
