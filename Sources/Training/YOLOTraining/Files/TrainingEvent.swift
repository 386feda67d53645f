import JSONText

/// What a training tells programs: one JSON object a line, with the member `event`.
///
/// | event | members |
/// |---|---|
/// | `started` | `task`, `model`, `data`, `epochs`, `directory`, `parameters`, `images`, `optimizer`, `transferred`, `tensors` |
/// | `progress` | `epoch`, `epochs`, `batch`, `batches`, `losses` |
/// | `epoch` | `epoch`, `epochs`, `time`, `train`, `metrics`, `val`, `lr`, `fitness`, `best` |
/// | `checkpoint` | `path`, `epoch`, `best` |
/// | `warning` | `message` |
/// | `completed` | `epochs`, `time`, `directory`, `best`, `metrics`, `reason` |
/// | `cancelled`, `failed` | `epoch`, `message` |
///
/// `transferred` of the network's `tensors` were taken over of pretrained weights; null if there are
/// none. Epochs and batches count from 1, times are seconds since the start, `fitness` is null where
/// nothing was evaluated, numbers that are not finite are null.
public enum TrainingEvent: Sendable, Hashable {
  /// What a training begins with.
  public struct Start: Sendable, Hashable {
    /// The task.
    public var task: String
    /// The checkpoint or description that it begins with.
    public var model: String
    /// The dataset.
    public var data: String
    /// The number of epochs.
    public var epochs: Int
    /// The directory of the run.
    public var directory: String
    /// The number of values that are trained.
    public var parameters: Int
    /// The number of images of the training set.
    public var images: Int
    /// The optimizer.
    public var optimizer: String
    /// What was taken over of pretrained weights; nil if the training begins anew or goes on.
    public var transfer: TransferReport?

    /// Describes a start.
    public init(
      task: String, model: String, data: String, epochs: Int, directory: String, parameters: Int,
      images: Int, optimizer: String, transfer: TransferReport? = nil
    ) {
      self.task = task
      self.model = model
      self.data = data
      self.epochs = epochs
      self.directory = directory
      self.parameters = parameters
      self.images = images
      self.optimizer = optimizer
      self.transfer = transfer
    }
  }

  /// Why a training ended.
  public enum End: String, Sendable, Hashable {
    /// All epochs are done.
    case epochs
    /// It had not improved for a while.
    case patience
    /// Its time was over.
    case time
  }

  /// The training begins.
  case started(Start)
  /// A batch is done; `losses` are means over the epoch so far.
  case progress(epoch: Int, epochs: Int, batch: Int, batches: Int, losses: [NamedValue])
  /// An epoch is done.
  case epoch(EpochRecord)
  /// A checkpoint was written.
  case checkpoint(path: String, epoch: Int, isBest: Bool)
  /// Something that the user should know.
  case warning(String)
  /// The training is done; the metrics are those of the best checkpoint.
  case completed(
    epochs: Int, seconds: Double, directory: String, best: String?, metrics: [NamedValue],
    reason: End)
  /// The training was interrupted; what `last.pt` has can be resumed.
  case cancelled(epoch: Int, message: String)
  /// The training ended by an error.
  case failed(epoch: Int, message: String)

  /// The event as a line of JSON, its line feed included.
  public var json: [UInt8] {
    var json = JSONWriter()
    json.value(.object([JSONMember("event", .string(name))] + members))
    return json.takeBytes() + [UInt8(ascii: "\n")]
  }

  /// The name of the event.
  public var name: String {
    switch self {
    case .started: "started"
    case .progress: "progress"
    case .epoch: "epoch"
    case .checkpoint: "checkpoint"
    case .warning: "warning"
    case .completed: "completed"
    case .cancelled: "cancelled"
    case .failed: "failed"
    }
  }

  private var members: [JSONMember] {
    switch self {
    case .started(let start):
      [
        JSONMember("task", .string(start.task)), JSONMember("model", .string(start.model)),
        JSONMember("data", .string(start.data)), JSONMember("epochs", .int(start.epochs)),
        JSONMember("directory", .string(start.directory)),
        JSONMember("parameters", .int(start.parameters)),
        JSONMember("images", .int(start.images)),
        JSONMember("optimizer", .string(start.optimizer)),
        JSONMember("transferred", start.transfer.map { .int($0.transferred) } ?? .null),
        JSONMember("tensors", start.transfer.map { .int($0.total) } ?? .null),
      ]
    case .progress(let epoch, let epochs, let batch, let batches, let losses):
      [
        JSONMember("epoch", .int(epoch)), JSONMember("epochs", .int(epochs)),
        JSONMember("batch", .int(batch)), JSONMember("batches", .int(batches)),
        JSONMember("losses", Self.object(losses)),
      ]
    case .epoch(let record):
      [
        JSONMember("epoch", .int(record.epoch)), JSONMember("epochs", .int(record.epochs)),
        JSONMember("time", .double(record.seconds)),
        JSONMember("train", Self.object(record.trainingLosses)),
        JSONMember("metrics", Self.object(record.metrics)),
        JSONMember("val", Self.object(record.evaluationLosses)),
        JSONMember("lr", .array(record.rates.map { .double($0) })),
        JSONMember("fitness", record.fitness.map { .double($0) } ?? .null),
        JSONMember("best", .bool(record.isBest)),
      ]
    case .checkpoint(let path, let epoch, let isBest):
      [
        JSONMember("path", .string(path)), JSONMember("epoch", .int(epoch)),
        JSONMember("best", .bool(isBest)),
      ]
    case .warning(let message): [JSONMember("message", .string(message))]
    case .completed(let epochs, let seconds, let directory, let best, let metrics, let reason):
      [
        JSONMember("epochs", .int(epochs)), JSONMember("time", .double(seconds)),
        JSONMember("directory", .string(directory)),
        JSONMember("best", best.map { .string($0) } ?? .null),
        JSONMember("metrics", Self.object(metrics)),
        JSONMember("reason", .string(reason.rawValue)),
      ]
    case .cancelled(let epoch, let message), .failed(let epoch, let message):
      [JSONMember("epoch", .int(epoch)), JSONMember("message", .string(message))]
    }
  }

  private static func object(_ values: [NamedValue]) -> JSONValue {
    .object(values.map { JSONMember($0.name, .double($0.value)) })
  }
}
