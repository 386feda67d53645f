#if Server
import Foundation
import YOLO
import YOLOSystem
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
    let source = try Self.opened(path, name)
    let signature = FileSignature(source.status)
    guard signature.size > 0 else { throw ModelFault(message: "\(name) is empty") }
    guard signature.size <= limit else {
      throw ModelFault(
        message: "\(name) has \(signature.size) bytes, more than the memory of all models, \(limit)"
      )
    }
    file = try MappedFile(name: name, count: signature.size) { buffer throws(ModelFault) in
      let count: Int
      do throws(FileError) {
        count = try source.fill(buffer)
      } catch {
        throw ModelFault(message: "\(name) cannot be read: \(error.message)")
      }
      guard count == buffer.count else { throw Self.changing(name) }
    }
    var later = stat()
    guard fstat(source.descriptor, &later) == 0, FileSignature(later) == signature else {
      throw Self.changing(name)
    }
    self.signature = signature
  }

  private static func opened(
    _ path: String, _ name: String
  ) throws(ModelFault) -> RegularFile {
    do throws(FileError) {
      return try RegularFile(opening: path)
    } catch {
      if case .irregular = error.reason {
        throw ModelFault(message: "\(name) is not a regular file")
      }
      throw ModelFault(message: "\(name) cannot be read: \(error.message)")
    }
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

  private static func changing(_ name: String) -> ModelFault {
    ModelFault(message: "\(name) is being written", isPassing: true)
  }
}

/// Why a file is not served, in words that name the file but not its directory.
package struct ModelFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// One sentence for a person.
  package let message: String
  /// Whether the file was being written, so that it is no fault to be reported.
  var isPassing = false

  /// The message.
  package var description: String { message }
}
#endif
