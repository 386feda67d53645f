import YOLO
import YOLODatasets
import YOLOEvaluation
import YOLOGeometry
import YOLOGraph
import YOLOMetrics
import YOLOModels
import YOLOOptions
import YOLOTrainingData
import YOLOWeights

/// The evaluation of the averaged weights after an epoch.
struct EpochEvaluation {
  /// What an evaluation found.
  struct Found {
    /// The figures by the names of results.csv.
    var metrics: [NamedValue]
    /// The loss's terms on the same images.
    var losses: [NamedValue]
    /// What epochs are compared by.
    var fitness: Double
    /// The evaluation in full; nil for classification.
    var report: EvaluationReport?
    /// What was taken for what.
    var confusion: ConfusionMatrix
  }

  private let losses: EvaluationLoss?
  private let dataset: Dataset
  private let names: [String]
  private let selection: TrainingSelection
  private let split: String
  private let options: EvaluationOptions
  private let runtime: RuntimeOptions

  /// Prepares the evaluation of a training's split.
  ///
  /// Without labels there, the loss is not evaluated.
  init(
    dataset: Dataset, names: [String], options: TrainOptions, task: VisionTask, imageSize: Int,
    stride: Int, network: Network, store: ParameterStore, threads: Int,
    report: (TrainingUpdate) throws -> Void
  ) throws {
    self.dataset = dataset
    self.names = names
    selection = TrainingSelection(
      isSingleClass: options.singleClass, classes: options.classes)
    split = options[.split].text ?? "val"
    do {
      losses = try EvaluationLoss(
        network: network, template: store,
        index: TrainingIndex(dataset, split: split, selection: selection, threads: threads),
        imageSize: imageSize, stride: stride,
        batch: task == .obb ? options.batchSize : 2 * options.batchSize,
        masks: MaskSettings(isOverlapping: options.overlapMask, ratio: options.maskRatio),
        threads: threads)
    } catch TrainingDataError.noLabels(let path, let split, _) {
      try report(
        .event(.warning("\(path): the \(split) part has no labels; its losses are not evaluated")))
      losses = nil
    }
    self.options = try EvaluationOptions(
      imageSide: imageSize, confidence: options.confidence(for: task),
      iouThreshold: options.iouThreshold,
      maxDetections: options.isGiven(.maxDetections) ? options.maxDetections : nil,
      batchSize: task == .obb ? options.batchSize : 2 * options.batchSize)
    runtime = RuntimeOptions(
      threads: threads, concurrency: 1,
      branch: options.suppresses || !network.head.isDual ? .oneToMany : .oneToOne)
  }

  /// Evaluates the averaged weights of a training.
  func run(
    network: TrainingNetwork, store: ParameterStore, average: MovingAverage,
    loss: any TrainingLoss, report: (TrainingUpdate) throws -> Void
  ) throws -> Found {
    let checkpoint = try network.checkpoint.replacing(
      store.entries.map { .init(key: $0.key, shape: $0.shape, offset: $0.offset) },
      by: average.values, count: store.count)
    var found = try evaluate(
      Model(checkpoint, named: "the network in training", options: runtime), report: report)
    var values = loss.itemNames.map { _ in 0.0 }
    if let losses {
      var done = 0
      values = try losses.items(of: loss, values: average.values) {
        try report(.evaluation(done: done, total: losses.imageCount))
        done += 1
      }
      losses.releaseMemory()
    }
    found.losses = zip(loss.itemNames, values).map { NamedValue($0, $1) }
    return found
  }

  /// Evaluates a checkpoint.
  func run(checkpoint path: String, report: (TrainingUpdate) throws -> Void) throws -> Found {
    try evaluate(Model(path: path, options: runtime), report: report)
  }

  private func evaluate(
    _ model: Model, report: (TrainingUpdate) throws -> Void
  ) throws -> Found {
    var done = 0
    let evaluator = Evaluator(
      model: model, dataset: dataset, options: options,
      selecting: { [selection] in selection.selected($0) })
    let outcome = try evaluator.run(split: split) { event in
      switch event {
      case .step(let total):
        try report(.evaluation(done: done, total: total))
        done += 1
      case .skipped(let image):
        try report(
          .event(.warning("\(image.path) is left out of the evaluation: \(image.error)")))
      }
    }
    switch outcome.figures {
    case .classes(let figures):
      try report(.evaluated(names: names, report: nil, confusion: figures.confusion))
      return Found(
        metrics: [
          NamedValue("metrics/accuracy_top1", figures.top1),
          NamedValue("metrics/accuracy_top5", figures.top5),
        ], losses: [], fitness: figures.fitness, report: nil, confusion: figures.confusion)
    case .instances(let figures):
      try report(.evaluated(names: names, report: figures, confusion: figures.confusion))
      var metrics = Self.metrics(figures.boxes, "B")
      if let details = figures.details {
        metrics += Self.metrics(details, dataset.task == .segment ? "M" : "P")
      }
      return Found(
        metrics: metrics, losses: [], fitness: figures.fitness, report: figures,
        confusion: figures.confusion)
    }
  }

  private static func metrics(
    _ figures: DetectionMetrics, _ letter: String
  ) -> [NamedValue] {
    [
      NamedValue("metrics/precision(\(letter))", figures.precision),
      NamedValue("metrics/recall(\(letter))", figures.recall),
      NamedValue("metrics/mAP50(\(letter))", figures.averagePrecision50),
      NamedValue("metrics/mAP50-95(\(letter))", figures.averagePrecision),
    ]
  }

  /// Draws the first batches of the evaluation with their labels and with what a checkpoint finds.
  func writeBatches(of path: String, plots: TrainingPlots?) throws {
    guard let plots, let losses else { return }
    let model = try Model(path: path, options: runtime)
    try losses.forEachShownBatch(with: model) { batch, labels, predictions in
      try plots.write(labels: labels, predictions: predictions, batch: batch)
    }
  }
}
