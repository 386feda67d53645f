import YOLOSystem

/// Writing of whole files.
public enum AtomicOutput {
  /// Replaces or creates a file: readers of the path see the old content or the new, never a part.
  ///
  /// The bytes go to a new file beside it, which then takes its name and its permissions; a link is
  /// replaced, not followed. Throws `unwritable`, as for a path that names a directory or a device.
  public static func write(_ bytes: [UInt8], to path: String) throws(ImageIOError) {
    try write(bytes, to: path, replaces: true)
  }

  /// Creates a file, or replaces the one that is there where that is allowed.
  package static func write(
    _ bytes: [UInt8], to path: String, replaces: Bool
  ) throws(ImageIOError) {
    do throws(FileError) {
      try AtomicFile.write(bytes, to: path, replaces: replaces)
    } catch {
      throw .unwritable(path: error.path, reason: error.message)
    }
  }
}
