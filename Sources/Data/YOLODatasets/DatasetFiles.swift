import YOLOSystem

/// The files of datasets and golden cases.
package enum DatasetFiles {
  /// The maximum number of files of a directory and all that is in it.
  private static let maximumFiles = 10_000_000

  /// Reads a regular file.
  package static func read(_ path: String, maximumBytes: Int) throws(DatasetError) -> [UInt8] {
    do throws(FileError) {
      return try FileSystem.read(path, maximumBytes: maximumBytes)
    } catch {
      throw DatasetError(error)
    }
  }

  /// Returns the names in a directory, hidden ones left out, by their bytes.
  package static func entries(of path: String) throws(DatasetError) -> [String] {
    do throws(FileError) {
      return try FileSystem.entries(of: path, maximumEntries: maximumFiles)
    } catch {
      throw DatasetError(error)
    }
  }

  /// Returns the names of the directories in a directory.
  package static func directories(in path: String) throws(DatasetError) -> [String] {
    try entries(of: path).filter { FileSystem.isDirectory(FilePath.joined(path, $0)) }
  }

  /// Returns the paths of the files in a directory and in all directories in it; links are
  /// followed, and no directory is visited twice.
  static func files(below root: String) throws(DatasetError) -> [String] {
    do throws(FileError) {
      return try FileSystem.files(below: root, maximumFiles: maximumFiles)
    } catch {
      throw DatasetError(error)
    }
  }
}

extension DatasetError {
  fileprivate init(_ error: FileError) {
    switch error.reason {
    case .tooLarge(let bytes, let maximum):
      self = .tooLarge(
        path: error.path, what: bytes.map { "\($0) bytes" } ?? "more bytes", maximum: maximum)
    case .tooManyEntries(let count, let maximum):
      self = .tooLarge(path: error.path, what: "\(count) files", maximum: maximum)
    case .irregular: self = .unreadable(path: error.path, reason: "it is not a regular file")
    case .invalidPath, .system, .empty, .exists, .isInUse,
      .foreign:
      self = .unreadable(path: error.path, reason: error.message)
    }
  }
}
