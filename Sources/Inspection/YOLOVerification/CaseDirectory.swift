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
    try checkOwnFiles()
  }

  /// Checks that the directory holds the files of a case and nothing else, so that none is removed
  /// that is not the case's own, or that is being read.
  private func checkOwnFiles() throws(VerificationError) {
    guard !FileSystem.isLink(path) else {
      throw .exists(path: path, reason: "is a link, which is not replaced")
    }
    let tensors = FilePath.joined(path, GoldenCase.tensorDirectory)
    do throws(FileError) {
      var names = try FileSystem.names(in: path)
      if FileSystem.isDirectory(tensors), !FileSystem.isLink(tensors) {
        names.removeAll { $0 == GoldenCase.tensorDirectory }
        names += try FileSystem.names(in: tensors).map { "\(GoldenCase.tensorDirectory)/\($0)" }
      }
      // Before the case is read, which makes its own files some that are read.
      for name in names {
        try AtomicFile.replaceable(FilePath.joined(path, name), replaces: true)
      }
      let own =
        [GoldenCase.fileName, GoldenCase.expectedName, imageName()].compactMap(\.self)
        + GoldenCase.mapNames
      for name in names where !own.contains(name) {
        guard name.hasPrefix("\(GoldenCase.tensorDirectory)/"), FilePath.suffix(name) == "npy"
        else {
          throw FileError(FilePath.joined(path, name), .foreign)
        }
      }
    } catch {
      throw .exists(path: error.path, reason: "is not replaced: \(error.message)")
    }
  }

  /// The name of the image of the case that is there; nil where it cannot be read.
  private func imageName() -> String? { try? GoldenCase(contentsOf: path).image }

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
