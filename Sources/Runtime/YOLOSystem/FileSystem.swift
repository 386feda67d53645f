/// Files and directories by their paths.
package enum FileSystem {
  /// Whether there is something at a path, links followed.
  package static func exists(_ path: String) -> Bool { mode(path) != nil }

  /// Whether a path names a directory, links followed.
  package static func isDirectory(_ path: String) -> Bool {
    mode(path).map { $0 & S_IFMT == S_IFDIR } ?? false
  }

  private static func mode(_ path: String) -> mode_t? { status(of: path)?.st_mode }

  /// Returns the status of what is at a path, links followed; nil if there is nothing.
  package static func status(of path: String) -> stat? {
    var status = stat()
    guard !path.utf8.contains(0), stat(path.pathCharacters, &status) == 0 else { return nil }
    return status
  }

  /// Whether there is anything at a path, be it a link that leads nowhere.
  package static func entryExists(_ path: String) -> Bool { linkStatus(of: path) != nil }

  /// Whether a path names a link.
  package static func isLink(_ path: String) -> Bool {
    linkStatus(of: path).map { $0.st_mode & S_IFMT == S_IFLNK } ?? false
  }

  /// Returns the status of what is at a path, links not followed.
  private static func linkStatus(of path: String) -> stat? {
    var status = stat()
    guard !path.utf8.contains(0), lstat(path.pathCharacters, &status) == 0 else { return nil }
    return status
  }

  /// Returns what a status describes, with its article, if it is no regular file.
  package static func irregularKind(_ status: stat) -> String? {
    switch status.st_mode & S_IFMT {
    case S_IFREG: nil
    case S_IFDIR: "a directory"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }

  /// Creates an empty file and opens it for reading and writing.
  ///
  /// - Returns: The descriptor; negative where that failed, also where the path exists already.
  package static func createFile(_ path: String, mode: mode_t) -> Int32 {
    open(path.pathCharacters, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode)
  }

  /// Creates a directory.
  package static func makeDirectory(_ path: String, mode: mode_t = 0o777) throws(FileError) {
    let path = try path.checkedPath()
    guard mkdir(path.pathCharacters, mode) == 0 else { throw FileError(lastErrorAt: path) }
  }

  /// Creates a directory and those above it that are missing.
  package static func makeDirectories(_ path: String, mode: mode_t = 0o777) throws(FileError) {
    let path = try path.checkedPath()
    var parents = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      parents += part
      if mkdir(parents.pathCharacters, mode) != 0, errno != EEXIST {
        throw FileError(lastErrorAt: parents)
      }
      parents += "/"
    }
  }

  /// Renames a file or directory; what is at `target` is replaced as rename(2) does.
  package static func move(_ source: String, to target: String) throws(FileError) {
    guard rename(source.pathCharacters, target.pathCharacters) == 0 else {
      throw FileError(lastErrorAt: target)
    }
  }

  /// Renames a file unless there is something at `target`.
  package static func moveWithoutReplacing(
    _ source: String, to target: String
  ) throws(FileError) {
    if link(source.pathCharacters, target.pathCharacters) == 0 {
      unlink(source.pathCharacters)
      return
    }
    guard errno != EEXIST else { throw FileError(target, .exists) }
    // A file system without hard links: an empty file of our own reserves the name.
    let descriptor = createFile(target, mode: 0o666)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: target) }
    close(descriptor)
    do throws(FileError) {
      try move(source, to: target)
    } catch {
      unlink(target.pathCharacters)
      throw error
    }
  }

  /// Returns the names in a directory in no particular order, without `.` and `..`.
  ///
  /// - Throws: `tooManyEntries` beyond `maximumEntries`.
  package static func names(
    in path: String, maximumEntries: Int = .max
  ) throws(FileError) -> [String] {
    guard let directory = opendir((path.isEmpty ? "." : path).pathCharacters) else {
      throw FileError(lastErrorAt: path)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      // SAFETY: the name ends with a null byte inside of the entry.
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        PathText.text(of: $0.prefix { $0 != 0 })
      }
      if name == "." || name == ".." { continue }
      names.append(name)
      guard names.count <= maximumEntries else {
        throw FileError(path, .tooManyEntries(names.count, maximum: maximumEntries))
      }
    }
    return names
  }

  /// Returns the names in a directory, hidden ones left out, by their bytes.
  package static func entries(
    of path: String, maximumEntries: Int = .max
  ) throws(FileError) -> [String] {
    try names(in: path, maximumEntries: maximumEntries)
      .filter { !$0.hasPrefix(".") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Returns the paths of the files in a directory and in all directories in it.
  ///
  /// Links are followed, and no directory is visited twice.
  package static func files(
    below root: String, maximumFiles: Int
  ) throws(FileError) -> [String] {
    var files: [String] = []
    var pending = [root]
    var visited: Set<[UInt64]> = []
    while let next = pending.popLast() {
      var status = stat()
      guard stat(next.pathCharacters, &status) == 0 else { throw FileError(lastErrorAt: next) }
      guard visited.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted else {
        continue
      }
      for name in try entries(of: next, maximumEntries: maximumFiles) {
        let path = FilePath.joined(next, name)
        if isDirectory(path) { pending.append(path) } else { files.append(path) }
      }
      guard files.count <= maximumFiles else {
        throw FileError(root, .tooManyEntries(files.count, maximum: maximumFiles))
      }
    }
    return files
  }

  /// Removes a file, or a directory with what is in it; links are removed, not followed.
  package static func removeTree(_ path: String) {
    guard let status = linkStatus(of: path) else { return }
    if status.st_mode & S_IFMT == S_IFDIR, let names = try? names(in: path) {
      for name in names { removeTree("\(path)/\(name)") }
    }
    remove(path.pathCharacters)
  }
}

/// The parts of paths, as text.
package enum FilePath {
  /// Returns the last component: the name of a file without its directory.
  package static func name(of path: String) -> String {
    path.split(separator: "/").last.map { String($0) } ?? path
  }

  /// Returns `path` if it is absolute, else the path relative to `directory`.
  package static func joined(_ directory: String, _ path: String) -> String {
    if path.hasPrefix("/") || directory.isEmpty { return path }
    if path == "." { return directory }
    let rest = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    return directory.hasSuffix("/") ? directory + rest : "\(directory)/\(rest)"
  }

  /// Whether a path lies in a directory by its text alone: links are not looked at.
  package static func isInside(_ path: String, _ directory: String) -> Bool {
    var depth = 0
    let root = directory.split(separator: "/")
    guard path.hasPrefix("/") == directory.hasPrefix("/") else { return false }
    for (index, part) in path.split(separator: "/").enumerated() {
      if index < root.count {
        guard part == root[index] else { return false }
        continue
      }
      switch part {
      case ".": continue
      case "..": depth -= 1
      default: depth += 1
      }
      guard depth >= 0 else { return false }
    }
    return path.split(separator: "/").count >= root.count
  }

  /// Returns the directory that a file is in, empty for the working directory.
  package static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Returns the directory part of a path with its slash, empty for the working directory.
  static func prefix(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
  }

  /// Returns what follows the last dot of the file's name, in lower case; empty for hidden files.
  package static func suffix(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }
}

extension String {
  /// Returns the path if the C library can take it.
  func checkedPath() throws(FileError) -> String {
    guard !utf8.contains(0) else {
      throw FileError(self, .invalidPath("the path contains a null byte"))
    }
    return self
  }
}
