import JSONText
import YOLOGeometry

/// What a training tells programs: one JSON object a line, with the member `event`.
///
/// | event | members |
/// |---|---|
/// | `started` | `task`, `directory`, `epoch`, `epochs`, `images`, `evaluationImages`, `imgsz`, `batch`, `threads`, `parameters`, `transferred`, `tensors`, `optimizer`, `losses` |
/// | `batch` | `epoch`, `epochs`, `batch`, `batches`, `losses`, `instances`, `imgsz` |
/// | `evaluation` | `done`, `total` |
/// | `epoch` | `epoch`, `epochs`, `time`, `train`, `metrics`, `val`, `lr`, `fitness`, `best` |
/// | `notice` | `message` |
/// | `completed` | `epochs`, `time`, `directory`, `best`, `last`, `metrics`, `reason` |
/// | `failed`, `cancelled` | `message` |
///
/// Epochs and batches count from 1, in `started` the first epoch of this run; times are seconds
/// since the start. `fitness` is null where nothing was evaluated, `reason` where all epochs were
/// trained; numbers that are not finite are null.
extension TrainingEvent {
  /// Returns the event as a line of JSON with its line feed.
  ///
  /// - Parameter itemNames: The names of the loss's terms, which events of batches do not have.
  /// - Returns: The line in UTF-8.
  public func json(itemNames: [String]) -> [UInt8] {
    switch self {
    case .notice(let message): EventLine.bytes("notice", [JSONMember("message", .string(message))])
    case .started(let start): EventLine.bytes("started", start.members)
    case .batch(let progress): EventLine.bytes("batch", progress.members(itemNames))
    case .evaluation(let done, let total):
      EventLine.bytes(
        "evaluation", [JSONMember("done", .int(done)), JSONMember("total", .int(total))])
    case .epoch(let record): EventLine.bytes("epoch", record.members)
    }
  }
}

extension TrainingOutcome {
  /// The end of a training as a line of JSON with its line feed, see `TrainingEvent.json`.
  public var json: [UInt8] {
    EventLine.bytes(
      "completed",
      [
        JSONMember("epochs", .int(epochs)), JSONMember("time", .double(seconds)),
        JSONMember("directory", .string(directory)), JSONMember("best", .string(best)),
        JSONMember("last", .string(last)), JSONMember("metrics", EventLine.object(metrics)),
        JSONMember("reason", reason.map { .string($0) } ?? .null),
      ])
  }
}

extension TrainingError {
  /// The error as a line of JSON with its line feed, see `TrainingEvent.json`.
  public var json: [UInt8] {
    let name = if case .interrupted = self { "cancelled" } else { "failed" }
    return EventLine.bytes(name, [JSONMember("message", .string(description))])
  }
}

/// Lines of JSON.
enum EventLine {
  static func bytes(_ name: String, _ members: [JSONMember]) -> [UInt8] {
    var json = JSONWriter()
    json.value(.object([JSONMember("event", .string(name))] + members))
    return json.takeBytes() + [UInt8(ascii: "\n")]
  }

  static func object(_ values: [(name: String, value: Double)]) -> JSONValue {
    .object(values.map { JSONMember($0.name, .double($0.value)) })
  }
}

extension TrainingStart {
  fileprivate var members: [JSONMember] {
    [
      JSONMember("task", .string(task.rawValue)), JSONMember("directory", .string(directory)),
      JSONMember("epoch", .int(firstEpoch + 1)), JSONMember("epochs", .int(epochs)),
      JSONMember("images", .int(trainingImages)),
      JSONMember("evaluationImages", .int(evaluationImages)),
      JSONMember("imgsz", .int(imageSize)), JSONMember("batch", .int(batch)),
      JSONMember("threads", .int(threads)), JSONMember("parameters", .int(parameterCount)),
      JSONMember("transferred", .int(transferred.count)),
      JSONMember("tensors", .int(transferred.total)),
      JSONMember("optimizer", .string(optimizer)),
      JSONMember("losses", .array(itemNames.map { .string($0) })),
    ]
  }
}

extension BatchProgress {
  fileprivate func members(_ itemNames: [String]) -> [JSONMember] {
    [
      JSONMember("epoch", .int(epoch + 1)), JSONMember("epochs", .int(epochs)),
      JSONMember("batch", .int(batch)), JSONMember("batches", .int(batches)),
      JSONMember("losses", EventLine.object(zip(itemNames, items).map { ($0, $1) })),
      JSONMember("instances", .int(instances)), JSONMember("imgsz", .int(imageSize)),
    ]
  }
}

extension EpochRecord {
  fileprivate var members: [JSONMember] {
    [
      JSONMember("epoch", .int(epoch + 1)), JSONMember("epochs", .int(epochs)),
      JSONMember("time", .double(seconds)), JSONMember("train", EventLine.object(losses)),
      JSONMember("metrics", EventLine.object(metrics)),
      JSONMember("val", EventLine.object(evaluationLosses)),
      JSONMember("lr", .array(rates.map { .double($0) })),
      JSONMember("fitness", fitness.map { .double($0) } ?? .null),
      JSONMember("best", .bool(isBest)),
    ]
  }
}
