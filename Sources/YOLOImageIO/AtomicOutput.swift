import Glibc

/// Writing of whole files.
public enum AtomicOutput {
  /// Replaces or makes a file: readers of the path see the old content or the new, never a part.
  ///
  /// The bytes go to a new file beside it, which then takes its name and its permissions; a link is
  /// replaced, not followed. Throws `unwritable`, as for a path that names a directory or a device.
  public static func write(_ bytes: [UInt8], to path: String) throws(ImageIOError) {
    guard !path.utf8.contains(0) else {
      throw .unwritable(path: path, reason: "the path has a null byte")
    }
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists, let kind = irregularKind(status) {
      throw .unwritable(path: path, reason: "it is \(kind)")
    }
    let directory = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
    let tag = String(UInt64.random(in: .min ... .max), radix: 36)
    let temporary = "\(directory).yolo-\(tag)"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw .unwritable(path: path, reason: systemErrorText(errno))
    }
    var failure = exists && fchmod(descriptor, status.st_mode & 0o777) != 0 ? errno : nil
    if failure == nil { failure = append(bytes, to: descriptor) }
    if close(descriptor) != 0, failure == nil { failure = errno }
    if failure == nil, rename(temporary, path) != 0 { failure = errno }
    if let failure {
      unlink(temporary)
      throw .unwritable(path: path, reason: systemErrorText(failure))
    }
  }

  /// Writes all bytes; returns the error number where that failed.
  private static func append(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        // SAFETY: `rest` lies within the array's bytes.
        let written = Glibc.write(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written >= 0 {
          rest = rest.dropFirst(written)
        } else if errno != EINTR {
          return errno
        }
      }
      return nil
    }
  }
}
