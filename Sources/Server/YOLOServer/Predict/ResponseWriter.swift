#if Server
import JSONText
import YOLO
import YOLOImageIO
import YOLOPostprocess

/// Collects an answer image by image, up to a number of bytes.
struct ResponseWriter: Sendable {
  private var report: ResultReport
  private var bytes: [UInt8] = []
  private var count = 0
  private let limit: Int

  init(isNormalized: Bool, limit: Int) {
    report = ResultReport(isNormalized: isNormalized)
    self.limit = limit
  }

  /// Adds the result of an image or frame.
  ///
  /// - Throws: `APIError` of status 413 if the answer becomes larger than the limit, and of status 500
  ///   where a map cannot be encoded.
  mutating func append(_ results: Results) throws(APIError) {
    do throws(ImageIOError) {
      report.append(results, members: [], map: try results.mapMember(limit: limit))
    } catch .tooManyBytes {
      throw tooLarge
    } catch {
      throw .fault
    }
    count += 1
    try take()
  }

  /// Ends the answer and returns its bytes.
  mutating func finish(_ metadata: ResponseMetadata) throws(APIError) -> [UInt8] {
    report.finish(metadata: metadata.members(imageCount: count))
    try take()
    return bytes
  }

  private mutating func take() throws(APIError) {
    bytes += report.takeBytes()
    guard bytes.count <= limit else { throw tooLarge }
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

  /// Returns the members; times are in seconds.
  func members(imageCount: Int) -> [JSONMember] {
    let now = ContinuousClock.now
    return [
      JSONMember("imageCount", .int(imageCount)),
      JSONMember("functionTimeAlive", .double((now - serverStart).roundedSeconds)),
      JSONMember("functionTimeCall", .double((now - requestStart).roundedSeconds)),
      JSONMember("model", .string(model)),
      JSONMember("task", .string(task)),
      JSONMember("version", .object([JSONMember("yolo", .string(Version.current))])),
    ]
  }
}

extension Duration {
  /// Seconds, to the microsecond.
  fileprivate var roundedSeconds: Double { (self / .microseconds(1)).rounded() * 1e-6 }

  /// Seconds.
  var inSeconds: Double { self / .seconds(1) }
}
#endif
