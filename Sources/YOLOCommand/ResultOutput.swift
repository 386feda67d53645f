import JSONText
import YOLO
import YOLOPostprocess

/// Prints predictions as they come, in one of the formats of `yolo predict`.
struct ResultOutput {
  private let format: PredictCommand.Format
  private var report = ResultReport()
  private var count = 0

  init(format: PredictCommand.Format) { self.format = format }

  /// Prints a prediction.
  mutating func write(_ prediction: Prediction) {
    count += 1
    switch format {
    case .text: StandardOutput.write(prediction.text)
    case .ndjson: StandardOutput.write(prediction.jsonLine())
    case .json:
      report.append(prediction)
      StandardOutput.write(report.takeBytes())
    }
  }

  /// Ends the output; `model` is the path of the model.
  mutating func finish(model: String) {
    guard format == .json else { return }
    report.finish(metadata: [
      JSONMember("imageCount", .int(count)),
      JSONMember("model", .string(model.split(separator: "/").last.map { String($0) } ?? model)),
      JSONMember("task", .string("detect")),
      JSONMember("version", .object([JSONMember("yolo", .string(Version.current))])),
    ])
    StandardOutput.write(report.takeBytes() + [UInt8(ascii: "\n")])
  }
}
