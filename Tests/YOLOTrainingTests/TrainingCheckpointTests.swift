import Foundation
import Testing
import YOLOGraph
import YOLOTensor
import YOLOTraining
import YOLOWeights

@Suite("Checkpoints of a training")
struct TrainingCheckpointTests {
  static let tasks = ["detect", "segment", "pose", "obb", "classify"]

  /// What a training sets on modules, and so differs from the start.
  static let changed: Set<String> = ["training", "args", "criterion"]

  @Test("A network that was not trained is written as it was, in half precision", arguments: tasks)
  func unchanged(_ task: String) throws {
    let network = try TrainingNetwork.open(path: shippedWeights(task))
    let store = try filledStore(network)
    try withScratchDirectory { directory in
      let path = "\(directory)/best.pt"
      try TrainingCheckpoint.writeStripped(
        to: path, network: network, values: .init(store: store),
        report: TrainingReport(arguments: trainingArguments(task, imageSize: 160, epochs: 6)))
      let before = network.checkpoint
      let after = try Checkpoint.open(path: path, verifyingWeights: true)
      #expect(recordDifferences(before.model, after.model, ignoring: Self.changed) == [])
      #expect(after.names == before.names)
      #expect(after.strides == before.strides)
      #expect(after.task == before.task)
      #expect(after.info.selected == "model")
      #expect(after.info.epoch == -1)
      #expect(after.info.license == nil)
      #expect(after.imageSize?.height == 160)
      #expect(after.trainingArguments["save_dir"] == nil)
      #expect(after.trainingArguments["lr0"]?.double == 0.01)
    }
  }

  @Test(
    "Values of the store are written, rounded to half; of tensors that are not finite the fallback")
  func values() throws {
    let network = try TrainingNetwork.open(path: shippedWeights("detect"))
    let store = try filledStore(network)
    let average = UnsafeMutablePointer<Float>.allocate(capacity: store.count)
    defer { average.deallocate() }
    for index in 0..<store.count { average[index] = Float(index % 1000) / 999 }
    let damaged = try #require(store[key: "model.1.conv.weight"])
    average[damaged.offset + 5] = .nan
    try withScratchDirectory { directory in
      let path = "\(directory)/last.pt"
      try TrainingCheckpoint.write(
        to: path, network: network, values: .init(store: store, values: average),
        state: TrainingState(
          epoch: 3, updates: 44, bestFitness: nil, stopper: .init(),
          optimizer: countedState(.sgd, of: network),
          report: TrainingReport(
            arguments: trainingArguments("detect", imageSize: 160, epochs: 6))))
      let after = try Checkpoint.open(path: path, verifyingWeights: true)
      #expect(after.info.selected == "ema")
      #expect(after.info.epoch == 3)
      for entry in store.entries {
        let name = try #require(entry.key.split(separator: ".").last.map(String.init))
        let record = try #require(after.model[String(entry.key.dropLast(name.count + 1))])
        let tensor = try record.tensor(name, shape: entry.shape)
        #expect(tensor.elementType == .float16)
        let source = entry.key == damaged.key ? UnsafePointer(store.values) : UnsafePointer(average)
        let expected = entry.range.map {
          HalfConversion.float(HalfConversion.half(source[$0]))
        }
        #expect(tensor.floats() == expected, "\(entry.key)")
      }
    }
  }

  @Test("A file that is written again and again is replaced whole")
  func repeated() throws {
    let network = try TrainingNetwork.open(path: shippedWeights("classify"))
    let store = try filledStore(network)
    try withScratchDirectory { directory in
      let path = "\(directory)/last.pt"
      let report = TrainingReport(
        arguments: trainingArguments("classify", imageSize: 64, epochs: 2))
      for epoch in 0..<3 {
        try TrainingCheckpoint.write(
          to: path, network: network, values: .init(store: store),
          state: TrainingState(
            epoch: epoch, updates: epoch, bestFitness: 0.5, stopper: .init(), optimizer: nil,
            report: report))
        #expect(try Checkpoint.open(path: path, verifyingWeights: true).info.epoch == epoch)
      }
      try TrainingCheckpoint.strip(path, report: report)
      let stripped = try Checkpoint.open(path: path, verifyingWeights: true)
      #expect(stripped.info.epoch == -1)
      #expect(
        recordDifferences(network.model, stripped.model, ignoring: Self.changed) == [])
      let names = try FileManager.default.contentsOfDirectory(atPath: directory)
      #expect(names == ["last.pt"])
    }
  }

  @Test("A store that does not fit is refused by the name of the tensor")
  func mismatches() throws {
    let network = try TrainingNetwork.open(path: shippedWeights("detect"))
    let report = TrainingReport(arguments: [])
    try withScratchDirectory { directory in
      let path = "\(directory)/best.pt"
      func error(_ key: String, _ shape: [Int]) throws -> WeightError? {
        let store = try ParameterStore([.init(key: key, shape: shape, kind: .weight)])
        do {
          try TrainingCheckpoint.writeStripped(
            to: path, network: network, values: .init(store: store), report: report)
          return nil
        } catch { return error }
      }
      guard
        case .shapeMismatch(_, "model.0.conv.weight", _, [1, 2]) =
          try error("model.0.conv.weight", [1, 2])
      else {
        Issue.record("no mismatch")
        return
      }
      guard case .missingTensor(_, "model.99.weight", [3]) = try error("model.99.weight", [3])
      else {
        Issue.record("no missing tensor")
        return
      }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test(
    "Groups hold every parameter once, frozen ones too",
    arguments: OptimizerState.Algorithm.allCases)
  func groups(_ algorithm: OptimizerState.Algorithm) throws {
    let network = try TrainingNetwork.open(path: shippedWeights("detect"))
    let groups = StoredParameterGroup.groups(of: network.parameters, for: algorithm)
    #expect(groups.count == (algorithm == .muSGD ? 8 : 3))
    #expect(groups.flatMap(\.keys).sorted() == network.parameters.map(\.key).sorted())
    let counts = groups.map(\.keys.count)
    // YOLOv8: 64 weights with the fixed one, 57 scales, 63 biases; 15 convolutions of class
    // branches.
    #expect(counts == (algorithm == .muSGD ? [0, 0, 6, 51, 9, 54, 9, 55] : [64, 57, 63]))
  }
}
