#if Server
import JSONText
import YOLO

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
