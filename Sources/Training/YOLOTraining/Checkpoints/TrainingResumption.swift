public import YOLOGraph
public import YOLOWeights

/// A training that was left unfinished, as its last checkpoint has it: one of this program or of
/// Ultralytics.
public struct TrainingResumption: Sendable {
  /// The network with the averaged weights, in half precision as they lie in the file.
  ///
  /// They are what the training goes on with, for the model and for the average alike.
  public let network: TrainingNetwork
  /// The epoch that was finished last, from 0.
  public let epoch: Int
  /// The steps that the average of the weights has seen.
  public let updates: Int
  /// The best fitness so far; nil where nothing was evaluated.
  public let bestFitness: Double?
  /// What decides on stopping early.
  public let stopper: TrainingState.Stopper
  /// The arguments of the training, in the order of the file.
  public let arguments: [AttributeEntry]
  /// The columns of results.csv so far, of the numbers that are finite.
  public let results: [(name: String, values: [Double])]
  /// What the optimizer keeps.
  public let optimizer: StoredOptimizer

  /// The epochs that the training is to have, if the arguments tell.
  public var epochCount: Int? { argument("epochs")?.int }

  /// Returns an argument of the training.
  public func argument(_ name: String) -> AttributeValue? {
    arguments.first { $0.key.string == name }?.value
  }

  /// Reads the checkpoint of an unfinished training.
  ///
  /// Every checksum is compared.
  ///
  /// - Throws: `WeightError`: as opening a checkpoint does; `invalidModel` where there is nothing
  ///   to resume, or where a part of the state is missing or does not fit to the network.
  public init(path: String) throws(WeightError) {
    let document = try TorchDocument.open(path: path)
    func unusable(_ key: String, _ reason: String) -> WeightError {
      .invalidModel(file: path, at: key, reason: reason)
    }
    let entries = Dictionary(
      document.entries().map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
    func attribute(_ key: String) throws(WeightError) -> AttributeValue {
      guard let value = entries[key] else { return .none }
      return try document.attribute(value, at: key)
    }
    let epoch = try attribute("epoch")
    if epoch.int == -1
      || (epoch.isNone && (entries["optimizer"] ?? PickleValue.none) == PickleValue.none)
    {
      throw unusable(
        "epoch",
        "there is nothing to resume: the training of this file is finished, or it was never one; "
          + "start a new training with it as the model")
    }
    guard let epoch = epoch.int, (0...1_000_000_000).contains(epoch) else {
      throw unusable("epoch", "it should be the number of an epoch but is \(epoch)")
    }
    self.epoch = epoch
    let updates = try attribute("updates")
    guard let updates = updates.isNone ? 0 : updates.int, (0...1 << 48).contains(updates) else {
      throw unusable("updates", "it should be a number of steps but is \(updates)")
    }
    self.updates = updates
    let fitness = try attribute("best_fitness")
    guard fitness.isNone || fitness.double != nil else {
      throw unusable("best_fitness", "it should be a number but is \(fitness)")
    }
    bestFitness = fitness.double
    let stopper = try attribute("stopper")
    if stopper.isNone {
      self.stopper = TrainingState.Stopper(bestFitness: bestFitness ?? 0, bestEpoch: epoch + 1)
    } else {
      guard let best = stopper["best_fitness"]?.double, let bestEpoch = stopper["best_epoch"]?.int
      else { throw unusable("stopper", "best_fitness or best_epoch is missing") }
      self.stopper = TrainingState.Stopper(bestFitness: best, bestEpoch: bestEpoch)
    }
    switch try attribute("train_args") {
    case .dictionary(let entries): arguments = entries
    case .record(let record):
      arguments = record.attributes.sorted { $0.key < $1.key }.map {
        AttributeEntry(key: .string($0.key), value: $0.value)
      }
    case .none:
      throw unusable("train_args", "the arguments of the training are missing")
    case let other:
      throw unusable("train_args", "they should be a dictionary but are \(other)")
    }
    var results: [(name: String, values: [Double])] = []
    if case .dictionary(let columns) = try attribute("train_results") {
      for column in columns {
        guard let name = column.key.string, let values = column.value.elements else { continue }
        results.append((name, values.compactMap(\.double)))
      }
    }
    self.results = results
    network = try TrainingNetwork(document: document)
    guard let value = entries["optimizer"], value != PickleValue.none else {
      throw unusable("optimizer", "the state of the optimizer is missing")
    }
    optimizer = try StoredOptimizer(value, of: network)
  }

  /// The arguments that may differ from those that the training began with.
  public static let changeableArguments: Set<String> = [
    "imgsz", "batch", "device", "close_mosaic", "augmentations", "save_period", "workers", "cache",
    "patience", "time", "freeze", "val", "plots", "channels_last",
  ]

  /// Returns the arguments with which a training goes on: those of the file, and of `changes` those
  /// that may be changed.
  ///
  /// `ignored` are the names of the others, in their order, of which a user should be told.
  public func arguments(
    changing changes: [AttributeEntry]
  ) -> (arguments: [AttributeEntry], ignored: [String]) {
    var result = arguments
    var ignored: [String] = []
    for change in changes {
      guard let name = change.key.string else { continue }
      guard Self.changeableArguments.contains(name) else {
        // The request itself is no change.
        if name != "resume" { ignored.append(name) }
        continue
      }
      if let index = result.firstIndex(where: { $0.key.string == name }) {
        result[index] = change
      } else {
        result.append(change)
      }
    }
    return (result, ignored)
  }
}

/// What an optimizer kept, read from a checkpoint and checked against the network.
public struct StoredOptimizer: Sendable {
  /// Whether there are the eight groups of MuSGD.
  public let isMuon: Bool
  /// The groups, in the order of `StoredParameterGroup.groups(of:for:)`.
  public let groups: [OptimizerState.Group]
  /// What was kept of each parameter, by its key and name: numbers of the parameter's shape, or one
  /// without dimensions.
  public let moments: [String: [String: WeightTensor]]

