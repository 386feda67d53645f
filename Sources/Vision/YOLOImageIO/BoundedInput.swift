import YOLOSystem

/// Reading of whole inputs, never beyond a limit.
public enum BoundedInput {
  /// Reads a regular file, following links.
  ///
  /// Throws `unreadable`, `notAFile` or `tooManyBytes`; pipes and devices are refused without
  /// waiting for them.
  public static func read(path: String, maximumBytes: Int) throws(ImageIOError) -> [UInt8] {
    do throws(FileError) {
      return try FileSystem.read(path, maximumBytes: maximumBytes)
    } catch {
      throw ImageIOError(reading: error)
    }
  }

  /// Reads a descriptor, such as standard input, to its end; errors call it `source`.
  ///
  /// Throws `unreadable`, or `tooManyBytes` as soon as the limit is passed.
  public static func read(
    descriptor: Int32, named source: String, maximumBytes: Int
  ) throws(ImageIOError) -> [UInt8] {
    do throws(FileError) {
      return try FileSystem.read(
        descriptor: descriptor, named: source, maximumBytes: maximumBytes)
    } catch {
      throw ImageIOError(reading: error)
    }
  }
}

extension ImageIOError {
  fileprivate init(reading error: FileError) {
    switch error.reason {
    case .irregular(let kind): self = .notAFile(source: error.path, kind: kind)
    case .tooLarge(let bytes, let maximum):
      self = .tooManyBytes(source: error.path, count: bytes, maximum: maximum)
    case .invalidPath, .system, .empty, .tooManyEntries, .exists, .isInUse,
      .foreign:
      self = .unreadable(source: error.path, reason: error.message)
    }
  }
}
