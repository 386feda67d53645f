#if Server
import JSONText
import YOLO
import YOLOImageIO
import YOLOPostprocess

/// Which API an answer is of.
enum ResponseStyle: Sendable {
  /// The HUB API.
  case hub
  /// The Platform API.
  case platform
}

/// Collects an answer image by image, up to a number of bytes.
struct ResponseWriter: Sendable {
  private var report: Report
  private var bytes: [UInt8] = []
  private var count = 0
  private let limit: Int

  private enum Report: Sendable {
    case hub(ResultReport)
    case platform(PlatformReport)
  }

  /// Begins an answer.
  ///
  /// - Parameters:
  ///   - style: Which API it is of.
  ///   - isNormalized: Whether coordinates are fractions of the image's width and height.
  ///   - isVideo: Whether the images are frames.
  ///   - limit: The maximum number of bytes.
  init(style: ResponseStyle, isNormalized: Bool, isVideo: Bool, limit: Int) {
    report =
      switch style {
      case .hub: .hub(ResultReport(isNormalized: isNormalized))
      case .platform:
        .platform(PlatformReport(isNormalized: isNormalized, numbersFrames: isVideo))
      }
    self.limit = limit
  }

  /// Adds the result of an image or frame.
  ///
  /// - Throws: `APIError` of status 413 if the answer becomes larger than the limit, and of status 500
  ///   where a map cannot be encoded.
  mutating func append(_ results: Results) throws(APIError) {
    let map: JSONMember?
    do throws(ImageIOError) {
      map = try results.mapMember(limit: limit)
    } catch .tooManyBytes {
      throw tooLarge
    } catch {
      throw .fault
    }
    count += 1
    switch report {
    case .hub(var hub):
      hub.append(results, members: [], map: map)
      bytes += hub.takeBytes()
      report = .hub(hub)
      try check(bytes.count)
    case .platform(var platform):
      // The report is moved out, so that its bytes are not copied.
      report = .platform(PlatformReport(isNormalized: false, numbersFrames: false))
      platform.append(results, map: map)
      report = .platform(platform)
      try check(platform.byteCount)
    }
  }

  /// Ends the answer and returns its bytes.
  mutating func finish(_ metadata: ResponseMetadata) throws(APIError) -> [UInt8] {
    let members = metadata.members(imageCount: count)
    switch report {
    case .hub(var hub):
      hub.finish(metadata: members)
      bytes += hub.takeBytes()
    case .platform(var platform): bytes = platform.finish(metadata: members)
    }
    try check(bytes.count)
    return bytes
  }

  private func check(_ byteCount: Int) throws(APIError) {
    guard byteCount <= limit else { throw tooLarge }
  }

  /// The error that there is no room for what there is.
  private var tooLarge: APIError {
    .tooLarge(
      "The answer has more than \(limit) bytes after \(count) images; ask for fewer frames "
        + "(vid_stride), fewer objects (conf, max_det), or send a smaller image.", limit: limit,
      unit: "bytes")
  }
}

/// The member `metadata` of an answer.
struct ResponseMetadata: Sendable {
  /// When this server started.
  let serverStart: ContinuousClock.Instant
  /// When the head of the request had come.
  let requestStart: ContinuousClock.Instant
  /// The file of the model.
  let model: String
  /// What the model does.
  let task: String
  /// What the model calls its classes, where the answer tells it.
  var classNames: [String]?

  /// Returns the members; times are in seconds.
  func members(imageCount: Int) -> [JSONMember] {
    let now = ContinuousClock.now
    let names = classNames.map {
      [JSONMember("classNames", .array($0.map { .string($0) }))]
    }
    return [
      JSONMember("imageCount", .int(imageCount)),
      JSONMember("functionTimeAlive", .double((now - serverStart).roundedSeconds)),
      JSONMember("functionTimeCall", .double((now - requestStart).roundedSeconds)),
      JSONMember("model", .string(model)),
      JSONMember("task", .string(task)),
      JSONMember("version", .object([JSONMember("yolo", .string(Version.current))])),
    ] + (names ?? [])
  }
}

extension Duration {
  /// Seconds, to the microsecond.
  fileprivate var roundedSeconds: Double { (self / .microseconds(1)).rounded() * 1e-6 }

  /// Seconds.
  var inSeconds: Double { self / .seconds(1) }
}
#endif
