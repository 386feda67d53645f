import Foundation
import Testing
import YOLO
import YOLOGraph
import YOLOImage
import YOLOImageIO
import YOLOKernels
import YOLOModels
import YOLOOptions
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

/// Whole predictions, and tensors on the way, against what Ultralytics gave.
@Suite struct UltralyticsTests {
  /// A backend on an instruction set.
  struct Setting: Sendable, CustomTestStringConvertible {
    let backend: Backend
    let instructionSet: InstructionSet

    var testDescription: String { "\(backend) \(instructionSet)" }

    static let all =
      InstructionSet.available.map { Setting(backend: .native, instructionSet: $0) }
      + Backend.available.filter { $0 != .native }
      .map { Setting(backend: $0, instructionSet: .best) }
  }

  @Test func thereAreCases() {
    #expect(GoldenCase.all.count >= 20, "regenerate with: python Tools/make_fixtures.py")
  }

  @Test(arguments: GoldenCase.all, Setting.all)
  func predictionsAgree(_ golden: GoldenCase, _ setting: Setting) throws {
    let model = try Model(
      path: GoldenCase.url(golden.checkpoint).path,
      options: RuntimeOptions(
        backend: setting.backend, instructionSet: setting.instructionSet, threads: 2))
    let image = try ImageReader.read(contentsOf: GoldenCase.url(golden.image).path)
    let prediction = try model.predictBlocking(
      image,
      options: try PredictOptions(
        imageSize: Size(width: golden.imgsz, height: golden.imgsz),
        confidence: golden.conf, iouThreshold: golden.iou))
    let expected = try golden.found()
    var found = prediction.detections
    #expect(found.count == expected.count)
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.confidence >= $1.confidence })
    for wanted in expected {
      // Same order up to ties: what has its place by confidence may swap only with its like.
      let match = found.firstIndex { detection in
        detection.classIndex == wanted.class && Self.isClose(detection, wanted)
      }
      guard let match else {
        let near = found.filter { abs(Double($0.confidence) - wanted.confidence) < 1e-3 }
        Issue.record("nothing like \(wanted); of like confidence are \(near)")
        continue
      }
      #expect(prediction.name(ofClass: found[match].classIndex) == wanted.name)
      found.remove(at: match)
    }
  }

  /// The bounds that the project sets itself; float32 rounding through 60 layers stays below.
  private static func isClose(_ found: Instance, _ wanted: GoldenCase.Found) -> Bool {
    let box = found.box
    let edges = [
      (box.x1, wanted.x1), (box.y1, wanted.y1), (box.x2, wanted.x2), (box.y2, wanted.y2),
    ]
    return abs(Double(found.confidence) - wanted.confidence) <= 1e-4
      && edges.allSatisfy { abs(Double($0) - $1) <= 0.01 }
  }

  @Test(arguments: GoldenCase.all.filter { $0.input != nil })
  func letterboxedInputsAreBitExact(_ golden: GoldenCase) throws {
    let expected = try NumpyArray(
      contentsOf: GoldenCase.url(try #require(golden.input)))
    let model = try Model(path: GoldenCase.url(golden.checkpoint).path)
    let image = try ImageReader.read(contentsOf: GoldenCase.url(golden.image).path)
    let letterbox = model.letterbox(
      for: image.size,
      options: try PredictOptions(
        imageSize: Size(width: golden.imgsz, height: golden.imgsz)))
    let input = image.letterboxed(letterbox)
    #expect([input.height, input.width, 3] == expected.shape)
    #expect(input.pixels.map { Float($0) } == expected.values)
  }

  @Test(
    arguments: GoldenCase.all.filter { $0.heads != nil && $0.input != nil && $0.conf < 0.1 },
    Setting.all)
  func headTensorsAgree(_ golden: GoldenCase, _ setting: Setting) throws {
    let input = try NumpyArray(contentsOf: GoldenCase.url(try #require(golden.input)))
    let checkpoint = try Checkpoint.open(path: GoldenCase.url(golden.checkpoint).path)
    let network = try Network(checkpoint)
    let planner = Planner(
      backend: setting.backend, instructionSet: setting.instructionSet, threads: 2)
    let plan = try planner.plan(
      network.graph, height: input.shape[0], width: input.shape[1], weights: PackedWeights())
    let heads = try #require(golden.heads)
    try Session().run(
      plan,
      fill: { _, base, layout in
        for (index, value) in input.values.enumerated() {
          let pixel = index / 3
          let at =
            pixel / layout.width * layout.rowStride + pixel % layout.width * layout.pixelStride
          base[at + index % 3] = value / 255
        }
      },
      body: { arena in
        var compared = 0
        for (name, layout) in plan.outputs {
          guard let file = heads[Self.key(name)] else { continue }
          let expected = try NumpyArray(contentsOf: GoldenCase.url(file))
          let found = Tensor(layout.map(in: arena))
          #expect(found.shape == expected.shape, "\(name)")
          // float32 rounding through 60 layers, on logits of up to about 20.
          expectClose(found.values, expected.values, .ofRange(2e-4), name)
          compared += 1
        }
        #expect(compared == heads.count)
      })
  }

  /// The fixtures' name of an output: that of `model.22.cv2.0` is `box0`, of `model.22.cv3.0`
  /// `class0`.
  private static func key(_ output: String) -> String {
    let parts = output.split(separator: ".").map { String($0) }
    return (parts[parts.count - 2] == "cv2" ? "box" : "class") + parts[parts.count - 1]
  }
}
