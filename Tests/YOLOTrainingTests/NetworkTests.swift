import Foundation
import Testing
import YOLOGeometry
import YOLOGraph
import YOLOSystem
import YOLOTensor
import YOLOTraining
import YOLOWeights

@Suite("Networks from descriptions")
struct NetworkTests {
  /// What Ultralytics makes of a network's name.
  struct Golden: Sendable, CustomTestStringConvertible {
    let name: String
    let checksum: UInt32
    let parameters: Int
    var testDescription: String { name }
  }

  static let golden: [Golden] = {
    let path = "\(packageDirectory)/Tests/YOLOTrainingTests/Fixtures/networks.json"
    guard let data = FileManager.default.contents(atPath: path),
      let file = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
      let rows = file["networks"] as? [String: [Int]]
    else { return [] }
    return rows.sorted { $0.key < $1.key }.map {
      Golden(name: $0.key, checksum: UInt32($0.value[0]), parameters: $0.value[1])
    }
  }()

  @Test("The fixture is there")
  func fixture() {
    #expect(Self.golden.count == 120, "regenerate with: python Tools/training/network_fixtures.py")
  }

  /// The largest take seconds each: they are built where YOLO_ALL_NETWORKS is set.
  @Test("Modules, attributes and shapes are those of Ultralytics", arguments: golden)
  func structure(_ golden: Golden) throws {
    let isLarge = golden.parameters > 12_000_000
    let all = ProcessInfo.processInfo.environment["YOLO_ALL_NETWORKS"]
    guard !isLarge || all != nil else { return }
    let description = try NetworkDescription.open("\(golden.name).yaml")
    let names = (0..<description.classCount).map { String($0) }
    let network = try TrainingNetwork(describedBy: description, names: names, seed: 0)
    let text = structureText(network.model)
    if let all, all.hasPrefix("/") {
      try text.write(toFile: "\(all)/\(golden.name).txt", atomically: true, encoding: .utf8)
    }
    #expect(
      network.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) } == golden.parameters)
    let checksum = Array(text.utf8).withUnsafeBytes { buffer in
      buffer.baseAddress.map { Checksum.crc32(ByteView(base: $0, count: buffer.count)) }
    }
    #expect(checksum == golden.checksum, "compare the texts of both")
  }

  @Test("Initial values follow the rules, and the seed alone decides them")
  func initialValues() throws {
    let description = try NetworkDescription.open("yolo26n-pose.yaml")
    func make(_ seed: UInt64) throws -> TrainingNetwork {
      try TrainingNetwork(
        describedBy: description, names: ["a", "b", "c"], keypointShape: [4, 3], seed: seed)
    }
    let network = try make(7)
    #expect(recordDifferences(network.model, try make(7).model) == [])
    #expect(!recordDifferences(network.model, try make(8).model).isEmpty)
    func numbers(_ key: String) throws -> [Float] {
      let name = try #require(key.split(separator: ".").last.map(String.init))
      let record = try #require(network.model[String(key.dropLast(name.count + 1))])
      return try #require(record.tensors[name]).floats()
    }
    let weight = try numbers("model.1.conv.weight")
    let bound = 1 / Float(16 * 9).squareRoot()
    let largest = weight.map(abs).max() ?? 0
    #expect(largest <= bound && largest > 0.99 * bound)
    let mean = weight.reduce(0, +) / Float(weight.count)
    let deviation = (weight.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Float(weight.count))
      .squareRoot()
    // Even spread over ±b has the deviation b/√3; 4608 numbers give it within 3 %.
    #expect(abs(deviation * Float(3).squareRoot() / bound - 1) < 0.03)
    #expect(abs(mean) < bound / 30)
    #expect(try numbers("model.1.bn.weight").allSatisfy { $0 == 1 })
    #expect(try numbers("model.1.bn.bias").allSatisfy { $0 == 0 })
    #expect(try numbers("model.1.bn.running_var").allSatisfy { $0 == 1 })
    #expect(try numbers("model.23.cv2.1.2.bias").allSatisfy { $0 == 2 })
    for (level, stride) in [8.0, 16, 32].enumerated() {
      let expected = Float(log(5 / 3 / ((640 / stride) * (640 / stride))))
      for branch in ["cv3", "one2one_cv3"] {
        let biases = try numbers("model.23.\(branch).\(level).2.bias")
        #expect(biases.count == 3 && biases.allSatisfy { abs($0 - expected) < 1e-5 })
      }
      #expect(
        try numbers("model.23.cv3.\(level).2.weight")
          == numbers("model.23.one2one_cv3.\(level).2.weight"))
    }
    let flow = try numbers("model.23.flow_model.s.0.0.weight").map(abs).max() ?? 0
    let flowBound = 0.01 * Float(6.0 / 66).squareRoot()
    #expect(flow <= flowBound && flow > 0.95 * flowBound)
    #expect(try numbers("model.23.flow_model.mask") == [0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0])
    #expect(network.checkpoint.task == .pose)
    #expect(network.checkpoint.strides == [8, 16, 32])
    let wide = try TrainingNetwork(
      describedBy: try NetworkDescription.open("yolov8n.yaml"), names: ["a"], seed: 0)
    #expect(
      try #require(wide.model["model.22.dfl.conv"]?.tensors["weight"]).floats()
        == (0..<16).map(Float.init))
  }

  @Test("A network from a file, in a form of one's own")
  func ownFile() throws {
    try withScratchDirectory { directory in
      let path = "\(directory)/mine.yaml"
      let text = """
        # layers of my own
        nc: 2
        scales: {n: [0.5, 0.25, 512], s: [1.0, 0.5, 1024]}
        backbone:
          - [-1, 1, Conv, [64, 3, 2]]
          - [-1, 1, Conv, [128, 3, 2]]
          - [-1, 4, C2f, [128, True]]
          - [-1, 1, Conv, [256, 3, 2]]
          - [-1, 2, Bottleneck, [256]]
        head:
          - [-1, 1, nn.Upsample, [None, 2, nearest]]
          - [[-1, 2], 1, Concat, [1]]
          - [[6, 4], 1, Detect, [nc]]
        """
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      let description = try NetworkDescription.open(path)
      #expect(description.classCount == 2)
      let network = try TrainingNetwork(
        describedBy: description, names: ["x", "y", "z"], seed: 1)
      #expect(network.checkpoint.strides == [4, 8])
      #expect(network.model["model.2.m"]?.children.count == 2)
      #expect(network.model["model.7.cv3.0.2"]?.attributes["out_channels"]?.int == 3)
      #expect(network.model.attributes["yaml"]?["nc"]?.int == 3)
      #expect(network.model.attributes["yaml"]?["scale"]?.string == "n")
      let written = "\(directory)/last.pt"
      let store = try filledStore(network)
      try TrainingCheckpoint.writeStripped(
        to: written, network: network, values: .init(store: store),
        report: TrainingReport(arguments: trainingArguments("detect", imageSize: 64, epochs: 1)))
      let again = try TrainingNetwork.open(path: written)
      #expect(again.checkpoint.names.count == 3)
      #expect(try NetworkDescription(of: again).file == "mine.yaml")
    }
  }

  @Test(
    "What cannot be made is refused by name",
    arguments: [
      ("- [-1, 1, Conv, [64, 3, 2]]", "- [-1, 1, TorchVision, [64]]", "model.0 (TorchVision)"),
      ("- [-1, 1, Conv, [64, 3, 2]]", "- [-1, 1, Conv, [64, 3]]\n  - 5", "backbone.1"),
      ("- [-1, 1, Conv, [64, 3, 2]]", "- [9, 1, Conv, [64, 3, 2]]", "model.0 (Conv)"),
      ("- [-1, 1, Conv, [64, 3, 2]]", "- [-1, 1, Conv, [-64, 3, 2]]", "model.0 (Conv)"),
      ("- [-1, 1, Conv, [64, 3, 2]]", "- [-1, 1, Conv, [64, 3, 0]]", "model.0 (Conv)"),
      ("- [-1, 1, Conv, [64, 3, 2]]", "- [-1, 1, C2PSA, [64]]", "model.0 (C2PSA)"),
      ("- [-1, 1, Conv, [64, 3, 2]]", "- [-1, 9999999, Conv, [64]]", "backbone.0"),
      ("nc: 2", "nc: 0", "nc"), ("nc: 2", "nc: 2\nreg_max: -4", "reg_max"),
      ("nc: 2", "nc: 2\nactivation: os.system('x')", "activation"),
      ("nc: 2", "nc: 2\nscales: {n: [0.5]}", "scales"),
      ("nc: 2", "nc: 2\nscales: {n: [1e9, 1e9, 1024]}", "scales"),
      ("[0]", "[0, -7]", "model.1 (Detect)"),
    ])
  func refused(old: String, new: String, place: String) throws {
    let text = """
      nc: 2
      backbone:
        - [-1, 1, Conv, [64, 3, 2]]
      head:
        - [[0], 1, Detect, [nc]]
      """
    try withScratchDirectory { directory in
      let path = "\(directory)/bad.yaml"
      try text.replacingOccurrences(of: old, with: new).write(
        toFile: path, atomically: true, encoding: .utf8)
      do {
        _ = try TrainingNetwork(
          describedBy: try NetworkDescription.open(path), names: ["a", "b"], seed: 0)
        Issue.record("it was made")
      } catch let error as WeightError {
        guard case .invalidModel(_, let at, _) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(at == place, "\(error)")
      }
    }
  }

  /// A record tree as the text that `Tools/training/network_fixtures.py` writes.
  private func structureText(_ root: ModuleRecord) -> String {
    func hex<Number: FixedWidthInteger & UnsignedInteger>(_ bits: Number) -> String {
      let text = String(bits, radix: 16)
      return String(repeating: "0", count: Number.bitWidth / 4 - text.count) + text
    }
    func value(_ attribute: AttributeValue) -> String {
      switch attribute {
      case .none: "N"
      case .bool(let value): value ? "T" : "F"
      case .int(let value): "i\(value)"
      case .float(let value): "f" + hex(value.bitPattern)
      case .string(let text): "s'\(text)'"
      case .list(let values): "[\(values.map { value($0) }.joined(separator: ","))]"
      case .tuple(let values): "(\(values.map { value($0) }.joined(separator: ",")))"
      case .dictionary(let entries):
        "{\(entries.map { "\(value($0.key)):\(value($0.value))" }.joined(separator: ","))}"
      case .tensor(let tensor):
        "t\(tensor.shape)".replacingOccurrences(of: " ", with: "")
          + tensor.floats().map { hex($0.bitPattern) }.joined()
      case .record(let record): record.qualifiedName
      case .opaque(let what): what
      }
    }
    var lines: [String] = []
    func visit(_ record: ModuleRecord) {
      let attributes = record.attributes.sorted {
        $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
      }
      .map { "\($0.key)=\(value($0.value))" }.joined(separator: ",")
      let tensors = record.tensorNames.map {
        "\($0)\(record.tensors[$0]?.shape ?? [])".replacingOccurrences(of: " ", with: "")
      }.joined(separator: ",")
      lines.append([record.path, record.qualifiedName, attributes, tensors].joined(separator: "|"))
      for child in record.children { visit(child) }
    }
    visit(root)
    return lines.joined(separator: "\n")
  }
}
