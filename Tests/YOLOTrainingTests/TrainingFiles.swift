import Foundation
import YOLOGraph
import YOLOTraining
import YOLOWeights

/// The directory of the package.
let packageDirectory = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().path

/// The path of a checkpoint that the package ships.
func shippedWeights(_ task: String) -> String { "\(packageDirectory)/Weights/shapes-\(task).pt" }

/// Calls a function with the path of a directory that exists during the call.
func withScratchDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  return try body(directory.path)
}

/// A store with the initial values of a network.
func filledStore(_ network: TrainingNetwork) throws -> ParameterStore {
  let store = try ParameterStore(network.tensorDescriptions())
  try network.load(into: store, values: store.values)
  return store
}

/// The arguments of a training, as far as a reader looks at them.
func trainingArguments(_ task: String, imageSize: Int, epochs: Int) -> [AttributeEntry] {
  let values: [(String, AttributeValue)] = [
    ("task", .string(task)), ("mode", .string("train")), ("epochs", .int(epochs)),
    ("imgsz", .int(imageSize)), ("batch", .int(8)), ("single_cls", .bool(false)),
    ("lr0", .float(0.01)), ("save_dir", .string("runs/\(task)/train")),
  ]
  return values.map { AttributeEntry(key: .string($0.0), value: $0.1) }
}

/// An optimizer's state in which every number tells of the parameter and the moment it belongs to;
/// the memory is never released.
func countedState(
  _ algorithm: OptimizerState.Algorithm, of network: TrainingNetwork, step: Int = 4
) -> OptimizerState {
  let names: [String]
  switch algorithm {
  case .sgd: names = ["momentum_buffer"]
  case .muSGD: names = ["momentum_buffer", "momentum_buffer_SGD"]
  case .adam, .adamW, .rAdam, .nAdam: names = ["exp_avg", "exp_avg_sq"]
  case .adamax: names = ["exp_avg", "exp_inf"]
  case .rmsProp: names = ["square_avg", "momentum_buffer"]
  }
  var moments: [String: [String: OptimizerState.Moment]] = [:]
  let groups = StoredParameterGroup.groups(of: network.parameters, for: algorithm)
  let muon = Set(groups.filter { $0.purpose == .muon }.flatMap(\.keys))
  for (number, parameter) in network.parameters.enumerated()
  where !parameter.key.hasSuffix(".dfl.conv.weight") {
    var kept: [String: OptimizerState.Moment] = [:]
    for (position, name) in names.enumerated()
    where name != "momentum_buffer_SGD" || muon.contains(parameter.key) {
      let count = parameter.shape.reduce(1, *)
      let values = UnsafeMutablePointer<Float>.allocate(capacity: count)
      for index in 0..<count {
        values[index] = Float((number + index) % 64) / 4096 + Float(position) / 64
      }
      kept[name] = .values(values)
    }
    if algorithm != .sgd && algorithm != .muSGD { kept["step"] = .number(Float(step)) }
    if algorithm == .nAdam { kept["mu_product"] = .number(0.5) }
    moments[parameter.key] = kept
  }
  return OptimizerState(
    algorithm: algorithm,
    groups: groups.map {
      .init(
        learningRate: $0.isTripled ? 0.003 : 0.001,
        initialLearningRate: $0.isTripled ? 0.03 : 0.01, momentum: 0.9,
        decay: $0.purpose == .weight || $0.purpose == .muon ? 0.0005 : 0)
    }, moments: moments)
}
