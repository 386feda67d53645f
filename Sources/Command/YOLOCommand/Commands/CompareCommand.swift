import ArgumentParser
import JSONText
import YOLODatasets
import YOLOVerification

/// `yolo compare`: tells how far two files of predictions are apart.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Tells how far two files of predictions are apart.",
    discussion: """
      The files are what yolo predict --format json or ndjson prints, an answer of the inference \
      APIs, or the list that Ultralytics' to_json gives; their images are taken in order. \
      Objects of the same class are paired by the overlap of their boxes. Of semantic segmentation the \
      part of the pixels that a class has stands for a confidence; of depth the range is compared, \
      min, max and mean standing for classes.

      Ends with exit code 1 if --tolerance is given and the files do not agree.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
  }

  @Argument(help: "The predictions that are expected.")
  var first: String

  @Argument(help: "The predictions that are compared with them.")
  var second: String

  @Option(name: .long, help: "The minimum IoU of a pair, 0 to 1.")
  var iou = PredictionComparison.minimumIoU

  @Option(
    name: .long,
    help: "How far coordinates may be apart, in their own unit; no matter how far if not given.")
  var tolerance: Float?

  @Option(name: .long, help: "How far confidences may be apart where --tolerance is given.")
  var confidenceTolerance: Float = 1e-4

  @Option(name: .long, help: "How the differences are printed: text, json.")
  var format = Format.text

  func run() throws {
    try reporting {
      guard (0...1).contains(iou) else {
        throw ValidationError("iou must be a number from 0 to 1, but \(iou) was given")
      }
      for value in [tolerance ?? 0, confidenceTolerance] where !(value >= 0) {
        throw ValidationError("a tolerance must be 0 or more, but \(value) was given")
      }
      let expected = try PredictionFile.read(first)
      let found = try PredictionFile.read(second)
      guard expected.count == found.count else {
        throw ValidationError(
          "\(first) has \(expected.count) images, but \(second) has \(found.count)")
      }
      var report = ComparisonReport(images: expected, against: found)
      for (image, other) in zip(expected, found) {
        report.add(PredictionComparison(image.objects, other.objects, minimumIoU: iou))
      }
      switch format {
      case .text: StandardOutput.write(report.text)
      case .json: StandardOutput.write(report.json)
      }
      if let tolerance,
        !report.summary.agrees(coordinates: tolerance, confidences: confidenceTolerance)
      {
        throw ExitCode(1)
      }
    }
  }
}
