import JSONText
import Subprocess
import YOLOGeometry

extension VideoReader {
  /// The maximum that ffprobe may print, in bytes.
  private static let maximumProbeBytes = 1 << 20

  /// What both programs are told before the input: one file, and no other that it names.
  package static func guarded(_ path: String) -> [String] {
    [
      "-v", "error", "-protocol_whitelist", "file,pipe",
      "-format_whitelist", VideoFormat.demultiplexers,
      // The prefix keeps a path from being taken for an address or an option.
      "-i", "file:\(path)",
    ]
  }

  /// Asks ffprobe what a file says of its video, and checks it against the limits.
  ///
  /// Throws `VideoError` of every kind but `unwritable` and `endedEarly`.
  public static func info(of path: String, limits: VideoLimits = VideoLimits()) async throws
    -> VideoInfo
  {
    try VideoFile.check(path, maximumBytes: limits.bytes)
    let seconds = min(limits.seconds, limits.probeSeconds)
    var answer: [UInt8] = []
    let ending = try await MediaProgram.probe.run(
      [
        "-hide_banner", "-of", "json", "-select_streams", "V:0", "-show_entries",
        "stream=codec_type,width,height,avg_frame_rate,r_frame_rate,duration,nb_frames"
          + ":stream_side_data=rotation:format=duration",
      ] + guarded(path), seconds: seconds
    ) { input, output in
      try? await input.finish()
      for try await buffer in output {
        buffer.withUnsafeBytes { answer.append(contentsOf: $0) }
        guard answer.count <= maximumProbeBytes else {
          throw VideoError.damaged(source: path, reason: "its description has no end")
        }
      }
    }
    if ending.isTimedOut { throw VideoError.timedOut(source: path, maximum: seconds) }
    guard ending.code == 0 else {
      throw VideoError.damaged(
        source: path, reason: ending.message.firstLine ?? "ffprobe gives no reason")
    }
    let json = answer.withUnsafeBytes { try? JSONParser.parse($0) }
    guard let json, let info = VideoInfo(probe: json) else {
      throw VideoError.noVideo(source: path)
    }
    guard info.size.width * info.size.height <= limits.pixels else {
      throw VideoError.tooManyPixels(source: path, maximum: limits.pixels)
    }
    if let duration = info.duration, duration > limits.duration {
      throw VideoError.tooLong(source: path, maximum: limits.duration)
    }
    return info
  }
}
