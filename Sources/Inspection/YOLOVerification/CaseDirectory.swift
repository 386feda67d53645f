import YOLODatasets
import YOLOImageIO
import YOLOSystem

/// A directory of a case that appears whole or not at all.
struct CaseDirectory {
  private let path: String

  /// Checks that the directory may be made.
  init(_ path: String, replaces: Bool) throws(VerificationError) {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
    self.path = String(trimmed)
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw .unwritable(path: path, reason: "it is no path")
    }
    guard FileSystem.exists(self.path) else { return }
    guard FileSystem.exists(FilePath.joined(self.path, GoldenCase.fileName)) else {
      throw .exists(path: path, reason: "is there and is no golden case")
    }
    guard replaces else { throw .exists(path: path, reason: "is a golden case already") }
  }

  /// Creates the directory: `body` writes files by their names in it.
  func fill(
    _ body: (_ write: ([UInt8], String) throws(VerificationError) -> Void)
      throws(VerificationError) -> Void
  ) throws(VerificationError) {
    let tag = String(UInt64.random(in: .min ... .max), radix: 36)
    let (new, old) = ("\(path).new-\(tag)", "\(path).old-\(tag)")
    try make(new)
    var hasSubdirectory = false
    do throws(VerificationError) {
      try body { (bytes, name) throws(VerificationError) in
        if name.contains("/"), !hasSubdirectory {
          try make("\(new)/\(GoldenCase.tensorDirectory)")
          hasSubdirectory = true
        }
        do throws(ImageIOError) {
          try AtomicOutput.write(bytes, to: "\(new)/\(name)")
        } catch {
          throw .image(error)
        }
      }
      let exists = FileSystem.exists(path)
      if exists { try rename(path, to: old) }
      do throws(VerificationError) {
        try rename(new, to: path)
      } catch {
        if exists { try rename(old, to: path) }
        throw error
      }
      if exists { FileSystem.removeTree(old) }
    } catch {
      FileSystem.removeTree(new)
      throw error
    }
  }

  private func make(_ path: String) throws(VerificationError) {
    do throws(FileError) {
      try FileSystem.makeDirectory(path)
    } catch {
      throw .unwritable(path: path, reason: error.message)
    }
  }

  private func rename(_ source: String, to target: String) throws(VerificationError) {
    do throws(FileError) {
      try FileSystem.move(source, to: target)
    } catch {
      throw .unwritable(path: target, reason: error.message)
    }
  }
}
