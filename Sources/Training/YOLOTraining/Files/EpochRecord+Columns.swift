public import YOLOGeometry

extension EpochRecord {
  /// Creates a record that was not evaluated in full.
  package init(
    ofEpoch epoch: Int, of epochs: Int, seconds: Double, losses: [(name: String, value: Double)],
    metrics: [(name: String, value: Double)],
    evaluationLosses: [(name: String, value: Double)], rates: [Double], fitness: Double?,
    isBest: Bool
  ) {
    self.init(
      epoch: epoch, epochs: epochs, seconds: seconds, losses: losses, metrics: metrics,
      evaluationLosses: evaluationLosses, rates: rates, fitness: fitness, isBest: isBest,
      report: nil)
  }

  /// Returns the names of the figures of a task, in the order of results.
  public static func metricNames(of task: VisionTask) -> [String] {
    let figures = ["precision", "recall", "mAP50", "mAP50-95"]
    let kinds: [String]
    switch task {
    case .classify: return ["metrics/accuracy_top1", "metrics/accuracy_top5"]
    case .segment: kinds = ["B", "M"]
    case .pose: kinds = ["B", "P"]
    case .detect, .obb, .semantic, .depth: kinds = ["B"]
    }
    return kinds.flatMap { kind in figures.map { "metrics/\($0)(\(kind))" } }
  }

  /// Returns the row of results.csv: the epoch from 1, the time, losses, figures, losses of the
  /// evaluation and learning rates.
  ///
  /// What was not evaluated is 0, as Ultralytics has it.
  ///
  /// - Parameter task: The task.
  /// - Returns: The columns in order.
  public func columns(for task: VisionTask) -> [(name: String, value: Double)] {
    let names = Self.metricNames(of: task)
    var columns = [(name: "epoch", value: Double(epoch + 1)), (name: "time", value: seconds)]
    columns += losses.map { ("train/\($0.name)", $0.value) }
    columns += names.map { name in (name, metrics.first { $0.name == name }?.value ?? 0) }
    columns += losses.map { loss in
      ("val/\(loss.name)", evaluationLosses.first { $0.name == loss.name }?.value ?? 0)
    }
    columns += rates.enumerated().map { ("lr/pg\($0)", $1) }
    return columns
  }
}
