import ArgumentParser
import YOLO
import YOLODatasets
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOModels
import YOLOOptions
import YOLOPostprocess

/// `yolo val`: measures how good a model is on a dataset.
struct ValCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "val",
    abstract: "Measures how good a model is on a dataset.",
    discussion: """
      A data set is a data.yaml in YOLO format, or for a classifier a directory with val/CLASS/IMAGE. \
      The figures are those of the reference's own validation.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
  }

  @Option(
    name: .long, help: ArgumentHelp("A data.yaml, or a classifier's directory.", valueName: "path"))
  var data: String

  @Option(name: .long, help: "The part of the dataset: \(Dataset.splits.joined(separator: ", ")).")
  var split = "val"

  @Option(
    name: .customLong(PredictOption.imageSize.flag),
    help: "The long side of the input in pixels (default: the model's own).")
  var imageSize: String?

  @Option(
    name: .customLong(ValidateOption.confidence.flag),
    help: "\(ValidateOption.confidence.help), \(ValidateOption.confidence.expected).")
  var confidence = "\(ValidateOption.confidence.defaultValue)"

  @Option(
    name: .customLong(ValidateOption.iouThreshold.flag),
    help: "\(ValidateOption.iouThreshold.help), \(ValidateOption.iouThreshold.expected).")
  var iouThreshold = "\(ValidateOption.iouThreshold.defaultValue)"

  @Option(
    name: .customLong(ValidateOption.maxDetections.flag),
    help: """
      \(ValidateOption.maxDetections.help), \(ValidateOption.maxDetections.expected) \
      (default: \(ValidateOption.maxDetections.defaultValue), more if an image has more labels).
      """)
  var maxDetections: String?

  @Option(
    name: .customLong(ValidateOption.batch.flag),
    help: "\(ValidateOption.batch.help), \(ValidateOption.batch.expected).")
  var batch = "\(ValidateOption.batch.defaultValue)"

  @Option(name: .long, help: "How the figures are printed: text, json.")
  var format = Format.text

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write the curves and the confusion matrix to this directory.", valueName: "dir"))
  var save: String?

  @OptionGroup(title: "Runtime") var runtime: RuntimeArguments

  func run() throws {
    do {
      let model = try runtime.open()
      let validation = Validation(
        model: model, side: try side(of: model),
        batchSize: try ValidateOption.batch.parsed(batch),
        selection: try selection(for: model), raisesLimit: maxDetections == nil)
      let directory = try save.map { try OutputDirectory($0) }
      let dataset = try Dataset.open(path: data, task: model.task)
      let outcome = try validation.run(dataset, split: split)
      let report = ValidationReport(
        model: try runtime.modelPath(), data: data, split: split, task: model.task.rawValue,
        names: dataset.names, outcome: outcome)
      switch format {
      case .text: StandardOutput.write(report.text)
      case .json: StandardOutput.write(report.json)
      }
      for (name, plot) in directory == nil ? [] : report.plots {
        try directory?.write(Array(plot.utf8), named: name)
      }
      if let failure = outcome.failure { throw failure }
    } catch let code as ExitCode {
      throw code
    } catch {
      throw ExitStatus.report(error)
    }
  }

  private func side(of model: Model) throws -> Int {
    guard let imageSize else {
      return max(model.defaultImageSize.width, model.defaultImageSize.height)
    }
    let size = try PredictOption.imageSize.parsed(imageSize)
    guard size.width == size.height else {
      throw ValidationError("imgsz must be one number here, but \(imageSize) was given")
    }
    return size.width
  }

  private func selection(for model: Model) throws -> Selection {
    var confidence = try ValidateOption.confidence.parsed(confidence)
    if model.task == .obb {
      confidence = max(confidence, ValidateOption.minimumOrientedConfidence)
    }
    let iouThreshold = try ValidateOption.iouThreshold.parsed(iouThreshold)
    return Selection(
      confidence: confidence, choice: .every,
      method: model.network.head.selectionMethod(iouThreshold: iouThreshold),
      limit: try maxDetections.map { try ValidateOption.maxDetections.parsed($0) }
        ?? ValidateOption.maxDetections.defaultValue)
  }
}
