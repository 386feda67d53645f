import ArgumentParser
import YOLO
import YOLOOptions

/// The options of a prediction, as `PredictOption` defines them.
struct PredictArguments: ParsableArguments {
  @Option(
    name: .customLong(PredictOption.imageSize.flag),
    help: "\(PredictOption.imageSize.help) (default: the model's own).")
  var imageSize: String?

  @Option(
    name: .customLong(PredictOption.confidence.flag),
    help: "\(PredictOption.confidence.help), \(PredictOption.confidence.expected).")
  var confidence = "\(PredictOption.confidence.defaultValue)"

  @Option(
    name: .customLong(PredictOption.iouThreshold.flag),
    help: "\(PredictOption.iouThreshold.help), \(PredictOption.iouThreshold.expected).")
  var iouThreshold = "\(PredictOption.iouThreshold.defaultValue)"

  @Option(
    name: .customLong(PredictOption.maxDetections.flag),
    help: "\(PredictOption.maxDetections.help), \(PredictOption.maxDetections.expected).")
  var maxDetections = "\(PredictOption.maxDetections.defaultValue)"

  @Option(
    name: .customLong(PredictOption.classes.flag), help: "\(PredictOption.classes.help).")
  var classes: String?

  @Flag(name: .customLong(PredictOption.agnostic.flag), help: "\(PredictOption.agnostic.help).")
  var agnostic = false

  @Flag(
    name: .customLong("no-" + PredictOption.rectangular.flag),
    help: "Pad images to the full input size.")
  var square = false

  @Flag(
    name: .customLong(PredictOption.retinaMasks.flag), help: "\(PredictOption.retinaMasks.help).")
  var retinaMasks = false

  /// Reads and checks the options.
  func options() throws -> PredictOptions {
    try PredictOptions(
      imageSize: try imageSize.map { try PredictOption.imageSize.parsed($0) },
      confidence: try PredictOption.confidence.parsed(confidence),
      iouThreshold: try PredictOption.iouThreshold.parsed(iouThreshold),
      maxDetections: try PredictOption.maxDetections.parsed(maxDetections),
      classes: try classes.map { try PredictOption.classes.parsed($0) },
      isAgnostic: agnostic, isRectangular: !square, hasRetinaMasks: retinaMasks)
  }
}
