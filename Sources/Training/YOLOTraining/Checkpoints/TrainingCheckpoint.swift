import YOLOGeometry
public import YOLOGraph
import YOLOSystem
import YOLOTensor
public import YOLOWeights

/// Writes the checkpoints of a training, which Ultralytics loads, predicts with, validates, exports
/// and resumes as its own.
public enum TrainingCheckpoint {
  /// Numbers in the layout of a store: the averaged weights, say.
  public struct Values: @unchecked Sendable {
    // Sendable by hand because of the pointers: who writes a checkpoint keeps the memory.

    /// What there are tensors of.
    public let store: ParameterStore
    /// The numbers that are written.
    public let values: UnsafePointer<Float>
    /// The numbers that are written for a tensor that is not finite.
    public let fallback: UnsafePointer<Float>

    /// Creates a view; without values of their own the store's are written, which also stand in for
    /// tensors that are not finite.
    public init(store: ParameterStore, values: UnsafePointer<Float>? = nil) {
      self.store = store
      self.values = values ?? UnsafePointer(store.values)
      fallback = UnsafePointer(store.values)
    }

    /// The numbers of a tensor.
    func numbers(of entry: ParameterStore.Entry) -> UnsafePointer<Float> {
      var index = entry.offset
      let end = entry.offset + entry.count
      // SAFETY: the range of an entry lies inside of the layout.
      while index < end {
        guard values[index].isFinite else { return fallback + entry.offset }
        index &+= 1
      }
      return values + entry.offset
    }
  }

  /// Writes a checkpoint of a training that goes on: the averaged weights as `ema` in half
  /// precision, with all that resuming needs.
  ///
  /// Tensors that `values` lacks are those of the network, in half precision. The file appears
  /// under its name only when it is complete and on the disk.
  ///
  /// - Throws: `WeightError.unwritableFile`; `missingTensor` or `shapeMismatch` where network and
  ///   values differ; `invalidModel` where the state does not fit to the network.
  public static func write(
    to path: String, network: TrainingNetwork, values: Values, state: TrainingState
  ) throws(WeightError) {
    var document = network.document
    try prepare(&document, values: values)
    let isClassifier = network.checkpoint.task == .classify
    if !isClassifier {
      let namespace = try document.instance(
        of: "ultralytics.utils.IterableSimpleNamespace",
        state: try document.value(.dictionary(state.report.arguments)), isCalled: true)
      document.setAttribute("args", of: document.network, to: namespace)
    }
    var optimizer = PickleValue.none
    if let state = state.optimizer {
      optimizer = try self.optimizer(state, network, &document)
    }
    let fitness = state.bestFitness.map(PickleValue.float) ?? .none
    var entries: [(String, PickleValue)] = [
      ("epoch", .int(state.epoch)), ("best_fitness", fitness),
    ]
    entries.append(
      (
        "stopper",
        try document.dictionary([
          ("best_fitness", .float(state.stopper.bestFitness)),
          ("best_epoch", .int(state.stopper.bestEpoch)),
        ])
      ))
    entries += [
      ("model", .none), ("ema", document.network), ("updates", .int(state.updates)),
      ("modelopt", .none), ("optimizer", optimizer),
    ]
    entries.append(("scaler", try document.dictionary([])))
    entries += try describe(state.report, isStripped: false, &document)
    document.setRoot(try document.dictionary(entries))
    try document.write(to: path)
  }

  /// Writes a finished checkpoint, with which nothing is resumed.
  ///
  /// - Throws: As `write(to:network:values:state:)`.
  public static func writeStripped(
    to path: String, network: TrainingNetwork, values: Values, report: TrainingReport
  ) throws(WeightError) {
    var document = network.document
    try prepare(&document, values: values)
    document.setRoot(try strippedRoot(report, &document))
    try document.write(to: path)
  }

  /// Rewrites a checkpoint of a training as a finished one.
  ///
  /// - Parameters:
  ///   - path: The file, which is replaced.
  ///   - report: What it says about the training from now on.
  /// - Throws: `WeightError` where the file cannot be read or written.
  public static func strip(_ path: String, report: TrainingReport) throws(WeightError) {
    var document = try TorchDocument.open(path: path)
    try prepare(&document, values: nil)
    document.setRoot(try strippedRoot(report, &document))
    try document.write(to: path)
  }

