import Glibc

/// The file system as datasets and golden cases need it.
package enum FileSystem {
  /// The maximum number of files of a directory and all that is in it.
  static let maximumFiles = 10_000_000

  /// Whether there is something at a path.
  package static func exists(_ path: String) -> Bool { mode(path) != nil }

  /// Whether a path names a directory.
  package static func isDirectory(_ path: String) -> Bool {
    mode(path).map { $0 & S_IFMT == S_IFDIR } ?? false
  }

  private static func mode(_ path: String) -> mode_t? {
    var status = stat()
    guard !path.utf8.contains(0), stat(path, &status) == 0 else { return nil }
    return status.st_mode
  }

  /// Returns `path` if it is absolute, else the place in `directory`.
  package static func joined(_ base: String, _ path: String) -> String {
    if path.hasPrefix("/") || base.isEmpty { return path }
    if path == "." { return base }
    let rest = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    return base.hasSuffix("/") ? base + rest : "\(base)/\(rest)"
  }

  /// Returns the directory that a file is in, empty for the working directory.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Returns what follows the last dot of the file's name, in lower case.
  static func suffix(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  private static func unreadable(_ path: String) -> DatasetError {
    .unreadable(path: path, reason: String(cString: strerror(errno)))
  }

  /// Reads a regular file.
  package static func read(_ path: String, maximumBytes: Int) throws(DatasetError) -> [UInt8] {
    guard !path.utf8.contains(0) else {
      throw .unreadable(path: path, reason: "the path has a null byte")
    }
    // Without O_NONBLOCK, opening a pipe waits for a writer.
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "it is not a regular file")
    }
    let size = Int(status.st_size)
    guard size <= maximumBytes else {
      throw .tooLarge(path: path, what: "\(size) bytes", maximum: maximumBytes)
    }
    var failure: DatasetError?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { target, count in
      while count < size {
        // SAFETY: writes at most `size - count` bytes behind the first `count`.
        let got = Glibc.read(descriptor, target.baseAddress.map { $0 + count }, size - count)
        if got > 0 {
          count += got
        } else if got == 0 {
          return
        } else if errno != EINTR {
          failure = unreadable(path)
          return
        }
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Lists the names in a directory, hidden ones left out, by their bytes.
  package static func entries(of path: String) throws(DatasetError) -> [String] {
    guard let directory = opendir(path.isEmpty ? "." : path) else { throw unreadable(path) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      // SAFETY: the name ends with a null byte inside of the entry.
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
      guard names.count <= maximumFiles else {
        throw .tooLarge(path: path, what: "\(names.count) files", maximum: maximumFiles)
      }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Lists the names of the directories in a directory.
  package static func directories(in path: String) throws(DatasetError) -> [String] {
    try entries(of: path).filter { isDirectory(joined(path, $0)) }
  }

  /// Lists the paths of the files in a directory and in all directories in it; links are followed, and no
  /// directory is listed twice.
  static func files(below root: String) throws(DatasetError) -> [String] {
    var files: [String] = []
    var pending = [root]
    var visited: Set<[UInt64]> = []
    while let next = pending.popLast() {
      var status = stat()
      guard stat(next, &status) == 0 else { throw unreadable(next) }
      guard visited.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted else {
        continue
      }
      for name in try entries(of: next) {
        let path = joined(next, name)
        if isDirectory(path) { pending.append(path) } else { files.append(path) }
      }
      guard files.count <= maximumFiles else {
        throw .tooLarge(path: root, what: "\(files.count) files", maximum: maximumFiles)
      }
    }
    return files
  }
}
