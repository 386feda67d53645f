import YOLOSystem

/// A look at a file before a program is let at it.
enum VideoFile {
  /// Checks that a path names a regular file of at most so many bytes that begins like a video.
  ///
  /// Throws `unreadable`, `tooManyBytes` or `noVideo`.
  @discardableResult
  static func check(_ path: String, maximumBytes: Int) throws(VideoError) -> VideoFormat {
    do throws(FileError) {
      let file = try RegularFile(opening: path)
      guard file.size <= maximumBytes else {
        throw FileError(path, .tooLarge(bytes: file.size, maximum: maximumBytes))
      }
      let bytes = try file.prefix(VideoFormat.signatureLength)
      if let format = VideoFormat.recognize(bytes) { return format }
    } catch {
      if case .tooLarge(_, let maximum) = error.reason {
        throw .tooManyBytes(source: path, maximum: maximum)
      }
      throw .unreadable(source: path, reason: error.message)
    }
    throw .noVideo(source: path)
  }
}
