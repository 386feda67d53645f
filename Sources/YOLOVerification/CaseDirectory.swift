import Glibc
import YOLODatasets
import YOLOImageIO

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
    guard FileSystem.exists(FileSystem.joined(self.path, GoldenCase.fileName)) else {
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
      if exists { Self.remove(old) }
    } catch {
      Self.remove(new)
      throw error
    }
  }

  private func failure(_ path: String) -> VerificationError {
    .unwritable(path: path, reason: String(cString: strerror(errno)))
  }

  private func make(_ path: String) throws(VerificationError) {
    guard mkdir(path, 0o777) == 0 else { throw failure(path) }
  }

  private func rename(_ source: String, to target: String) throws(VerificationError) {
    guard Glibc.rename(source, target) == 0 else { throw failure(target) }
  }

  /// Removes a directory with what is in it; links are removed, not followed.
  private static func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR, let directory = opendir(path) {
      var names: [String] = []
      while let entry = readdir(directory) {
        // SAFETY: the name ends with a null byte inside of the entry.
        names.append(
          withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
          })
      }
      closedir(directory)
      for name in names where name != "." && name != ".." { remove("\(path)/\(name)") }
    }
    _ = Glibc.remove(path)
  }
}
