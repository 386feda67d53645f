import Foundation
import JSONText
import Testing
import YOLO
import YOLOInspection
import YOLOOptions
import YOLOTestSupport
import YOLOVerification
import YOLOWeights

@Suite struct VerificationTests {
  /// Records a case of a shipped model with native kernels of the strongest instruction set.
  private static func record(
    _ shipped: ShippedModel, taps: String, in directory: TemporaryDirectory
  ) throws -> GoldenCase {
    let model = try Model(path: shipped.path)
    let location = directory.path(of: shipped.task)
    try GoldenCase.record(
      model, image: shipped.image, to: location,
      modules: try TapSelection.paths(taps, of: model),
      stamp: try ModelStamp(path: shipped.path))
    return try GoldenCase(contentsOf: location)
  }

  /// All that can run a model here.
  private static let runtimes: [RuntimeOptions] =
    InstructionSet.available.map { RuntimeOptions(instructionSet: $0) }
    + Backend.available.filter { $0 != .native && $0.isInstalled }.map {
      RuntimeOptions(backend: $0)
    }

  @Test(arguments: ShippedModel.all) func everyRuntimeAgrees(shipped: ShippedModel) throws {
    let directory = try TemporaryDirectory()
    let recorded = try Self.record(shipped, taps: "input,layers", in: directory)
    #expect(recorded.task.rawValue == shipped.task && recorded.expected.count >= 4)
    #expect(recorded.model?.file == "shapes-\(shipped.task).pt")
    #expect(Self.runtimes.count >= 2)
    for runtime in Self.runtimes {
      let verification = try Verification(
        try Model(path: shipped.path, options: runtime), on: recorded)
      #expect(verification.agrees, "\(runtime): \(verification.problems)")
      #expect(verification.problems.isEmpty)
      #expect(verification.tensors.map(\.path) == recorded.tensors)
      #expect(verification.tensors.first?.path == "input")
      #expect(verification.tensors.first?.error == 0)
      #expect(verification.check.worst[.confidence] != nil)
      if runtime == Self.runtimes[InstructionSet.available.count - 1] {
        // The same runtime once more: the very same numbers.
        #expect(verification.tensors.allSatisfy { $0.error == 0 })
        let exact = Tolerances(box: 0, confidence: 0, keypoint: 0, outline: 1, tensor: 0)
        let prediction = try Model(path: shipped.path, options: runtime).predictBlocking(
          try recorded.readImage(), options: recorded.options)
        #expect(PredictionCheck(prediction, against: recorded.expected, within: exact).agrees)
      }
    }
  }

