import Subprocess
public import YOLOGeometry
public import YOLOImage
import YOLOSystem

/// Writes frames to an MP4 file through the program ffmpeg: H.264, or MPEG-4 where that is missing.
public struct VideoWriter {
  private let input: StandardInputWriter
  private let size: Size
  private let path: String

  /// Writes the frames that `body` appends to a new file, which then replaces what is at `path`.
  ///
  /// Odd sides are padded by a line, as the pixel format yuv420p needs it. The file is written
  /// under another name in the same directory and is removed on failure. Throws `notInstalled`,
  /// `timedOut`, `endedEarly` and `unwritable`, `CancellationError`, and what `body` throws.
  public static func write(
    to path: String, size: Size, frameRate: FrameRate = .standard, seconds: Double = 604_800,
    _ body: (VideoWriter) async throws -> Void
  ) async throws {
    try await write(
      to: path, replaces: true, size: size, frameRate: frameRate, seconds: seconds, body)
  }

  /// As `write(to:size:frameRate:seconds:_:)`; what is at `path` is replaced if that is allowed.
  ///
  /// Frames that are live are shown when they were appended, whatever the frame rate.
  package static func write(
    to path: String, replaces: Bool, size: Size, frameRate: FrameRate = .standard,
    isLive: Bool = false, seconds: Double = 604_800, _ body: (VideoWriter) async throws -> Void
  ) async throws {
    _ = Self.ignoresBrokenPipes
    // The file is made here, so that a directory that cannot be written to is known before the
    // work.
    let file = try Self.opened(path, replaces: replaces)
    let encoder = try await encoder()
    let ending = try await MediaProgram.converter.run(
      arguments(
        file.temporaryPath, size: size, frameRate: frameRate, isLive: isLive, encoder: encoder),
      seconds: seconds
    ) { input, _ in
      try await body(VideoWriter(input: input, size: size, path: path))
    }
    if ending.isTimedOut { throw VideoError.timedOut(source: path, maximum: seconds) }
    if let signal = ending.signal {
      throw VideoError.endedEarly(source: path, program: "ffmpeg", signal: signal)
    }
    guard ending.code == 0 else {
      throw VideoError.unwritable(
        path: path, reason: ending.message.firstLine ?? "ffmpeg gives no reason")
    }
    do throws(FileError) {
      try file.commit(synchronizes: false)
    } catch {
      throw unwritable(error)
    }
  }

  /// Adds a frame, as it is shown where it has other channels than RGB; waits while ffmpeg is busy.
  ///
  /// Throws `unwritable` for a frame of another size and where ffmpeg takes no more.
  public func append(_ image: Image) async throws {
    guard image.size == size else {
      throw VideoError.unwritable(
        path: path,
        reason: "a frame has \(image.width)×\(image.height) pixels, "
          + "expected \(size.width)×\(size.height)")
    }
    // A write to a program that has ended stops short, or fails.
    let pixels = image.rgb.pixels
    let count = try? await input.write(pixels)
    guard count == pixels.count else {
      try Task.checkCancellation()
      throw VideoError.unwritable(path: path, reason: "ffmpeg takes no more frames")
    }
  }

  /// Writing to a program that has ended must fail, not end this process, as the signal's default
  /// action would.
  private static let ignoresBrokenPipes: Void = {
    var action = sigaction()
    guard sigaction(SIGPIPE, nil, &action) == 0, action.__sigaction_handler.sa_handler == nil else {
      return
    }
    signal(SIGPIPE, SIG_IGN)
  }()

  private static func opened(
    _ path: String, replaces: Bool
  ) throws(VideoError) -> AtomicFile {
    do throws(FileError) {
      return try AtomicFile(path: path, suffix: ".mp4", replaces: replaces)
    } catch {
      throw unwritable(error)
    }
  }

  private static func unwritable(_ error: FileError) -> VideoError {
    .unwritable(path: error.path, reason: error.message)
  }

  /// The encoder and its options: libx264 if ffmpeg has it.
  private static func encoder() async throws -> [String] {
    var list = ProgramMessage(limit: 1 << 20)
    let ending = try await MediaProgram.converter.run(
      ["-hide_banner", "-v", "error", "-nostdin", "-encoders"], seconds: 30
    ) { input, output in
      try? await input.finish()
      for try await buffer in output { buffer.withUnsafeBytes { list.append($0) } }
    }
    return ending.code == 0 && list.text.contains(" libx264 ")
      ? ["libx264", "-preset", "veryfast", "-crf", "20"] : ["mpeg4", "-q:v", "3"]
  }

  private static func arguments(
    _ path: String, size: Size, frameRate: FrameRate, isLive: Bool, encoder: [String]
  ) -> [String] {
    (isLive ? ["-use_wallclock_as_timestamps", "1"] : []) + [
      "-hide_banner", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
      "-video_size", "\(size.width)x\(size.height)",
      "-framerate", "\(frameRate.numerator)/\(frameRate.denominator)",
      "-protocol_whitelist", "pipe", "-i", "pipe:0",
      "-fps_mode", isLive ? "vfr" : "auto", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt",
      "yuv420p", "-c:v",
    ] + encoder + ["-movflags", "+faststart", "-f", "mp4", "file:\(path)"]
  }
}
