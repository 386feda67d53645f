public import YOLO
public import YOLODatasets
import YOLOGeometry
import YOLOImage
import YOLOImageIO
public import YOLOMetrics
import YOLOModels
public import YOLOOptions
public import YOLOPostprocess

/// Measures how good a model is on a labeled dataset.
///
///     let dataset = try Dataset.open(path: "coco8.yaml", task: model.task)
///     let outcome = try Evaluator(model: model, dataset: dataset).run()
///     if case .instances(let report) = outcome.figures { print(report.boxes.averagePrecision) }
///
/// Images are letterboxed and batched as Ultralytics' `val` does, so that the figures are the same.
/// Each inference has the threads of the model's options; several evaluations may run at once.
public struct Evaluator: Sendable {
  /// The model.
  public let model: Model
  /// The dataset, which must be of the model's task.
  public let dataset: Dataset
  /// Thresholds, input size and batch size.
  public let options: EvaluationOptions
  /// What becomes of the labels of an image before results are compared with them; not of classes
  /// of classification.
  private let selecting: @Sendable (ImageLabels) -> ImageLabels

  /// Creates an evaluator; nothing is read yet.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - dataset: The dataset.
  ///   - options: Thresholds, input size and batch size.
  ///   - selecting: What is compared of the labels of an image; all of them if not given. A training
  ///     with `single_cls` or `classes` is rated by what it was trained with.
  public init(
    model: Model, dataset: Dataset, options: EvaluationOptions = .standard,
    selecting: @escaping @Sendable (ImageLabels) -> ImageLabels = { $0 }
  ) {
    self.model = model
    self.dataset = dataset
    self.options = options
    self.selecting = selecting
  }

  /// What happens in a run, as it happens.
  public enum Event: Sendable {
    /// The next of `total` steps begins; an image has one for each time that it is read.
    case step(total: Int)
    /// An image is left out.
    case skipped(SkippedImage)
  }

  /// An image that could not be used.
  public struct SkippedImage: Sendable {
    /// The path of the image.
    public let path: String
    /// What is wrong with the image or its labels.
    public let error: any Error
  }

  /// What came of a run.
  public struct Outcome: Sendable {
    /// The figures of the model's task.
    public enum Figures: Sendable {
      /// Those of detection, segmentation, pose and oriented boxes.
      case instances(EvaluationReport)
      /// Those of classification.
      case classes(ClassificationEvaluation)
    }

    /// How good the model is.
    public let figures: Figures
    /// The mean times of an image.
    public let speed: Speed
    /// The images that were left out.
    public let skipped: [SkippedImage]
  }

  /// Runs the model over a part of the dataset and rates its results.
  ///
  /// Images that cannot be read, and those with a wrong label, are left out. A file is read twice,
  /// unless the task is classification: first for the image's size, which decides on its batch.
  /// Memory: that of the model's inference, the labels, and a few bytes a detection.
  ///
  /// - Parameters:
  ///   - split: The part: `train`, `val` or `test`.
  ///   - progress: Called with each event; what it throws ends the run.
  /// - Returns: The figures.
  /// - Throws: `DatasetError` if the part cannot be listed; `YOLOError` of code `option` if the
  ///   dataset is not of the model's task, or its `channels` are not the model's; what `progress`
  ///   throws.
  public func run(
    split: String = "val", progress: (Event) throws -> Void = { _ in }
  ) throws -> Outcome {
    guard dataset.task == model.task else {
      throw YOLOError(
        .option,
        "\(dataset.path) is read for \(dataset.task.rawValue), but the model is for "
          + model.task.rawValue)
    }
    if let channels = dataset.channels, channels != model.channels {
      throw YOLOError(
        .option,
        "\(dataset.path) has images of \(channels) channels, but the model takes \(model.channels)")
    }
    return model.task == .classify
      ? try classify(split, progress) : try rateInstances(split, progress)
  }