  init(_ value: PickleValue, of network: TrainingNetwork) throws(WeightError) {
    let document = network.document
    let file = document.name
    func unusable(_ key: String, _ reason: String) -> WeightError {
      .invalidModel(file: file, at: "optimizer.\(key)", reason: reason)
    }
    guard let list = document.entry("param_groups", of: value),
      let stored = try document.attribute(list, at: "optimizer.param_groups").elements,
      let states = document.entry("state", of: value).flatMap({
        document.graph.items($0, .dictionary)
      })
    else { throw unusable("param_groups", "groups or state are missing") }
    let isMuon = stored.contains { $0["use_muon"] != nil }
    let expected = StoredParameterGroup.groups(
      of: network.parameters, for: isMuon ? .muSGD : .sgd)
    guard stored.count == expected.count else {
      throw unusable(
        "param_groups", "there are \(stored.count) groups of parameters, not \(expected.count)")
    }
    var keys: [Int: String] = [:]
    var groups: [OptimizerState.Group] = []
    for (index, (group, wanted)) in zip(stored, expected).enumerated() {
      let at = "param_groups.\(index)"
      guard let numbers = group["params"]?.integers, numbers.count == wanted.keys.count else {
        throw unusable(
          at,
          "it has \(group["params"]?.elements?.count ?? 0) parameters where the network has "
            + "\(wanted.keys.count)")
      }
      for (number, key) in zip(numbers, wanted.keys)
      where keys.updateValue(key, forKey: number) != nil {
        throw unusable(at, "parameter \(number) is there twice")
      }
      guard let rate = group["lr"]?.double,
        let momentum = group["momentum"]?.double ?? group["betas"]?.elements?.first?.double
      else { throw unusable(at, "the learning rate or the momentum is missing") }
      groups.append(
        OptimizerState.Group(
          learningRate: rate, initialLearningRate: group["initial_lr"]?.double ?? rate,
          momentum: momentum, decay: group["weight_decay"]?.double ?? 0))
    }
    let shapes = Dictionary(
      network.parameters.map { ($0.key, $0.shape) }, uniquingKeysWith: { first, _ in first })
    var moments: [String: [String: WeightTensor]] = [:]
    for index in stride(from: 0, to: states.count - 1, by: 2) {
      guard case .int(let number) = states[index], let key = keys[number], let shape = shapes[key],
        let entries = document.graph.entries(states[index + 1])
      else { throw unusable("state", "it has an entry of no parameter") }
      let path = "optimizer.state.\(number)"
      // A state of nothing, or a plain number, is none that is gone on with.
      let tensors = entries.filter { document.graph.items($0.value, .tensor) != nil }
      let kept = try document.weights(tensors.map { ("\(path).\($0.key)", $0.value) })
      for (name, _) in tensors {
        guard let tensor = kept["\(path).\(name)"] else { continue }
        guard tensor.shape.isEmpty || tensor.shape == shape else {
          throw .shapeMismatch(
            file: file, tensor: "\(path).\(name) (\(key))", expected: shape,
            found: tensor.shape)
        }
        moments[key, default: [:]][name] = tensor
      }
    }
    self.isMuon = isMuon
    self.groups = groups
    self.moments = moments
  }

  /// Writes a moment of every parameter into `values`, in the layout of a store; parameters without
  /// one stay as they are.
  ///
  /// - Throws: `WeightError.missingTensor` where no parameter of the store has such a moment.
  public func load(
    _ name: String, into store: ParameterStore, values: UnsafeMutablePointer<Float>
  ) throws(WeightError) {
    var found = false
    for entry in store.entries {
      guard let tensor = moments[entry.key]?[name], tensor.shape == entry.shape else { continue }
      found = true
      // SAFETY: the entry's range lies inside of the store's layout, which `values` has.
      tensor.read(
        into: UnsafeMutableBufferPointer(start: values + entry.offset, count: entry.count))
    }
    guard found else {
      throw .missingTensor(file: "the checkpoint", tensor: "optimizer.state.\(name)", expected: [])
    }
  }

  /// Returns a number that is kept of every parameter, such as `step`, of the first that has it.
  public func number(_ name: String) -> Float? {
    for kept in moments.values {
      if let tensor = kept[name], tensor.shape.isEmpty { return tensor.floats().first }
    }
    return nil
  }
}
