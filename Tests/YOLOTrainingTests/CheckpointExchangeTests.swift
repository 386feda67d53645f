import Foundation
import Testing
import YOLOGraph
import YOLOTraining
import YOLOWeights

/// Writes files for `Tools/training/checkpoint_check.py`, which loads them in Ultralytics.
///
/// `YOLO_EXCHANGE_IN` names a directory of start checkpoints, `YOLO_EXCHANGE_OUT` one for the
/// results.
@Suite(
  "Files for the comparison with Ultralytics",
  .enabled(if: ProcessInfo.processInfo.environment["YOLO_EXCHANGE_IN"] != nil))
struct CheckpointExchangeTests {
  @Test("Finished and unfinished checkpoints of every start")
  func write() throws {
    let environment = ProcessInfo.processInfo.environment
    let input = try #require(environment["YOLO_EXCHANGE_IN"])
    let output = try #require(environment["YOLO_EXCHANGE_OUT"])
    for file in try FileManager.default.contentsOfDirectory(atPath: input).sorted()
    where file.hasSuffix(".pt") {
      let stem = String(file.dropLast(3))
      let network = try TrainingNetwork.open(path: "\(input)/\(file)")
      let store = try filledStore(network)
      let task = network.checkpoint.taskName ?? "detect"
      let options = try arguments(
        "\(input)/\(stem).json", fallback: trainingArguments(task, imageSize: 96, epochs: 3))
      let report = TrainingReport(
        arguments: options, metrics: [("fitness", 0.25)],
        results: [("epoch", [1, 2]), ("time", [0.5, 1.25])])
      try TrainingCheckpoint.writeStripped(
        to: "\(output)/\(stem)-stripped.pt", network: network, values: .init(store: store),
        report: report)
      for algorithm in OptimizerState.Algorithm.allCases
      where stem.hasSuffix("-all") || [.sgd, .adamW, .muSGD].contains(algorithm) {
        try TrainingCheckpoint.write(
          to: "\(output)/\(stem)-\(algorithm.rawValue).pt", network: network,
          values: .init(store: store),
          state: TrainingState(
            epoch: 1, updates: 4, bestFitness: 0.25,
            stopper: .init(bestFitness: 0.25, bestEpoch: 2),
            optimizer: countedState(algorithm, of: network),
            report: TrainingReport(
              arguments: options.filter { $0.key.string != "optimizer" } + [
                AttributeEntry(key: .string("optimizer"), value: .string(algorithm.rawValue))
              ], metrics: report.metrics, results: report.results)))
      }
    }
  }

  @Test("Networks from nothing and with other classes")
  func writeNew() throws {
    let environment = ProcessInfo.processInfo.environment
    let output = try #require(environment["YOLO_EXCHANGE_OUT"])
    for name in (environment["YOLO_EXCHANGE_NEW"] ?? "").split(separator: " ").map(String.init) {
      let description = try NetworkDescription.open("\(name).yaml")
      let names = (0..<description.classCount).map { String($0) }
      func write(_ network: TrainingNetwork, _ suffix: String) throws {
        let task = network.checkpoint.taskName ?? "detect"
        let size = task == "classify" ? 64 : 96
        try TrainingCheckpoint.writeStripped(
          to: "\(output)/\(name)-\(suffix).pt", network: network,
          values: .init(store: try filledStore(network)),
          report: TrainingReport(arguments: trainingArguments(task, imageSize: size, epochs: 1)))
      }
      var network = try TrainingNetwork(describedBy: description, names: names, seed: 3)
      if network.checkpoint.taskName == "classify" { try network.setClassifierInput(size: 64) }
      try write(network, "new")
      let (edited, _) = try network.adapted(names: ["one", "two", "three"], seed: 4)
      try write(edited, "three")
    }
  }

  @Test("Unfinished checkpoints of Ultralytics, as they are read")
  func readUnfinished() throws {
    let environment = ProcessInfo.processInfo.environment
    let input = try #require(environment["YOLO_EXCHANGE_IN"]) + "/unfinished"
    let output = try #require(environment["YOLO_EXCHANGE_OUT"])
    for file in (try? FileManager.default.contentsOfDirectory(atPath: input).sorted()) ?? []
    where file.hasSuffix(".pt") {
      let resumed = try TrainingResumption(path: "\(input)/\(file)")
      var moments: [String: [String: [Double]]] = [:]
      for (key, kept) in resumed.optimizer.moments {
        for (name, tensor) in kept {
          let numbers = tensor.floats().map(Double.init)
          moments[key, default: [:]][name] = [
            Double(numbers.count), numbers.reduce(0, +), numbers.map(abs).max() ?? 0,
          ]
        }
      }
      let report: [String: Any] = [
        "epoch": resumed.epoch, "updates": resumed.updates,
        "best_fitness": resumed.bestFitness ?? -1,
        "stopper": [resumed.stopper.bestFitness, Double(resumed.stopper.bestEpoch)],
        "groups": resumed.optimizer.groups.map {
          [$0.learningRate, $0.initialLearningRate, $0.momentum, $0.decay]
        },
        "arguments": resumed.arguments.count, "moments": moments,
      ]
      try JSONSerialization.data(withJSONObject: report).write(
        to: URL(filePath: "\(output)/\(file.dropLast(3)).json"))
    }
  }

  /// The arguments that the script wants, as pairs of a JSON list, or others.
  private func arguments(
    _ path: String, fallback: [AttributeEntry]
  ) throws -> [AttributeEntry] {
    guard let data = FileManager.default.contents(atPath: path) else { return fallback }
    let pairs = try #require(JSONSerialization.jsonObject(with: data) as? [[Any]])
    return try pairs.map { pair in
      AttributeEntry(key: .string(try #require(pair[0] as? String)), value: try value(pair[1]))
    }
  }

  /// A value with its JSON type as text: `["int", 3]`.
  private func value(_ json: Any) throws -> AttributeValue {
    let pair = try #require(json as? [Any])
    switch try #require(pair[0] as? String) {
    case "int": return .int(try #require(pair[1] as? Int))
    case "float": return .float(try #require(pair[1] as? Double))
    case "bool": return .bool(try #require(pair[1] as? Bool))
    case "str": return .string(try #require(pair[1] as? String))
    default: return .none
    }
  }
}