  // MARK: - Parts

  private static func strippedRoot(
    _ report: TrainingReport, _ document: inout TorchDocument
  ) throws(WeightError) -> PickleValue {
    let arguments = report.arguments.filter { $0.key.string != "save_dir" }
    if document.attribute("args", of: document.network) != nil {
      let value = try document.value(.dictionary(arguments))
      document.setAttribute("args", of: document.network, to: value)
    }
    var entries: [(String, PickleValue)] = [
      ("epoch", .int(-1)), ("best_fitness", .none), ("stopper", .none),
      ("model", document.network), ("ema", .none), ("updates", .none), ("modelopt", .none),
      ("optimizer", .none), ("scaler", .none),
    ]
    entries += try describe(report, isStripped: true, &document)
    return try document.dictionary(entries)
  }

  /// What a file says about the training, behind what resuming needs.
  private static func describe(
    _ report: TrainingReport, isStripped: Bool, _ document: inout TorchDocument
  ) throws(WeightError) -> [(String, PickleValue)] {
    let arguments = report.arguments.filter { !isStripped || $0.key.string != "save_dir" }
    var metrics: [(String, PickleValue)] = []
    for (name, value) in report.metrics { metrics.append((name, .float(value))) }
    var results: [(String, PickleValue)] = []
    for (name, values) in report.results {
      let column: [PickleValue] = values.map { value in
        if name == "epoch", let whole = Int(exactly: value) { return .int(whole) }
        return .float(value)
      }
      results.append((name, document.list(column)))
    }
    var git: [(String, PickleValue)] = []
    for key in ["root", "branch", "commit", "message", "origin"] { git.append((key, .none)) }
    // The release whose form this is: readers decide by it what to expect.
    let release = AttributeTable.lastRelease.map(String.init).joined(separator: ".")
    var entries: [(String, PickleValue)] = []
    entries.append(("train_args", try document.value(.dictionary(arguments))))
    entries.append(("train_metrics", try document.dictionary(metrics)))
    entries.append(("train_results", try document.dictionary(results)))
    entries.append(("date", document.string(report.date ?? Timestamp.now())))
    entries.append(("version", document.string(release)))
    entries.append(("git", try document.dictionary(git)))
    entries.append(("license", report.license.map { document.string($0) } ?? .none))
    entries.append(("docs", .none))
    return entries
  }

  /// Sets the values of every tensor, in half precision, and makes the modules ones that are not
  /// trained.
  private static func prepare(
    _ document: inout TorchDocument, values: Values?
  ) throws(WeightError) {
    var written: Set<String> = []
    for module in try document.modules() {
      document.setAttribute("training", of: module.value, to: .bool(false))
      for (name, kind, value) in document.tensors(of: module.value) {
        let key = module.key(of: name)
        let type = document.elementType(of: value)
        guard let shape = document.shape(of: value), let type else {
          throw .invalidTensor(
            file: document.name, tensor: key, reason: "it has no shape or a type that is not read")
        }
        let content: StorageContent
        if let values, let entry = values.store[key: key] {
          guard entry.shape == shape else {
            throw .shapeMismatch(
              file: document.name, tensor: key, expected: shape, found: entry.shape)
          }
          content = .floats(values.numbers(of: entry), count: entry.count, as: .float16)
          written.insert(key)
        } else if [.float32, .float64, .bfloat16, .float16].contains(type) {
          content = .converted(try document.weights(value, key: key), as: .float16)
        } else {
          continue
        }
        let tensor = try document.tensor(
          content, type: .float16, shape: shape, isParameter: kind == .parameter)
        document.setTensor(name, of: module.value, kind: kind, to: tensor)
      }
    }
    if let missing = values?.store.entries.first(where: { !written.contains($0.key) }) {
      throw .missingTensor(
        file: document.name, tensor: missing.key, expected: missing.shape)
    }
    document.setAttribute("criterion", of: document.network, to: .none)
    // What else a head converts with its weights.
    guard let head = document.lastLayer?.value else { return }
    for name in ["stride", "anchors", "strides"] {
      guard let value = document.attribute(name, of: head),
        let type = document.elementType(of: value), type != .float16,
        let shape = document.shape(of: value)
      else { continue }
      let tensor = try document.tensor(
        .converted(try document.weights(value, key: name), as: .float16), type: .float16,
        shape: shape)
      document.setAttribute(name, of: head, to: tensor)
    }
  }

