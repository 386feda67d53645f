/// Why a video could not be read or written.
///
/// `source` is the path that the caller gave.
public enum VideoError: Error, Sendable, Hashable {
  /// There is no such program in `PATH`.
  case notInstalled(program: String)
  /// The file cannot be opened, or is no regular file; `reason` is the system's.
  case unreadable(source: String, reason: String)
  /// The file is of no supported format, or holds no moving image.
  case noVideo(source: String)
  /// The data cannot be decoded; `reason` is the first message of the decoder, cut.
  case damaged(source: String, reason: String)
  /// The video is longer than the limit, in seconds.
  case tooLong(source: String, maximum: Double)
  /// There are more frames than the limit.
  case tooManyFrames(source: String, maximum: Int)
  /// A frame has more pixels than the limit.
  case tooManyPixels(source: String, maximum: Int)
  /// The file has more bytes than the limit.
  case tooManyBytes(source: String, maximum: Int)
  /// The work took longer than the limit, in seconds.
  case timedOut(source: String, maximum: Double)
  /// The program that decodes or encodes was ended by a signal.
  case endedEarly(source: String, program: String, signal: Int)
  /// The file cannot be made, or the encoder failed.
  case unwritable(path: String, reason: String)
}

extension VideoError: CustomStringConvertible {
  /// One sentence that begins with the source and says what was found and what was expected.
  public var description: String {
    switch self {
    case .notInstalled(let program):
      program == "curl"
        ? "curl: this program is not installed, addresses need it: install the package curl, e.g. "
          + "apt-get install curl"
        : "\(program): this program is not installed, videos need it: install the package ffmpeg "
          + "(5.1 or later), e.g. apt-get install ffmpeg"
    case .unreadable(let source, let reason):
      "\(source): cannot be read: \(reason)"
    case .noVideo(let source):
      "\(source): is no video of a known format, expected \(VideoFormat.expected)"
    case .damaged(let source, let reason):
      "\(source): the video cannot be decoded: \(reason)"
    case .tooLong(let source, let maximum):
      "\(source): is longer than the limit, which is \(maximum) seconds"
    case .tooManyFrames(let source, let maximum):
      "\(source): has more frames than the limit, which is \(maximum)"
    case .tooManyPixels(let source, let maximum):
      "\(source): its frames have more pixels than the limit, which is \(maximum)"
    case .tooManyBytes(let source, let maximum):
      "\(source): has more bytes than the limit, which is \(maximum)"
    case .timedOut(let source, let maximum):
      "\(source): took longer than the limit, which is \(maximum) seconds"
    case .endedEarly(let source, let program, let signal):
      "\(source): \(program) was ended by signal \(signal)"
    case .unwritable(let path, let reason):
      "\(path): cannot be written: \(reason)"
    }
  }
}
