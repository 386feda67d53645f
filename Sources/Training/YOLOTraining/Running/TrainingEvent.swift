public import YOLOGeometry
public import YOLOMetrics

/// What happens in a training, as it happens.
public enum TrainingEvent: Sendable {
  /// Something to be told: a setting that changed, a file that is left out.
  case notice(String)
  /// The training begins.
  case started(TrainingStart)
  /// A batch was computed.
  case batch(BatchProgress)
  /// The evaluation after an epoch goes on: the steps done and their number.
  case evaluation(done: Int, total: Int)
  /// An epoch has ended.
  case epoch(EpochRecord)
}

/// What a training begins with.
public struct TrainingStart: Sendable {
  /// The task.
  public var task: VisionTask
  /// The directory of the run.
  public var directory: String
  /// The epoch that comes first, from 0, and their number.
  public var firstEpoch: Int, epochs: Int
  /// The images to train on and to evaluate with.
  public var trainingImages: Int, evaluationImages: Int
  /// The side of the input, the images of a batch and the threads.
  public var imageSize: Int, batch: Int, threads: Int
  /// The numbers that are trained.
  public var parameterCount: Int
  /// The tensors taken over, of all.
  public var transferred: (count: Int, total: Int)
  /// What the optimizer is, with its rates.
  public var optimizer: String
  /// The names of the loss's terms.
  public var itemNames: [String]
}

/// How far an epoch has come.
public struct BatchProgress: Sendable {
  /// The epoch, from 0, and their number.
  public var epoch: Int, epochs: Int
  /// The batches done, and their number.
  public var batch: Int, batches: Int
  /// The means of the loss's terms over the batches so far.
  public var items: [Double]
  /// The objects of the last batch.
  public var instances: Int
  /// The side of its input.
  public var imageSize: Int
}

/// What came of an epoch.
public struct EpochRecord: Sendable {
  /// The epoch, from 0, and their number.
  public var epoch: Int, epochs: Int
  /// The seconds since the training began.
  public var seconds: Double
  /// The means of the loss's terms, with their names.
  public var losses: [(name: String, value: Double)]
  /// The figures of the evaluation, by the names of results.csv; none where there was none.
  public var metrics: [(name: String, value: Double)]
  /// The loss's terms on the evaluation's images.
  public var evaluationLosses: [(name: String, value: Double)]
  /// The learning rate of each group.
  public var rates: [Double]
  /// What the epochs are compared by; nil where there was no evaluation.
  public var fitness: Double?
  /// Whether it is the best so far.
  public var isBest: Bool
  /// The evaluation in full.
  public var report: EvaluationReport?
}

/// What came of a training.
public struct TrainingOutcome: Sendable {
  /// The directory of the run.
  public var directory: String
  /// The epochs that were trained, those of earlier runs included.
  public var epochs: Int
  /// Why it ended before its last epoch, if it did.
  public var reason: String?
  /// The seconds that it took.
  public var seconds: Double
  /// The weights of the best epoch and of the last one.
  public var best: String, last: String
  /// The figures of the best weights, by the names of results.csv.
  public var metrics: [(name: String, value: Double)]
  /// The evaluation of the best weights.
  public var report: EvaluationReport?
}

/// Why a network is not trained.
public enum TrainingError: Error, Sendable, CustomStringConvertible {
  /// An argument that is missing or cannot be.
  case argument(name: String, reason: String)
  /// The checkpoint or the network.
  case model(file: String, reason: String)
  /// The loss is not a number, again and again.
  case diverged(epoch: Int, attempts: Int)
  /// A training that was asked to end.
  case interrupted

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .argument(let name, let reason): "\(name): \(reason)"
    case .model(let file, let reason): "\(file): \(reason)"
    case .diverged(let epoch, let attempts):
      "the loss of epoch \(epoch + 1) was not finite \(attempts) times in a row; a smaller lr0 may "
        + "help. weights/last.pt has the epoch before"
    case .interrupted: "the training was interrupted"
    }
  }
}