  private func rateInstances(
    _ split: String, _ progress: (Event) throws -> Void
  ) throws -> Outcome {
    let keypointCount = model.network.head.keypointCount
    if let count = keypointCount, let shape = dataset.keypointShape, shape.count != count {
      throw YOLOError(
        .option,
        "\(dataset.path) has \(shape.count) keypoints an object, but the model has \(count)")
    }
    var record = RunRecord()
    var usable = [(path: String, labels: ImageLabels, size: Size)]()
    let paths = try dataset.images(of: split)
    for path in paths {
      try progress(.step(total: 2 * paths.count))
      try record.attempt(path, progress) {
        let labels = selecting(try dataset.labels(ofImage: path))
        try check(labels.instances.map(\.classIndex), in: path)
        let size = try ImageReader.size(contentsOf: path, channels: model.channels)
        try Dataset.check(size, ofImage: path)
        usable.append((path, labels, size))
        return nil
      }
    }
    let plan = EvaluationPlan(
      sizes: usable.map(\.size), imageSize: imageSide, stride: max(32, model.largestStride),
      batchSize: options.batchSize)
    let selection = selection(labelCounts: usable.lazy.map(\.labels.instances.count))
    var evaluation = Evaluation(
      task: model.task, classCount: model.network.head.classCount,
      keypointCount: keypointCount ?? 0)
    for planned in plan.batches.joined() {
      let input =
        model.network.head.stretchesImages ? planned.stretched(to: imageSide) : planned
      let item = usable[input.index]
      try progress(.step(total: 2 * paths.count))
      try record.attempt(item.path, progress) {
        let image = try ImageReader.read(
          contentsOf: item.path, threads: model.options.threads, channels: model.channels)
        guard image.size == item.size else {
          throw ImageIOError.unreadable(source: item.path, reason: "it changed meanwhile")
        }
        let results = try model.evaluate(
          image, fit: .letterbox(input.letterbox), selection: selection)
        evaluation.add(
          results.instances,
          targets: item.labels.targets(
            for: input, task: model.task, maskGrid: results.first?.letterboxMask?.frame))
        return results.speed
      }
    }
    return Outcome(
      figures: .instances(evaluation.report()), speed: record.meanSpeed, skipped: record.skipped)
  }

  private func classify(
    _ split: String, _ progress: (Event) throws -> Void
  ) throws -> Outcome {
    let images = try dataset.classifiedImages(of: split)
    let selection = selection(labelCounts: EmptyCollection())
    let size = Size(width: imageSide, height: imageSide)
    var evaluation = ClassificationEvaluation(classCount: model.network.head.classCount)
    var record = RunRecord()
    for item in images {
      try progress(.step(total: images.count))
      try record.attempt(item.path, progress) {
        try check([item.classIndex], in: item.path)
        let image = try ImageReader.read(
          contentsOf: item.path, threads: model.options.threads, channels: model.channels)
        try Dataset.check(image.size, ofImage: item.path)
        let results = try model.evaluate(image, fit: .crop(size), selection: selection)
        if let classification = results.classification {
          evaluation.add(
            probabilities: classification.probabilities, target: item.classIndex)
        }
        return results.speed
      }
    }
    return Outcome(
      figures: .classes(evaluation), speed: record.meanSpeed, skipped: record.skipped)
  }

  /// The long side of the input.
  private var imageSide: Int {
    options.imageSide ?? max(model.defaultImageSize.width, model.defaultImageSize.height)
  }

  private func selection(labelCounts: some Sequence<Int>) -> Selection {
    let minimum = model.task == .obb ? EvaluationOption.minimumOrientedConfidence : 0
    let limit =
      options.maxDetections
      ?? labelCounts.reduce(EvaluationOption.maxDetections.defaultValue) { max($0, $1) }
    return Selection(
      confidence: max(options.confidence, minimum), choice: .every,
      method: model.network.head.selectionMethod(iouThreshold: options.iouThreshold),
      limit: limit)
  }

  private func check(_ classes: [Int], in path: String) throws {
    let count = model.network.head.classCount
    if let unknown = classes.first(where: { $0 >= count }) {
      throw YOLOError(
        .option, "\(path) has class \(unknown), but the model has \(count) classes")
    }
  }
}

/// What happened with single images.
private struct RunRecord {
  private(set) var skipped: [Evaluator.SkippedImage] = []
  private var total = Speed(preprocess: 0, inference: 0, postprocess: 0)
  private var count = 0

  /// Leaves an image out if something goes wrong with it, so that the others are still rated.
  ///
  /// `body` returns how long the image took, if it was run.
  mutating func attempt(
    _ path: String, _ progress: (Evaluator.Event) throws -> Void, _ body: () throws -> Speed?
  ) throws {
    do {
      if let speed = try body() { add(speed) }
    } catch {
      let image = Evaluator.SkippedImage(path: path, error: error)
      skipped.append(image)
      try progress(.skipped(image))
    }
  }

  private mutating func add(_ speed: Speed) {
    count += 1
    total.preprocess += speed.preprocess
    total.inference += speed.inference
    total.postprocess += speed.postprocess
  }

  var meanSpeed: Speed {
    let fraction = 1 / Double(max(count, 1))
    return Speed(
      preprocess: total.preprocess * fraction, inference: total.inference * fraction,
      postprocess: total.postprocess * fraction)
  }
}
