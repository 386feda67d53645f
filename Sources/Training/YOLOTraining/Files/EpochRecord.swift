public import YOLOGeometry

/// A number with its name.
public struct NamedValue: Sendable, Hashable {
  /// The name.
  public let name: String
  /// The number.
  public let value: Double

  /// Names a number.
  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }
}

/// What there is to say about an epoch: the row of the table, the event for machines and the lines
/// on the terminal are made from it.
public struct EpochRecord: Sendable, Hashable {
  /// The epoch, counted from 1.
  public var epoch: Int
  /// The number of epochs.
  public var epochs: Int
  /// The seconds since the training began.
  public var seconds: Double
  /// The losses of the training, means over the epoch, by their names: `box_loss`.
  public var trainingLosses: [NamedValue]
  /// The figures of the evaluation by the names that results have: `metrics/mAP50(B)`.
  public var metrics: [NamedValue]
  /// The losses of the evaluation, by the names of the training's.
  public var evaluationLosses: [NamedValue]
  /// The learning rate of each group at the end of the epoch.
  public var rates: [Double]
  /// The fitness; nil where the epoch was not evaluated.
  public var fitness: Double?
  /// Whether it is the best epoch so far.
  public var isBest: Bool

  /// Creates a record.
  public init(
    epoch: Int, epochs: Int, seconds: Double, trainingLosses: [NamedValue],
    metrics: [NamedValue], evaluationLosses: [NamedValue], rates: [Double], fitness: Double?,
    isBest: Bool
  ) {
    self.epoch = epoch
    self.epochs = epochs
    self.seconds = seconds
    self.trainingLosses = trainingLosses
    self.metrics = metrics
    self.evaluationLosses = evaluationLosses
    self.rates = rates
    self.fitness = fitness
    self.isBest = isBest
  }

  /// Returns the names of the figures of a task, in the order of results.
  public static func metricNames(of task: VisionTask) -> [String] {
    let figures = ["precision", "recall", "mAP50", "mAP50-95"]
    let kinds: [String] =
      switch task {
      case .classify: []
      case .segment: ["B", "M"]
      case .pose: ["B", "P"]
      case .detect, .obb, .semantic, .depth: ["B"]
      }
    if task == .classify { return ["metrics/accuracy_top1", "metrics/accuracy_top5"] }
    return kinds.flatMap { kind in figures.map { "metrics/\($0)(\(kind))" } }
  }

  /// Returns the columns of the table with their values: the epoch and the time first.
  ///
  /// What was not evaluated is 0, as Ultralytics has it.
  ///
  /// - Parameter task: The task, which says what the figures are.
  /// - Returns: The columns in order, the same ones for every epoch.
  public func columns(for task: VisionTask) -> [NamedValue] {
    var columns = [NamedValue("epoch", Double(epoch)), NamedValue("time", seconds)]
    columns += trainingLosses.map { NamedValue("train/\($0.name)", $0.value) }
    columns += Self.metricNames(of: task).map { name in
      NamedValue(name, metrics.first { $0.name == name }?.value ?? 0)
    }
    columns += trainingLosses.map { loss in
      NamedValue(
        "val/\(loss.name)", evaluationLosses.first { $0.name == loss.name }?.value ?? 0)
    }
    columns += rates.enumerated().map { NamedValue("lr/pg\($0)", $1) }
    return columns
  }

  /// Creates the record that a row of the table is of; nil if the row has no number of an epoch.
  ///
  /// Where all figures and losses of the evaluation are 0, it was not evaluated.
  ///
  /// - Parameters:
  ///   - columns: The columns of the row, as ``columns(for:)`` has them; the numbers have six digits.
  ///   - epochs: The number of epochs.
  ///   - task: The task.
  ///   - best: The highest fitness of the rows before; nil if there is none.
  package init?(_ columns: [NamedValue], epochs: Int, task: VisionTask, best: Double?) {
    func values(_ prefix: String) -> [NamedValue] {
      columns.filter { $0.name.hasPrefix(prefix) }
        .map { NamedValue(String($0.name.dropFirst(prefix.count)), $0.value) }
    }
    guard let number = columns.first(where: { $0.name == "epoch" })?.value,
      let epoch = Int(exactly: number), epoch > 0
    else { return nil }
    let metrics = columns.filter { $0.name.hasPrefix("metrics/") }
    let losses = values("val/")
    let isEvaluated = (metrics + losses).contains { $0.value != 0 }
    let fitness = isEvaluated ? Self.fitness(of: metrics, task: task) : nil
    self.init(
      epoch: epoch, epochs: epochs, seconds: columns.first { $0.name == "time" }?.value ?? 0,
      trainingLosses: values("train/"), metrics: isEvaluated ? metrics : [],
      evaluationLosses: isEvaluated ? losses : [], rates: values("lr/").map(\.value),
      fitness: fitness, isBest: fitness.map { $0 > best ?? -.infinity } ?? false)
  }

  /// The fitness that figures amount to, see `EvaluationReport.fitness`.
  private static func fitness(of metrics: [NamedValue], task: VisionTask) -> Double {
    let counted = metrics.filter { task == .classify || $0.name.contains("mAP50-95") }
    let sum = counted.reduce(0) { $0 + $1.value }
    return task == .classify ? sum / 2 : sum
  }
}
