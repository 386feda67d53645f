import ArgumentParser
import YOLO
import YOLODatasets
import YOLOEvaluation
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOMetrics
import YOLOModels
import YOLOPostprocess

/// Runs a model over a dataset and rates what it finds.
struct Validation {
  /// What came of it.
  struct Outcome {
    enum Figures {
      case objects(EvaluationReport)
      case classes(ClassificationEvaluation)
    }

    var figures: Figures
    /// The mean times of an image.
    var speed: Speed
    /// The exit code of the last image that could not be used.
    var failure: ExitCode?
  }

  let model: Model
  /// The long side of the input.
  let side: Int
  let batchSize: Int
  let selection: Selection
  /// Whether as many instances are kept as the image with the most labels has, if that is more.
  let raisesLimit: Bool

  /// Validates on a part of a dataset.
  ///
  /// Images that cannot be read, and those with a wrong label, are reported and left out. A file is
  /// read twice: first for the image's extent, which decides on its batch.
  func run(_ dataset: Dataset, split: String) throws -> Outcome {
    guard model.task != .classify else { return try classify(dataset, split: split) }
    let keypointCount = model.network.head.keypointCount
    if let count = keypointCount, let shape = dataset.keypointShape, shape.count != count {
      throw YOLOError(
        .option,
        "\(dataset.path) has \(shape.count) keypoints an object, but the model has \(count)")
    }
    var notes = Notes()
    var usable = [(path: String, labels: ImageLabels, size: Size)]()
    let paths = try dataset.images(of: split)
    var progress = ProgressBar(total: 2 * paths.count)
    for path in paths {
      progress.advance()
      notes.record(clearing: progress) {
        let labels = try dataset.labels(ofImage: path)
        try check(labels.instances.map(\.classIndex), in: path)
        let size = try ImageReader.size(contentsOf: path)
        try Dataset.check(size, ofImage: path)
        usable.append((path, labels, size))
        return nil
      }
    }
    let plan = ValidationPlan(
      sizes: usable.map(\.size), imageSize: side, stride: max(32, model.largestStride),
      batchSize: batchSize)
    var selection = selection
    if raisesLimit {
      selection.limit = usable.reduce(selection.limit) { max($0, $1.labels.instances.count) }
    }
    var evaluation = Evaluation(
      task: model.task, classCount: model.network.head.classCount,
      keypointCount: keypointCount ?? 0)
    for input in plan.batches.joined() {
      let item = usable[input.index]
      progress.advance()
      notes.record(clearing: progress) {
        let image = try ImageReader.read(
          contentsOf: item.path, threads: model.options.threads)
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
    progress.clear()
    return Outcome(
      figures: .objects(evaluation.report()), speed: notes.meanSpeed, failure: notes.failure)
  }

  private func classify(_ dataset: Dataset, split: String) throws -> Outcome {
    let images = try dataset.classifiedImages(of: split)
    var evaluation = ClassificationEvaluation(classCount: model.network.head.classCount)
    var notes = Notes()
    var progress = ProgressBar(total: images.count)
    for item in images {
      progress.advance()
      notes.record(clearing: progress) {
        try check([item.classIndex], in: item.path)
        let image = try ImageReader.read(
          contentsOf: item.path, threads: model.options.threads)
        try Dataset.check(image.size, ofImage: item.path)
        let results = try model.evaluate(
          image, fit: .crop(Size(width: side, height: side)), selection: selection)
        if let classification = results.classification {
          evaluation.add(
            probabilities: classification.probabilities, target: item.classIndex)
        }
        return results.speed
      }
    }
    progress.clear()
    return Outcome(
      figures: .classes(evaluation), speed: notes.meanSpeed, failure: notes.failure)
  }

  private func check(_ classes: [Int], in path: String) throws {
    let count = model.network.head.classCount
    if let unknown = classes.first(where: { $0 >= count }) {
      throw YOLOError(
        .option, "\(path) has class \(unknown), but the model has \(count) classes")
    }
  }
}

extension Validation {
  /// What happened with single images.
  private struct Notes {
    var failure: ExitCode?
    private var total = Speed(preprocess: 0, inference: 0, postprocess: 0)
    private var count = 0

    /// Reports what goes wrong with one image, so that the others are still rated.
    ///
    /// `body` returns how long the image took, if it was run.
    mutating func record(clearing progress: ProgressBar, _ body: () throws -> Speed?) {
      do {
        if let speed = try body() { add(speed) }
      } catch {
        progress.clear()
        failure = ExitStatus.report(error)
      }
    }

    private mutating func add(_ speed: Speed) {
      count += 1
      total.preprocess += speed.preprocess
      total.inference += speed.inference
      total.postprocess += speed.postprocess
    }

    var meanSpeed: Speed {
      let share = 1 / Double(max(count, 1))
      return Speed(
        preprocess: total.preprocess * share, inference: total.inference * share,
        postprocess: total.postprocess * share)
    }
  }
}
