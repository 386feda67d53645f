import YOLODatasets
import YOLOGeometry
import YOLOGraph
import YOLOSystem
import YOLOWeights

/// What a training starts from: a checkpoint, a description, or an unfinished training.
struct TrainingStart {
  /// The arguments; of a training that is resumed those that it began with.
  let options: TrainOptions
  /// The network, not yet one for the classes of the dataset.
  let network: TrainingNetwork
  /// The task.
  let task: VisionTask
  /// The training that goes on, if one does.
  let resumption: TrainingResumption?
  /// The absolute path of its checkpoint.
  private let resumedPath: String?
  /// The description that the network is made from, if it starts from random values.
  private let description: NetworkDescription?

  /// Reads what the arguments name.
  init(_ options: TrainOptions, report: (TrainingUpdate) throws -> Void) throws {
    let resumed: String?
    switch options.resume {
    case .no: resumed = nil
    case .file(let path):
      resumed = path
      if let model = options.model, options.isGiven(.model), model != path {
        try report(
          .event(.warning("model=\(model) is not used: resume=\(path) has the network")))
      }
    case .yes:
      guard let model = options.model else {
        throw TrainingError.argument(
          name: "resume", reason: "name the checkpoint to go on from (resume=weights/last.pt)")
      }
      resumed = model
    }
    if let resumed {
      let found = try TrainingResumption(path: resumed)
      resumption = found
      resumedPath = FilePath.joined(try RunDirectory.workingDirectory(), resumed)
      network = found.network
      description = nil
      let changes = options.givenArguments.filter { $0 != .model }.map {
        AttributeEntry(key: .string($0.rawValue), value: AttributeValue(options[$0]))
      }
      let (arguments, ignored) = found.arguments(changing: changes)
      var restored = TrainOptions()
      let notes = restored.adopt(
        arguments.compactMap { entry in
          entry.key.string.map { ($0, ArgumentValue(entry.value)) }
        })
      for note in notes { try report(.event(.warning("\(resumed): \(note)"))) }
      for name in ignored {
        try report(
          .event(
            .warning(
              "\(name) cannot be changed when a training is resumed; it is as it was at the start"))
        )
      }
      self.options = restored
      task = try Self.task(of: found.network, file: resumed, options: restored)
      if found.epoch + 1 >= restored.epochs, restored.hours == nil {
        throw TrainingError.argument(
          name: "resume",
          reason: "\(resumed) has all of its \(restored.epochs) epochs: there is nothing to resume")
      }
      return
    }
    resumption = nil
    resumedPath = nil
    self.options = options
    guard let model = options.model else {
      throw TrainingError.argument(
        name: "model",
        reason: "no network to begin with is named (model=yolov8n.pt, or yolov8n.yaml)")
    }
    let isDescription = [".yaml", ".yml"].contains { model.lowercased().hasSuffix($0) }
    if isDescription {
      let found = try NetworkDescription.open(model)
      description = found
      network = try TrainingNetwork(
        describedBy: found, names: (0..<found.classCount).map { "\($0)" },
        seed: UInt64(bitPattern: Int64(options.seed)))
    } else {
      let found = try TrainingNetwork.open(path: model)
      network = found
      description = options.pretrained == .no ? try NetworkDescription(of: found) : nil
    }
    task = try Self.task(of: network, file: model, options: options)
  }

  private static func task(
    of network: TrainingNetwork, file: String, options: TrainOptions
  ) throws -> VisionTask {
    guard let task = network.checkpoint.task, !task.isDense else {
      throw TrainingError.model(
        file: file, reason: "networks for this task cannot be trained here")
    }
    if options.isGiven(.task), let wanted = options.task, wanted != task.rawValue {
      throw TrainingError.argument(
        name: "task", reason: "it is \(wanted), but \(file) is for \(task.rawValue)")
    }
    return task
  }

  /// Returns the network for the classes of a dataset, and what it took over.
  func adapted(
    names: [String], keypoints: KeypointShape?
  ) throws -> (network: TrainingNetwork, report: TransferReport?) {
    let seed = UInt64(bitPattern: Int64(options.seed))
    let shape = task == .pose ? keypoints.map { [$0.count, $0.values] } : nil
    var result: (network: TrainingNetwork, report: TransferReport?)
    if let description {
      result = (
        try TrainingNetwork(
          describedBy: description, names: names, keypointShape: shape, seed: seed), nil
      )
    } else {
      let found = try network.adapted(
        names: names, keypointShape: shape, remapsClasses: options.classRemap, seed: seed)
      result = (found.network, found.report)
    }
    if case .file(let path) = options.pretrained {
      let found = try result.network.transferring(
        from: TrainingNetwork.open(path: path), remapsClasses: options.classRemap, seed: seed)
      result = (found.network, found.report)
    }
    return result
  }

  /// Returns the directory of the run: a new one, or that of the training that goes on, where the
  /// checkpoint lies, wherever it was moved to.
  func directory(task: VisionTask, report: (TrainingUpdate) throws -> Void) throws -> RunDirectory {
    if let resumedPath {
      let weights = FilePath.directory(of: resumedPath)
      if FilePath.name(of: weights) == "weights" {
        let directory = RunDirectory(existing: FilePath.directory(of: weights))
        try directory.check()
        return directory
      }
      let new = try RunDirectory(
        task: task, project: options.project, name: options.name, existOK: options.existOK)
      try report(
        .event(
          .warning(
            "\(resumedPath) does not lie in the directory weights of a run; the training goes on in "
              + "\(new.path), and its table begins there")))
      return new
    }
    return try RunDirectory(
      task: task, project: options.project, name: options.name, existOK: options.existOK)
  }
}

extension ArgumentValue {
  /// The value of a checkpoint's argument.
  init(_ value: AttributeValue) {
    switch value {
    case .none: self = .none
    case .bool(let flag): self = .flag(flag)
    case .int(let number): self = .integer(number)
    case .float(let number): self = .number(number)
    case .string(let text): self = .text(text)
    case .list(let values), .tuple(let values): self = .list(values.map { ArgumentValue($0) })
    case .dictionary, .tensor, .record, .opaque: self = .text("\(value)")
    }
  }
}

extension RunDirectory {
  /// Creates what is missing of the directory of a run that goes on.
  func check() throws(Failure) {
    do throws(FileError) {
      try FileSystem.makeDirectories(weights)
    } catch {
      throw Failure(error)
    }
  }
}

extension Optimizer {
  /// Adopts what an optimizer kept in a checkpoint.
  ///
  /// - Throws: `WeightError` where a moment is missing.
  func restore(_ stored: StoredOptimizer, store: ParameterStore) throws(WeightError) {
    guard !stored.moments.isEmpty else { return }
    for name in kind.stateNames {
      guard let values = memory(of: name) else { continue }
      try stored.load(name, into: store, values: values)
    }
    if let step = stored.number("step") { steps = Int(step) }
    if let product = stored.number("mu_product") { momentumProduct = product }
  }
}
