import Foundation
import Synchronization
import Testing
import YOLO
import YOLODatasets
import YOLOGeometry
import YOLOImageIO
import YOLOPostprocess
import YOLOTesting
import YOLOVerification
import YOLOWeights

@Suite struct ExpectPredictionTests {
  private static let weights = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Weights").path

  private static func prediction(_ instances: [Instance]) -> Results {
    Results(
      source: "a", imageSize: Size(width: 100, height: 100), task: .detect, instances: instances,
      names: ["circle", "star"],
      speed: Speed(preprocess: 0, inference: 0, postprocess: 0))
  }

  private static func detection(
    _ classIndex: Int, _ confidence: Float, x: Float
  ) -> Instance {
    Instance(
      classIndex: classIndex, confidence: confidence,
      geometry: .box(Box(x1: x, y1: 0, x2: x + 10, y2: 10)))
  }

  /// Runs a body that must record one issue, and returns what that says.
  private static func message(
    of body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
  ) rethrows -> [String] {
    let recorder = Recorder()
    try withKnownIssue(sourceLocation: sourceLocation) {
      try body()
    } matching: { issue in
      let text = issue.comments.map(\.rawValue).joined()
      recorder.messages.withLock { $0.append(text) }
      return true
    }
    return recorder.messages.withLock { $0 }
  }

  /// Extracts messages from of a closure.
  private final class Recorder: Sendable {
    let messages = Mutex<[String]>([])
  }

  @Test func whatIsTheSamePasses() {
    let one = Self.prediction([Self.detection(0, 0.9, x: 0), Self.detection(1, 0.5, x: 50)])
    let other = Self.prediction([Self.detection(1, 0.5, x: 50.25), Self.detection(0, 0.9, x: 0)])
    expectPrediction(one, matches: one)
    expectPrediction(one, matches: other, within: Tolerances(box: 0.25))
  }

  @Test func theIssueSaysWhichObjectAndByHowMuch() {
    let found = Self.prediction([
      Self.detection(0, 0.75, x: 0.25), Self.detection(1, 0.5, x: 50),
    ])
    let expected = Self.prediction([
      Self.detection(0, 0.75, x: 0), Self.detection(1, 0.5, x: 80),
    ])
    #expect(
      Self.message { expectPrediction(found, matches: expected, "the image of the docks") } == [
        """
        the prediction of 2 objects is not the expected one of 2:
        - circle 0.75 at (0.0, 0.0, 10.0, 10.0): box is off by 0.25 px, expected 0.05 px at most, \
        found at (0.25, 0.0, 10.25, 10.0)
        - missing: star 0.5 at (80.0, 0.0, 90.0, 10.0)
        - extra: star 0.5 at (50.0, 0.0, 60.0, 10.0)
        the image of the docks
        """
      ])
  }

  @Test func aLongListIsCut() throws {
    let many = Self.prediction((0..<30).map { Self.detection(0, 0.5, x: Float(20 * $0)) })
    let messages = Self.message { expectPrediction(many, matches: Self.prediction([])) }
    let lines = try #require(messages.first).split(separator: "\n")
    #expect(messages.count == 1 && lines.count == 22 && lines.last == "- and 10 more")
  }

  @Test func casesAndFiles() throws {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "yolo-testing-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let model = try Model(path: Self.weights + "/shapes-detect.pt")
    let image = Self.weights + "/shapes.jpg"
    try GoldenCase.record(model, image: image, to: directory, modules: ["model.2", "model.5"])

    let prediction = try model.predictBlocking(try ImageReader.read(contentsOf: image))
    let recorded = try GoldenCase(contentsOf: directory)
    expectPrediction(prediction, matches: recorded)
    let file = try #require(try PredictionFile.read(directory + "/expected.json").first)
    expectPrediction(prediction, matches: file)
    #expect(try expectVerified(model, against: directory).agrees)

    var less = prediction
    less.instances.removeFirst()
    let name = model.names.label(of: prediction.detections[0].classIndex)
    #expect(
      Self.message { expectPrediction(less, matches: recorded) }.first?
        .contains("- missing: \(name) ") == true)
    #expect(Self.message { expectPrediction(less, matches: file) }.count == 1)

    // The tensor of the one layer for that of the other.
    try FileManager.default.removeItem(atPath: directory + "/tensors/model.5.npy")
    try FileManager.default.copyItem(
      atPath: directory + "/tensors/model.2.npy", toPath: directory + "/tensors/model.5.npy")
    #expect(
      try Self.message { try expectVerified(model, against: directory) }.first?
        .contains("first diverging module: model.5") == true)
    #expect(throws: VerificationError.self) {
      try expectVerified(model, against: directory + "/nowhere")
    }
  }
}
