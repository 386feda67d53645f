#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A look at a file before a program is let at it.
enum VideoFile {
  /// Checks that a path names a regular file of at most so many bytes that begins like a video.
  ///
  /// Throws `unreadable`, `tooManyBytes` or `noVideo`.
  @discardableResult
  static func check(_ path: String, maximumBytes: Int) throws(VideoError) -> VideoFormat {
    guard !path.utf8.contains(0) else {
      throw .unreadable(source: path, reason: "the path has a null byte")
    }
    // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw .unreadable(source: path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .unreadable(source: path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(source: path, reason: "it is no regular file")
    }
    guard status.st_size <= maximumBytes else {
      throw .tooManyBytes(source: path, maximum: maximumBytes)
    }
    var bytes = [UInt8](repeating: 0, count: VideoFormat.signatureLength)
    let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    guard let format = VideoFormat.recognize([UInt8](bytes.prefix(max(count, 0)))) else {
      throw .noVideo(source: path)
    }
    return format
  }
}
