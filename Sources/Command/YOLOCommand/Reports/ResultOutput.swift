import JSONText
import YOLO
import YOLOGeometry
import YOLOPostprocess
import YOLOSystem

/// Prints predictions as they come, in one of the formats of `yolo predict`.
struct ResultOutput {
  private let format: PredictCommand.Format
  private let isNormalized: Bool
  private var report: ResultReport
  private var count = 0

  /// Whether there was a result.
  var hasResults: Bool { count > 0 }

  init(format: PredictCommand.Format, isNormalized: Bool) {
    self.format = format
    self.isNormalized = isNormalized
    report = ResultReport(isNormalized: isNormalized)
  }

  /// Prints the results of an image.
  mutating func write(_ results: Results) {
    count += 1
    switch format {
    case .text: StandardOutput.write(results.text)
    case .ndjson: StandardOutput.write(results.jsonLine(isNormalized: isNormalized))
    case .json:
      report.append(results)
      StandardOutput.write(report.takeBytes())
    }
  }

  /// Ends the output; `path` is that of the model.
  mutating func finish(model path: String, task: VisionTask) {
    guard format == .json else { return }
    report.finish(metadata: [
      JSONMember("imageCount", .int(count)),
      JSONMember("model", .string(FilePath.name(of: path))),
      JSONMember("task", .string(task.rawValue)),
      JSONMember("version", .object([JSONMember("yolo", .string(Version.current))])),
    ])
    StandardOutput.write(report.takeBytes() + [UInt8(ascii: "\n")])
  }
}
