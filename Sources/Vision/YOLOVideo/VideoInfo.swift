import JSONText
public import YOLOGeometry

/// What a file says of its video; none of it is sure before the frames are read.
public struct VideoInfo: Sendable, Hashable {
  /// The size of an upright frame, in pixels.
  public let size: Size
  /// The frames a second, if told.
  public let frameRate: FrameRate?
  /// The length in seconds, if told.
  public let duration: Double?
  /// The number of frames, if told, or what duration and rate make of it.
  public let frameCount: Int?
  /// The clockwise quarter turns that make a stored frame upright, from 0 to 3.
  let quarterTurns: Int

  /// The size of a stored frame.
  var storedSize: Size {
    quarterTurns.isMultiple(of: 2) ? size : Size(width: size.height, height: size.width)
  }

  /// How many frames a stride leaves of those told.
  public func frameCount(stride: Int) -> Int? { frameCount.map { $0 / max(stride, 1) } }

  /// Reads the answer of `ffprobe -of json`; nil if it names no moving image.
  init?(probe: JSONValue) {
    let streams = probe["streams"]?.elements ?? []
    guard let stream = streams.first(where: { $0["codec_type"]?.string == "video" }),
      let width = stream["width"]?.int, let height = stream["height"]?.int,
      (1...65_536).contains(width), (1...65_536).contains(height)
    else { return nil }
    let turns = stream["side_data_list"]?.elements?.lazy.compactMap { $0["rotation"]?.int }.first
    quarterTurns = Self.quarterTurns(degreesCounterclockwise: turns ?? 0)
    size =
      quarterTurns.isMultiple(of: 2)
      ? Size(width: width, height: height) : Size(width: height, height: width)
    let rates = ["avg_frame_rate", "r_frame_rate"]
    frameRate = rates.lazy.compactMap { stream[$0]?.string.flatMap { FrameRate($0) } }.first
    let durations = [stream["duration"], probe["format"]?["duration"]]
    duration =
      durations.lazy.compactMap { $0?.string.flatMap { Double($0) } }
      .first { $0 > 0 && $0 < 1e9 }
    if let count = stream["nb_frames"]?.string.flatMap({ Int($0) }), count > 0 {
      frameCount = count
    } else if let duration, let frameRate {
      frameCount = Int((duration * frameRate.value).rounded())
    } else {
      frameCount = nil
    }
  }

  /// Turns that are no multiple of a quarter are not made, as in OpenCV.
  private static func quarterTurns(degreesCounterclockwise degrees: Int) -> Int {
    guard degrees.isMultiple(of: 90) else { return 0 }
    return ((-(degrees / 90 % 4)) + 4) % 4
  }
}