  /// What `Tools/golden_case.py` made of Ultralytics, with tensors of the task detect.
  @Test(arguments: ShippedModel.all) func casesOfUltralyticsAgree(shipped: ShippedModel) throws {
    let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/golden-cases/\(shipped.task)").path
    let made = try GoldenCase(contentsOf: directory)
    #expect(made.versions["ultralytics"] != nil && made.expected.count >= 4)
    #expect(made.tensors.count == (shipped.task == "detect" ? 29 : 0))
    let stamp = try ModelStamp(path: shipped.path)
    #expect(
      made.model?.describesSameContent(as: stamp) == true,
      "the model is another one: make the cases again, see Tests/README.md")
    let verification = try Verification(try Model(path: shipped.path), on: made)
    #expect(verification.agrees, "\(verification.problems)")
    // Far within the tolerances: Ultralytics' own float32 is as far from float64.
    #expect((verification.check.worst[.box] ?? 0) < 2e-3)
    #expect((verification.worstTensor?.relative ?? 0) < 1e-4)
  }

  /// Writes a copy of a shipped model in which the first weight of a module is another one.
  private static func damage(
    _ shipped: ShippedModel, _ isDamaged: (String) -> Bool, to path: String
  ) throws {
    try Model(path: shipped.path).checkpoint.writeSafetensors(to: path)
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let length = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    let header = try JSONParser.parse(String(decoding: bytes[8..<8 + length], as: UTF8.self))
    let member = try #require(
      header.members?.first {
        isDamaged($0.key) && $0.key.hasSuffix(".weight")
          && ($0.value["shape"]?.elements?.count ?? 0) >= 2
      })
    let start = try #require(member.value["data_offsets"]?.elements?.first?.int) + 8 + length
    // The number 64, in the tensor's own type: four moves the logits of a sure classifier too little.
    switch member.value["dtype"]?.string {
    case "F16": bytes.replaceSubrange(start..<start + 2, with: [0x00, 0x54])
    case "F32": bytes.replaceSubrange(start..<start + 4, with: [0x00, 0x00, 0x80, 0x42])
    default: Issue.record("unexpected type of \(member.key)")
    }
    try Data(bytes).write(to: URL(filePath: path))
  }

  /// The layers of a model that have weights: every one is named when it is damaged.
  @Test(arguments: [ShippedModel.all[0], ShippedModel.all[1], ShippedModel.all[4]])
  func theDamagedLayerIsNamed(shipped: ShippedModel) throws {
    let directory = try TemporaryDirectory()
    let recorded = try Self.record(shipped, taps: "layers", in: directory)
    let layers = try Model(path: shipped.path).network.layers.filter { $0.parameterCount > 0 }
    #expect(layers.count >= 10 && layers.first?.path == "model.0")
    for layer in layers {
      let path = directory.path(of: "damaged.safetensors")
      try Self.damage(shipped, { $0.hasPrefix(layer.path + ".") }, to: path)
      let verification = try Verification(try Model(path: path), on: recorded)
      let first = try #require(verification.firstDivergence, "\(layer.path)")
      #expect(first.path == layer.path || first.path.hasPrefix(layer.path + "."))
      #expect(!verification.agrees)
      #expect(
        verification.problems.first?.hasPrefix("first diverging module: \(first.path)") == true)
    }
  }

  /// With all modules kept, the very convolution is named, though inference takes it together with
  /// what follows.
  @Test(arguments: [
    "model.0.conv", "model.4.m.0.cv2.conv", "model.9.cv1.conv", "model.15.m.0.cv1.conv",
    "model.22.cv2.1.0.conv", "model.22.cv3.2.2",
  ]) func theDamagedModuleIsNamed(path: String) throws {
    let directory = try TemporaryDirectory()
    let shipped = ShippedModel.detect
    let model = try Model(path: shipped.path)
    let modules = model.modulePaths()
    #expect(modules.contains(path))
    let recorded = try Self.record(shipped, taps: modules.joined(separator: ","), in: directory)
    let copy = directory.path(of: "damaged.safetensors")
    try Self.damage(shipped, { $0 == path + ".weight" }, to: copy)
    let verification = try Verification(try Model(path: copy), on: recorded)
    #expect(verification.firstDivergence?.path == path)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let directory = try TemporaryDirectory()
    let recorded = try Self.record(.detect, taps: "model.4", in: directory)
    let other = try Model(path: ShippedModel.all[2].path)
    #expect(
      throws: VerificationError.otherTask(
        path: recorded.path, expected: .detect, found: .pose)
    ) { try Verification(other, on: recorded) }
    let error = #expect(throws: YOLOError.self) {
      try TapSelection.paths("layers,model.99", of: other)
    }
    #expect(error?.code == .option && error?.message.contains("model.99") == true)

    // A tensor of another shape is the first divergence, whatever its values.
    let pose = try Self.record(ShippedModel.all[2], taps: "model.5", in: directory)
    let (from, to) = (pose.path + "/tensors/model.5.npy", recorded.path + "/tensors/model.4.npy")
    try FileManager.default.removeItem(atPath: to)
    try FileManager.default.copyItem(atPath: from, toPath: to)
    let verification = try Verification(try Model(path: ShippedModel.detect.path), on: recorded)
    #expect(verification.check.agrees && !verification.agrees)
    #expect(verification.problems.first?.contains("its shape is") == true)
  }
}
