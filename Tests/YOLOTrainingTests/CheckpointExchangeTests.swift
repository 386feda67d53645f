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
