import Foundation
import Testing
import YOLO
import YOLODatasets
import YOLOEvaluation
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOMetrics
import YOLOOptions
import YOLOPostprocess

/// A model of the repository measured on a dataset of its own image.
@Suite struct EvaluatorTests {
  private static let weights = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Weights")

  private struct Interruption: Error {}

  private static func model(_ task: String) throws -> Model {
    try Model(path: weights.appending(path: "shapes-\(task).pt").path)
  }

  /// Calls with the path of a directory that has `data.yaml`, the image and its labels.
  private func withDataset(
    labels: String, _ body: (String) throws -> Void
  ) throws {
    let files = FileManager.default
    let directory = files.temporaryDirectory.appending(path: "yolo-evaluation-\(UUID().uuidString)")
    defer { try? files.removeItem(at: directory) }
    for name in ["images/val", "labels/val"] {
      try files.createDirectory(
        at: directory.appending(path: name), withIntermediateDirectories: true)
    }
    try Data("path: .\nval: images/val\nnames: [a, b, c, d, e, f, g, h]\n".utf8)
      .write(to: directory.appending(path: "data.yaml"))
    try files.copyItem(
      at: Self.weights.appending(path: "shapes.jpg"),
      to: directory.appending(path: "images/val/a.jpg"))
    try Data(labels.utf8).write(to: directory.appending(path: "labels/val/a.txt"))
    try body(directory.path)
  }

  /// The model's own results as labels.
  private func labels(_ model: Model) throws -> String {
    let image = try ImageReader.read(
      contentsOf: Self.weights.appending(path: "shapes.jpg").path)
    let options = try PredictOptions(confidence: 0.5)
    let results = try model.predictBlocking(image, options: options)
    #expect(results.instances.count > 1)
    return results.instances.map { instance in
      let box = instance.box
      let (width, height) = (Float(image.size.width), Float(image.size.height))
      let numbers = [
        (box.x1 + box.x2) / 2 / width, (box.y1 + box.y2) / 2 / height, (box.x2 - box.x1) / width,
        (box.y2 - box.y1) / height,
      ]
      return "\(instance.classIndex) " + numbers.map { "\($0)" }.joined(separator: " ") + "\n"
    }.joined()
  }

  @Test func ratesItsOwnResultsHighly() throws {
    let model = try Self.model("detect")
    try withDataset(labels: try labels(model)) { path in
      let dataset = try Dataset.open(path: path, task: .detect)
      var steps = 0
      let outcome = try Evaluator(model: model, dataset: dataset).run { event in
        if case .step(let total) = event {
          steps += 1
          #expect(total == 2)
        }
      }
      #expect(steps == 2 && outcome.skipped.isEmpty && outcome.speed.inference > 0)
      guard case .instances(let report) = outcome.figures else {
        Issue.record("a detector has instances")
        return
      }
      #expect(report.images == 1 && report.boxes.averagePrecision50 > 0.9)
    }
  }

  @Test func leavesOutWhatCannotBeUsed() throws {
    let model = try Self.model("detect")
    try withDataset(labels: "99 0.5 0.5 0.1 0.1\n") { path in
      let dataset = try Dataset.open(path: path, task: .detect)
      var told: [String] = []
      let outcome = try Evaluator(model: model, dataset: dataset).run { event in
        if case .skipped(let image) = event { told.append("\(image.error)") }
      }
      #expect(outcome.skipped.map(\.path).allSatisfy { $0.hasSuffix("a.jpg") })
      #expect(outcome.skipped.count == 1 && told.count == 1)
    }
  }

  @Test func endsWhenTold() throws {
    let model = try Self.model("detect")
    try withDataset(labels: "") { path in
      let dataset = try Dataset.open(path: path, task: .detect)
      #expect(throws: Interruption.self) {
        try Evaluator(model: model, dataset: dataset).run { _ in throw Interruption() }
      }
      #expect(throws: DatasetError.self) {
        try Evaluator(model: model, dataset: dataset).run(split: "test")
      }
    }
  }

  @Test func refusesADatasetOfAnotherTask() throws {
    let model = try Self.model("segment")
    try withDataset(labels: "") { path in
      let dataset = try Dataset.open(path: path, task: .detect)
      let error = #expect(throws: YOLOError.self) {
        try Evaluator(model: model, dataset: dataset).run()
      }
      #expect(error?.code == .option)
    }
  }
}