  /// The optimizer as `state_dict()` of PyTorch's has it.
  private static func optimizer(
    _ state: OptimizerState, _ network: TrainingNetwork, _ document: inout TorchDocument
  ) throws(WeightError) -> PickleValue {
    let groups = StoredParameterGroup.groups(of: network.parameters, for: state.algorithm)
    guard groups.count == state.groups.count else {
      throw .invalidModel(
        file: document.name, at: "optimizer",
        reason: "\(state.groups.count) groups of parameters, where \(state.algorithm.rawValue) has "
          + "\(groups.count)")
    }
    let shapes = Dictionary(
      network.parameters.map { ($0.key, $0.shape) }, uniquingKeysWith: { first, _ in first })
    var known: Set<String> = []
    var moments: [PickleValue] = []
    var settings: [PickleValue] = []
    var number = 0
    for (group, values) in zip(groups, state.groups) {
      var numbers: [PickleValue] = []
      for key in group.keys {
        numbers.append(.int(number))
        if let kept = state.moments[key], let shape = shapes[key] {
          known.insert(key)
          moments += [.int(number), try moment(kept, shape: shape, &document)]
        }
        number += 1
      }
      let entry = try document.value(
        .dictionary(state.settings(of: values, purpose: group.purpose)))
      let list = document.list(numbers)
      document.setEntry("params", of: entry, to: list)
      settings.append(entry)
    }
    if let unknown = state.moments.keys.filter({ !known.contains($0) }).min() {
      throw .invalidModel(
        file: document.name, at: unknown,
        reason: "the optimizer keeps a state for it, but the network has no such parameter")
    }
    let states = document.add(PickleObject(kind: .dictionary, items: moments))
    let list = document.list(settings)
    return try document.dictionary([("state", states), ("param_groups", list)])
  }

  private static func moment(
    _ kept: [String: OptimizerState.Moment], shape: [Int], _ document: inout TorchDocument
  ) throws(WeightError) -> PickleValue {
    var entries: [(String, PickleValue)] = []
    // `step` first, as PyTorch has it; of the others the order says nothing.
    let names = kept.keys.sorted { ($0 == "step" ? 0 : 1, $0) < ($1 == "step" ? 0 : 1, $1) }
    for name in names {
      guard let moment = kept[name] else { continue }
      let type: ElementType = OptimizerState.isHalf(name) ? .float16 : .float32
      let tensor: PickleValue
      switch moment {
      case .number(let number):
        let single = try document.tensor([number], shape: [])
        tensor =
          type == .float32
          ? single
          : try document.tensor(
            .converted(try document.weights(single, key: name), as: type), type: type, shape: [])
      case .values(let values):
        tensor = try document.tensor(
          .floats(values, count: shape.reduce(1, *), as: type), type: type, shape: shape)
      }
      entries.append((name, tensor))
    }
    return try document.dictionary(entries)
  }
}

/// The present time as checkpoints have it.
enum Timestamp {
  /// Returns the present, ISO 8601 in UTC with microseconds.
  static func now() -> String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    var parts = tm()
    var seconds = time.tv_sec
    gmtime_r(&seconds, &parts)
    func digits(_ number: Int, _ count: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let day = [
      digits(Int(parts.tm_year) + 1900, 4), digits(Int(parts.tm_mon) + 1, 2),
      digits(Int(parts.tm_mday), 2),
    ].joined(separator: "-")
    let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits(Int($0), 2) }
      .joined(separator: ":")
    return "\(day)T\(clock).\(digits(time.tv_nsec / 1000, 6))+00:00"
  }
}
