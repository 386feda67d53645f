import Foundation
import Testing
import YOLOGraph
import YOLOTensor
import YOLOTraining
import YOLOWeights

@Suite("Resuming a training")
struct ResumptionTests {
  private func write(
    _ algorithm: OptimizerState.Algorithm, to path: String, network: TrainingNetwork
  ) throws -> OptimizerState {
    let store = try filledStore(network)
    let state = countedState(algorithm, of: network)
    try TrainingCheckpoint.write(
      to: path, network: network, values: .init(store: store),
      state: TrainingState(
        epoch: 3, updates: 17, bestFitness: 0.375,
        stopper: .init(bestFitness: 0.375, bestEpoch: 2), optimizer: state,
        report: TrainingReport(
          arguments: trainingArguments("detect", imageSize: 160, epochs: 6),
          results: [("epoch", [1, 2, 3, 4]), ("train/box_loss", [4, 3, 2.5, 2.25])])))
    return state
  }

  @Test("What was written comes back", arguments: OptimizerState.Algorithm.allCases)
  func roundTrip(_ algorithm: OptimizerState.Algorithm) throws {
    let network = try TrainingNetwork.open(path: shippedWeights("detect"))
    try withScratchDirectory { directory in
      let path = "\(directory)/last.pt"
      let state = try write(algorithm, to: path, network: network)
      let resumed = try TrainingResumption(path: path)
      #expect(resumed.epoch == 3 && resumed.updates == 17 && resumed.bestFitness == 0.375)
      #expect(resumed.stopper == .init(bestFitness: 0.375, bestEpoch: 2))
      #expect(resumed.epochCount == 6)
      #expect(resumed.argument("imgsz")?.int == 160)
      #expect(resumed.results.map(\.name) == ["epoch", "train/box_loss"])
      #expect(resumed.results[1].values == [4, 3, 2.5, 2.25])
      #expect(
        recordDifferences(
          network.model, resumed.network.model, ignoring: ["training", "args", "criterion"]) == [])
      let optimizer = resumed.optimizer
      #expect(optimizer.isMuon == (algorithm == .muSGD))
      #expect(optimizer.groups == state.groups)
      #expect(Set(optimizer.moments.keys) == Set(state.moments.keys))
      for (key, kept) in state.moments {
        let stored = try #require(optimizer.moments[key])
        #expect(Set(stored.keys) == Set(kept.keys))
        for (name, moment) in kept {
          let tensor = try #require(stored[name])
          switch moment {
          case .number(let number): #expect(tensor.floats() == [number])
          case .values(let values):
            // The numbers of the test are exact in half precision.
            #expect(tensor.floats() == (0..<tensor.count).map { values[$0] })
          }
        }
      }
      if algorithm == .adamW {
        #expect(optimizer.number("step") == 4)
        let store = try ParameterStore(network.tensorDescriptions())
        try optimizer.load("exp_avg", into: store, values: store.gradients)
        let entry = try #require(store["model.1.conv.weight"])
        #expect(store.gradients[entry.offset + 7] != 0)
        #expect(throws: WeightError.self) {
          try optimizer.load("momentum_buffer", into: store, values: store.gradients)
        }
      }
    }
  }

  @Test("A finished file is nothing to resume", arguments: ["detect", "classify"])
  func finished(_ task: String) throws {
    do {
      _ = try TrainingResumption(path: shippedWeights(task))
      Issue.record("it was resumed")
    } catch {
      guard case .invalidModel(_, "epoch", let reason) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(reason.contains("nothing to resume"))
    }
  }

  @Test("Only some arguments can be changed")
  func changes() throws {
    let network = try TrainingNetwork.open(path: shippedWeights("detect"))
    try withScratchDirectory { directory in
      let path = "\(directory)/last.pt"
      _ = try write(.sgd, to: path, network: network)
      let resumed = try TrainingResumption(path: path)
      let (arguments, ignored) = resumed.arguments(changing: [
        AttributeEntry(key: .string("imgsz"), value: .int(320)),
        AttributeEntry(key: .string("lr0"), value: .float(1)),
        AttributeEntry(key: .string("resume"), value: .bool(true)),
        AttributeEntry(key: .string("patience"), value: .int(5)),
      ])
      #expect(ignored == ["lr0"])
      func argument(_ name: String) -> AttributeValue? {
        arguments.first { $0.key.string == name }?.value
      }
      #expect(argument("imgsz")?.int == 320)
      #expect(argument("lr0")?.double == 0.01)
      #expect(argument("patience")?.int == 5)
    }
  }

  @Test("Damaged files are refused with what is wrong, and never trap")
  func damage() throws {
    let network = try TrainingNetwork.open(path: shippedWeights("detect"))
    try withScratchDirectory { directory in
      let path = "\(directory)/last.pt"
      _ = try write(.sgd, to: path, network: network)
      let bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
      let damaged = "\(directory)/damaged.pt"
      func error(_ bytes: [UInt8]) throws -> WeightError? {
        try Data(bytes).write(to: URL(filePath: damaged))
        do {
          _ = try TrainingResumption(path: damaged)
          return nil
        } catch { return error }
      }
      for length in [0, 1, 100, bytes.count / 2, bytes.count - 30] {
        #expect(try error(Array(bytes[..<length])) != nil)
      }
      // A bit in the weights, which only the checksum tells, is found by the name of the entry.
      var flipped = bytes
      flipped[bytes.count / 2] ^= 0x10
      guard case .invalidArchive(_, let entry?, _) = try error(flipped) else {
        Issue.record("the damage was not found")
        return
      }
      #expect(entry.hasPrefix("last/data/"))
      var position = 13
      while position < bytes.count {
        var mutated = bytes
        mutated[position] = mutated[position] &+ 1
        _ = try error(mutated)
        position += bytes.count / 40
      }
    }
  }

  @Test("A state of another network is refused")
  func mismatch() throws {
    let network = try TrainingNetwork.open(path: shippedWeights("detect"))
    var state = countedState(.sgd, of: network)
    state.moments["model.77.weight"] = ["momentum_buffer": .number(1)]
    let store = try filledStore(network)
    try withScratchDirectory { directory in
      _ = #expect(throws: WeightError.self) {
        try TrainingCheckpoint.write(
          to: "\(directory)/last.pt", network: network, values: .init(store: store),
          state: TrainingState(
            epoch: 0, updates: 1, bestFitness: nil, stopper: .init(), optimizer: state,
            report: TrainingReport(arguments: [])))
      }
    }
  }
}
