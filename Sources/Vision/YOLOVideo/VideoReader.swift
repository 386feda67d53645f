import Subprocess
import YOLOGeometry
public import YOLOImage

/// Reads the frames of a video through the programs ffprobe and ffmpeg.
public enum VideoReader {
  /// Hands out every `stride`-th frame of a video, upright, with its number in the video from 0.
  ///
  /// As in OpenCV's reader the frames are those numbered `stride - 1`, `2 * stride - 1` and so on.
  /// One frame is in memory at a time; ffmpeg waits while `body` works on it. Pass the `info` of an
  /// earlier call to save asking again. Throws `VideoError` of every kind but `unwritable`,
  /// `CancellationError`, and what `body` throws; ffmpeg is gone by then.
  public static func forEachFrame(
    of path: String, limits: VideoLimits = VideoLimits(), stride: Int = 1,
    info known: VideoInfo? = nil, _ body: (Int, Image) async throws -> Void
  ) async throws {
    precondition(stride >= 1, "a stride is at least 1")
    let start = ContinuousClock.now
    let info: VideoInfo
    if let known { info = known } else { info = try await Self.info(of: path, limits: limits) }
    if let count = info.frameCount(stride: stride), count > limits.frames {
      throw VideoError.tooManyFrames(source: path, maximum: limits.frames)
    }
    let spent = (ContinuousClock.now - start) / .seconds(1)
    var assembler = FrameAssembler(size: info.size)
    var count = 0
    let ending = try await MediaProgram.converter.run(
      arguments(path, info: info, limits: limits, stride: stride),
      seconds: max(limits.seconds - spent, 0)
    ) { input, output in
      try? await input.finish()
      for try await buffer in output {
        // The bytes are copied out before the work on a frame, which may suspend.
        var images: [Image] = []
        buffer.withUnsafeBytes { bytes in
          var rest = Slice(base: bytes, bounds: bytes.indices)
          while !rest.isEmpty {
            if let image = assembler.take(from: &rest) { images.append(image) }
          }
        }
        for image in images {
          try Task.checkCancellation()
          guard count < limits.frames else {
            throw VideoError.tooManyFrames(source: path, maximum: limits.frames)
          }
          count += 1
          let number = count * stride - 1
          if let rate = info.frameRate, Double(number) / rate.value > limits.duration {
            throw VideoError.tooLong(source: path, maximum: limits.duration)
          }
          try await body(number, image)
        }
      }
    }
    if ending.isTimedOut { throw VideoError.timedOut(source: path, maximum: limits.seconds) }
    if let signal = ending.signal {
      throw VideoError.endedEarly(source: path, program: "ffmpeg", signal: signal)
    }
    // Complaints alone do not count: decoders conceal small faults, as in OpenCV.
    let message = ending.message.firstLine
    let isShort = count < (info.frameCount(stride: stride) ?? 1)
    let isEmpty = count == 0 && stride == 1
    guard ending.code == 0, !assembler.isPartial, !isShort || message == nil && !isEmpty else {
      throw VideoError.damaged(source: path, reason: message ?? "it ends before its frames do")
    }
  }

  /// The arguments of ffmpeg: RGB frames of one size on its standard output.
  ///
  /// Pixels are converted before frames are turned, as in OpenCV, whose values these flags give.
  private static func arguments(
    _ path: String, info: VideoInfo, limits: VideoLimits, stride: Int
  ) -> [String] {
    let size = info.storedSize
    var filters = [
      "scale=\(size.width):\(size.height):flags=bicubic", "format=rgb24",
    ]
    if stride > 1 { filters.insert("select=not(mod(n+1\\,\(stride)))", at: 0) }
    switch info.quarterTurns {
    case 1: filters.append("transpose=clock")
    case 2: filters += ["hflip", "vflip"]
    case 3: filters.append("transpose=cclock")
    default: break
    }
    return [
      "-hide_banner", "-v", "error", "-nostdin", "-noautorotate", "-threads", "2", "-max_pixels",
      "\(max(limits.pixels, 1))",
    ]
      + guarded(path) + [
        "-map", "0:V:0", "-an", "-sn", "-dn", "-filter_threads", "1",
        "-fps_mode", "passthrough", "-vf", filters.joined(separator: ","),
        "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1",
      ]
  }
}
