#if Server
import CDispatch  // Which C module defines `stat` depends on which module is loaded first.
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

/// Where the files of models are looked for: a directory, or one file of it.
struct ModelDirectory: Sendable {
  /// The directory's path.
  let path: String
  /// The only file that counts, or nil for all that have the suffix of a model.
  let only: String?

  /// What a look at the directory found.
  struct Content {
    /// The files that are models by their names, sorted.
    var files: [(name: String, signature: FileSignature)] = []
    /// The files that have no place in the table, and why.
    var skipped: [(name: String, reason: String)] = []
  }

  /// Names `models`, which is a file if `isFile`.
  init(_ models: String, isFile: Bool) {
    guard isFile else {
      (path, only) = (models, nil)
      return
    }
    let parts = models.split(separator: "/", omittingEmptySubsequences: false)
    let directory = parts.dropLast().joined(separator: "/")
    path = directory.isEmpty ? (models.hasPrefix("/") ? "/" : ".") : directory
    only = String(parts.last ?? "")
  }

  /// The path of a file.
  func path(of name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

  /// Looks at the directory; symbolic links are followed, directories in it are not entered.
  func content(limit: Int) throws(ModelFault) -> Content {
    var content = Content()
    for name in try names().sorted() {
      var status = stat()
      guard stat(path(of: name), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        continue
      }
      if only == nil, !ModelReference.isPlain(name) {
        content.skipped.append((name, "no request can say its name"))
      } else if content.files.count == limit {
        content.skipped.append((name, "there are more models than max_models, \(limit)"))
      } else {
        content.files.append((name, FileSignature(status)))
      }
    }
    return content
  }

  private func names() throws(ModelFault) -> [String] {
    if let only { return [only] }
    do throws(FileError) {
      return try FileSystem.names(in: path).filter { name in
        !name.hasPrefix(".") && Self.suffixes.contains { name.hasSuffix($0) }
      }
    } catch {
      throw ModelFault(
        message: "the directory of models, \(path), cannot be read: \(error.message)")
    }
  }

  /// The suffixes of models; of two files with one stem, that of the earlier suffix has the stem as
  /// its name.
  static let suffixes = [".pt", ".safetensors"]

  /// A file's name without the suffix of a model.
  static func stem(of name: String) -> String {
    for suffix in suffixes where name.hasSuffix(suffix) && name.count > suffix.count {
      return String(name.dropLast(suffix.count))
    }
    return name
  }
}

/// What tells one state of a file from another: two names with the same signature are one file.
struct FileSignature: Sendable, Hashable {
  /// The device that the file lies on.
  let device: UInt64
  /// The number of the file on it.
  let inode: UInt64
  /// The size in bytes.
  let size: Int
  /// The seconds and nanoseconds of the last writing.
  let modified: [Int]

  init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
    size = Int(status.st_size)
    modified = [Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
  }
}
#endif
