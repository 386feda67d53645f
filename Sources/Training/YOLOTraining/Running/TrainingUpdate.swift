public import YOLOMetrics

/// What a training tells as it goes on.
public enum TrainingUpdate: Sendable {
  /// An event, as programs are told, too.
  case event(TrainingEvent)
  /// A batch was computed.
  case batch(BatchProgress)
  /// The evaluation goes on: the steps done and their number.
  case evaluation(done: Int, total: Int)
  /// The evaluation has ended: the names of the dataset's classes, the figures in full, which
  /// classification does not have, and what was taken for what.
  case evaluated(names: [String], report: EvaluationReport?, confusion: ConfusionMatrix)
}

/// How far an epoch has come.
public struct BatchProgress: Sendable {
  /// The epoch, from 1, and their number.
  public let epoch: Int, epochs: Int
  /// The batches done, and their number.
  public let batch: Int, batches: Int
  /// The means of the loss's terms over the batches so far.
  public let losses: [NamedValue]
  /// The objects of the last batch.
  public let instances: Int
  /// The side of its input.
  public let imageSize: Int
}

/// What came of a training.
public struct TrainingOutcome: Sendable {
  /// The directory of the run.
  public let directory: RunDirectory
  /// The epochs that were trained, those of earlier runs included.
  public let epochs: Int
  /// Why it ended.
  public let end: TrainingEvent.End
  /// The seconds that it took.
  public let seconds: Double
  /// The figures of the best weights, by the names of results.csv.
  public let metrics: [NamedValue]
  /// The evaluation of the best weights.
  public let report: EvaluationReport?
}

/// Why a network is not trained.
public enum TrainingError: Error, Sendable, CustomStringConvertible {
  /// An argument that is missing or cannot be.
  case argument(name: String, reason: String)
  /// The checkpoint or the network.
  case model(file: String, reason: String)
  /// The loss is not a number, again and again.
  case diverged(epoch: Int, attempts: Int)
  /// The training was asked to end.
  case interrupted(epoch: Int)

  /// What there is after an epoch was not finished.
  private static func checkpoint(before epoch: Int, _ rest: String) -> String {
    epoch > 1 ? "; weights/last.pt has the last epoch that was saved\(rest)" : ""
  }

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .argument(let name, let reason): "\(name): \(reason)"
    case .model(let file, let reason): "\(file): \(reason)"
    case .diverged(let epoch, let attempts):
      "the loss of epoch \(epoch) was not finite \(attempts) times in a row; a smaller lr0 may help"
        + Self.checkpoint(before: epoch, "")
    case .interrupted(let epoch):
      "the training was interrupted in epoch \(epoch)"
        + Self.checkpoint(before: epoch, ", and resume=weights/last.pt goes on from it")
    }
  }
}
