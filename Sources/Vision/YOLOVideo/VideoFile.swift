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

/// What a video may cost; checked on what the file says of itself, and again while it is read.
public struct VideoLimits: Sendable, Hashable {
  /// The maximum duration of a video, in seconds.
  public var duration: Double
  /// The maximum number of frames that are handed out, those that the stride leaves over.
  public var frames: Int
  /// The maximum number of pixels of a frame.
  public var pixels: Int
  /// The largest file, in bytes.
  public var bytes: Int
  /// The maximum time that reading a video may take, work on its frames included, in seconds.
  public var seconds: Double
  /// The maximum time that `ffprobe` may take for the description of a video, in seconds.
  public var probeSeconds: Double

  /// Creates limits; the defaults are 12 hours, 2 million frames of 8K, 64 GiB, a week, and half a
  /// minute.
  public init(
    duration: Double = 43_200, frames: Int = 2_000_000, pixels: Int = 40_000_000,
    bytes: Int = 64 << 30, seconds: Double = 604_800, probeSeconds: Double = 30
  ) {
    precondition(duration >= 0 && frames >= 0 && pixels >= 0 && bytes >= 0)
    precondition(seconds >= 0 && probeSeconds >= 0)
    self.duration = duration
    self.frames = frames
    self.pixels = pixels
    self.bytes = bytes
    self.seconds = seconds
    self.probeSeconds = probeSeconds
  }
}
