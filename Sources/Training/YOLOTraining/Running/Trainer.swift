import YOLODatasets
import YOLOEvaluation
import YOLOGeometry
import YOLOGraph
import YOLOModels
import YOLOSystem
import YOLOTensor
import YOLOTrainingData
import YOLOWeights

/// Trains a network on a dataset.
///
///     var options = TrainOptions()
///     try options.set(.model, text: "yolov8n.pt")
///     try options.set(.data, text: "shapes.yaml")
///     let outcome = try Trainer(options, threads: 2).run { event in … }
///
/// The run's directory gets `args.yaml`, `results.csv` and `weights/last.pt` and `best.pt` as those of
/// Ultralytics' trainer.
public struct Trainer: Sendable {
  /// The arguments.
  public let options: TrainOptions
  /// The threads of a step.
  public let threads: Int

  /// Creates a trainer; nothing is read yet.
  public init(_ options: TrainOptions, threads: Int) {
    self.options = options
    self.threads = threads
  }

  /// Trains.
  ///
  /// - Parameters:
  ///   - isCancelled: Asked between batches, and between the images of an evaluation, whether the
  ///     training shall end; `weights/last.pt` then has the last epoch that was finished.
  ///   - report: Called with each event; what it throws ends the training.
  /// - Returns: What came of it.
  /// - Throws: `TrainingError`, `TrainingDataError`, `WeightError`, `GraphError`, `LossError`, and what
  ///   `report` throws.
  public func run(
    isCancelled: @Sendable () -> Bool = { false }, report: (TrainingUpdate) throws -> Void
  ) throws -> TrainingOutcome {
    try TrainingRun(options, threads: threads, report: report)
      .run(isCancelled: isCancelled, report: report)
  }
}

/// A training while it goes on.
final class TrainingRun {
  private let options: TrainOptions
  private let start = ContinuousClock.now
  private var network: TrainingNetwork
  private let dataset: Dataset
  /// The names of the classes that are trained.
  private let names: [String]
  private let index: TrainingIndex
  private let directory: RunDirectory
  private let table: ResultsFile
  private let store: ParameterStore
  private let average: MovingAverage
  private let optimizer: Optimizer
  private let networkRun: NetworkRun
  private let loader: TrainingLoader
  private let evaluation: EpochEvaluation
  private let imageSize: Int
  private var schedule: TrainingSchedule
  private var accumulation = GradientAccumulation()
  private var stopping: EarlyStopping
  private var rule: CheckpointRule
  private var recovery = FailureRecovery()
  private let choice: OptimizerChoice
  private let transfer: TransferReport?
  private let resumption: TrainingResumption?
  private var epochs: Int

  init(
    _ options: TrainOptions, threads: Int, report: (TrainingUpdate) throws -> Void
  ) throws {
    let start = try TrainingStart(options, report: report)
    resumption = start.resumption
    var options = start.options
    network = start.network
    let task = start.task
    guard let data = options.data else {
      throw TrainingError.argument(
        name: "data", reason: "no dataset is named (data=data.yaml, or a directory of classes)")
    }
    try options.set(.task, .text(task.rawValue))
    self.options = options
    dataset = try Dataset.open(path: data, task: task)
    let selection = TrainingSelection(
      fraction: try Self.fraction(options), isSingleClass: options.singleClass,
      classes: options.classes)
    index = try TrainingIndex(dataset, selection: selection, threads: threads)
    for note in index.notes { try report(.event(.warning(note))) }
    for fault in index.faults { try report(.event(.warning(fault.message))) }
    if let batch = options[.batch].number, batch <= 0 || batch.rounded() != batch {
      try report(
        .event(
          .warning(
            "batch=\(options[.batch].commandText): a size that depends on memory is for GPUs; it is "
              + "\(options.batchSize) here")))
    }
    names = options.singleClass && dataset.names.count != 1 ? ["item"] : dataset.names
    if resumption == nil {
      let adapted = try start.adapted(names: names, keypoints: dataset.keypointShape)
      network = adapted.network
      transfer = adapted.report
    } else {
      transfer = nil
    }
    imageSize = try Self.imageSize(options, network: network, task: task, report: report)
    if task == .classify, resumption == nil {
      try network.setClassifierInput(size: imageSize)
    }
    if task == .pose, resumption == nil {
      try network.setKeypoints(
        names: dataset.keypointNames ?? Self.numbers(of: dataset),
        spreads: dataset.keypointSigmas.map { $0.map(Double.init) })
    }
    let descriptions = network.tensorDescriptions().map {
      ParameterStore.Description(
        key: $0.key, shape: $0.shape, kind: $0.kind,
        isTrainable: $0.isTrainable && !options.isFrozen($0.key))
    }
    store = try ParameterStore(descriptions)
    try network.load(into: store, values: store.values)
    average = try MovingAverage(of: store, updates: resumption?.updates ?? 0)
    let traced = try Network(network.checkpoint, purpose: .training)
    networkRun = NetworkRun(
      network: traced, store: store,
      loss: try Self.loss(
        traced, dataset: dataset, index: index, names: names, options: options, store: store,
        path: network.headPath, threads: threads),
      momentum: network.normalizationMomentum, threads: threads)
    loader = try TrainingLoader(
      index: index,
      settings: LoaderSettings(options, imageSize: imageSize, stride: network.stride))
    epochs = options.epochs
    choice =
      options.optimizer.map {
        OptimizerChoice(
          kind: $0, learningRate: options.initialRate, momentum: options.momentum)
      }
      ?? .automatic(
        images: index.images.count, batch: options.batchSize, nominalBatch: options.nominalBatch,
        epochs: epochs, classCount: names.count)
    optimizer = try Optimizer(
      choice, store: store, average: average,
      weightDecay: OptimizerGroup.scaledDecay(
        options.weightDecay, batch: options.batchSize, nominalBatch: options.nominalBatch),
      threads: threads)
    schedule = TrainingSchedule(
      .init(
        options, epochs: epochs, batches: loader.batchCount, choice: choice,
        groups: optimizer.groups))
    stopping = EarlyStopping(
      patience: options.patience, bestFitness: resumption?.stopper.bestFitness ?? 0,
      bestEpoch: max(0, (resumption?.stopper.bestEpoch ?? 1) - 1))
    rule = CheckpointRule(
      period: options.savePeriod, bestFitness: resumption?.bestFitness)
    if let resumption { try optimizer.restore(resumption.optimizer, store: store) }
    evaluation = try EpochEvaluation(
      dataset: dataset, names: names, options: options, task: task, imageSize: imageSize,
      stride: network.stride, network: traced, store: store, threads: threads, report: report)
    try networkRun.prepare(
      batch: min(options.batchSize, index.images.count), height: imageSize, width: imageSize)
    // What cannot be trained leaves no directory.
    directory = try start.directory(task: task, report: report)
    table = ResultsFile(path: directory.results)
  }

  /// The names of keypoints that a dataset does not name: their numbers.
  private static func numbers(of dataset: Dataset) -> [[String]] {
    let numbers = (0..<(dataset.keypointShape?.count ?? 0)).map { "\($0)" }
    return dataset.names.map { _ in numbers }
  }

  /// Returns the fraction, or number, of the images to train with.
  private static func fraction(_ options: TrainOptions) throws(TrainingError) -> Double {
    guard case .list(let values) = options[.fraction] else {
      return options[.fraction].number ?? 1
    }
    guard values.dropFirst().allSatisfy({ $0.number == 1 }) else {
      throw .argument(
        name: "fraction",
        reason: "evaluations have all images here; only the first value may be below 1")
    }
    return values.first?.number ?? 1
  }

  /// Returns the side of the input: a multiple of the stride, at least twice it.
  private static func imageSize(
    _ options: TrainOptions, network: TrainingNetwork, task: VisionTask,
    report: (TrainingUpdate) throws -> Void
  ) throws -> Int {
    let wanted = task == .classify && !options.isGiven(.imageSize) ? 224 : options.imageSide
    let stride = network.stride
    let side = max(stride, (wanted + stride - 1) / stride * stride)
    if side != wanted {
      try report(
        .event(
          .warning(
            "imgsz=\(wanted) is not a multiple of the stride \(stride); it is \(side) now")))
    }
    // Normalizations of the coarsest level would see a single value.
    if side < 2 * stride, task != .classify {
      throw TrainingError.argument(
        name: "imgsz", reason: "\(side) is less than two strides of \(stride) pixels")
    }
    return side
  }

  /// Returns the loss of a network.
  private static func loss(
    _ network: Network, dataset: Dataset, index: TrainingIndex, names: [String],
    options: TrainOptions, store: ParameterStore, path: String, threads: Int
  ) throws -> any TrainingLoss {
    if case .classify(_, let count) = network.head {
      return try ClassificationLoss(classCount: count)
    }
    var description = try LossDescription(network.head)
    description.gains.box = Float(options.boxGain)
    description.gains.classes = Float(options.classGain)
    description.gains.distances = Float(options.distributionGain)
    description.gains.pose = Float(options.poseGain)
    description.gains.visibility = Float(options.keypointGain)
    description.gains.likelihood = Float(options.likelihoodGain)
    description.gains.angle = Float(options.angleGain)
    description.keypointSigmas = dataset.keypointSigmas
    description.classWeights = ClassWeights.weights(
      labelCounts: index.instancesOfClass, power: Float(options.classWeightPower))
    return try HeadLoss(
      description, threads: threads,
      parameters: description.task == .pose && description.isYOLO26
        ? (store, path + ".flow_model.") : nil)
  }

  // MARK: Epochs

  func run(
    isCancelled: () -> Bool, report: (TrainingUpdate) throws -> Void
  ) throws -> TrainingOutcome {
    defer { loader.stop() }
    try directory.write(options.yaml(directory: directory.path), to: "args.yaml")
    let first = resumption.map { $0.epoch + 1 } ?? 0
    // Whoever hears of the start finds the epochs that are done, and no others.
    try table.removeRows(after: first)
    try report(.event(.started(startDescription())))
    var end = TrainingEvent.End.epochs
    var epoch = first
    accumulation = GradientAccumulation(lastStep: first * loader.batchCount - 1)
    let plots = options.plots ? TrainingPlots(directory: directory, names: names) : nil
    try plots?.writeLabels(of: index)
    while epoch < epochs {
      let means = try train(
        epoch: epoch, plots: plots, isCancelled: isCancelled, report: report)
      let isLast = epoch == epochs - 1
      let repaired = average.repair(from: store)
      if repaired > 0, means.allSatisfy(\.isFinite) {
        try report(
          .event(
            .warning(
              "epoch \(epoch + 1): the averages of \(repaired) tensors were not finite; they are the "
                + "weights of this step now")))
      }
      var record = EpochRecord(
        epoch: epoch + 1, epochs: epochs, seconds: elapsed, trainingLosses: losses(means),
        metrics: [], evaluationLosses: [], rates: optimizer.rates, fitness: nil, isBest: false)
      var isFinite = means.allSatisfy(\.isFinite)
      if isFinite, options.validates || isLast || stopping.isNear {
        let found = try evaluation.run(
          network: network, store: store, average: average, loss: networkRun.loss
        ) { update in
          // Evaluations take long, too.
          if isCancelled() { throw TrainingError.interrupted(epoch: epoch + 1) }
          try report(update)
        }
        record.metrics = found.metrics
        record.evaluationLosses = found.losses
        record.fitness = found.fitness
        isFinite = found.fitness.isFinite
      }
      switch recovery.judge(isFinite: isFinite) {
      case .proceed: break
      case .restore:
        try restore(before: epoch)
        try report(
          .event(
            .warning(
              "epoch \(epoch + 1): the loss is not finite; weights and optimizer are those of the "
                + "last checkpoint, or of the start, and the epoch is done again")))
        continue
      case .fail(let attempts):
        throw TrainingError.diverged(epoch: epoch + 1, attempts: attempts)
      }
      record.seconds = elapsed
      let decision = rule.decide(epoch: epoch, fitness: record.fitness)
      record.isBest = decision.isBest
      try table.append(record, task: dataset.task)
      let ends = stopping.ends(after: epoch, fitness: record.fitness)
      try report(.event(.epoch(record)))
      if options.saves || isLast || ends { try save(record, decision, report: report) }
      epoch += 1
      if let hours = options.hours {
        let limit = TimeLimit(hours: hours)
        epochs = limit.epochs(elapsed: elapsed, completed: epoch)
        var configuration = schedule.configuration
        configuration.epochs = epochs
        schedule = TrainingSchedule(configuration)
        if limit.isOver(elapsed: elapsed) {
          end = .time
          break
        }
      }
      if ends {
        end = .patience
        break
      }
    }
    return try finish(epochs: epoch, end: end, plots: plots, report: report)
  }

  private func losses(_ means: [Double]) -> [NamedValue] {
    zip(networkRun.loss.itemNames, means).map { NamedValue($0, $1) }
  }

  private var elapsed: Double {
    let duration = (ContinuousClock.now - start).components
    return Double(duration.seconds) + Double(duration.attoseconds) * 1e-18
  }

  /// Trains an epoch, and returns the means of the loss's terms.
  private func train(
    epoch: Int, plots: TrainingPlots?, isCancelled: () -> Bool,
    report: (TrainingUpdate) throws -> Void
  ) throws -> [Double] {
    let weight = HeadLoss.oneToManyWeight(epoch: epoch, of: epochs)
    var means = [Double](repeating: 0, count: networkRun.loss.itemNames.count)
    loader.begin(epoch: epoch)
    var count = 0
    while let batch = try loader.next() {
      if isCancelled() { throw TrainingError.interrupted(epoch: epoch + 1) }
      let iteration = epoch * loader.batchCount + count
      let closing = (epochs - options.closeMosaic) * loader.batchCount
      if iteration < 3 || (options.closeMosaic > 0 && closing..<closing + 3 ~= iteration) {
        try plots?.write(batch, iteration: iteration)
      }
      let settings = schedule.iteration(iteration)
      optimizer.rates = settings.rates
      optimizer.momentum = settings.momentum
      let values = try networkRun.step(batch, oneToManyWeight: weight)
      guard values.total.isFinite else {
        store.clearGradients()
        return means.map { _ in .nan }
      }
      for (index, item) in values.items.enumerated() {
        means[index] = (means[index] * Double(count) + Double(item)) / Double(count + 1)
      }
      if accumulation.takesStep(iteration: iteration, accumulate: settings.accumulate) {
        guard optimizer.step().isFinite else { return means.map { _ in .nan } }
      }
      count += 1
      let progress = BatchProgress(
        epoch: epoch + 1, epochs: epochs, batch: count, batches: loader.batchCount,
        losses: losses(means),
        instances: batch.targets.reduce(0) { $0 + $1.classes.count }, imageSize: batch.width)
      loader.recycle(batch)
      try report(.batch(progress))
    }
    return means
  }

  /// Sets parameters and optimizer to those of the last checkpoint, or of the start.
  private func restore(before epoch: Int) throws {
    let saved =
      FileSystem.exists(directory.last)
      ? try TrainingResumption(path: directory.last) : resumption
    try (saved?.network ?? network).load(into: store, values: store.values)
    average.values.update(from: store.values, count: store.count)
    average.updates = saved?.updates ?? 0
    optimizer.reset()
    if let saved { try optimizer.restore(saved.optimizer, store: store) }
    accumulation = GradientAccumulation(lastStep: epoch * loader.batchCount - 1)
    store.clearGradients()
  }

  private func startDescription() -> TrainingEvent.Start {
    let groups = optimizer.groups.map { group in
      "\(group.entries.count) \(group.role.rawValue)(decay=\(group.weightDecay))"
    }
    return TrainingEvent.Start(
      task: dataset.task.rawValue, model: options.model ?? "", data: options.data ?? "",
      epochs: epochs, directory: directory.path,
      parameters: store.entries.reduce(0) { $0 + ($1.isTrainable ? $1.count : 0) },
      images: index.images.count,
      optimizer: "\(choice.kind.rawValue)(lr=\(choice.learningRate), momentum=\(choice.momentum)) "
        + "with parameter groups " + groups.joined(separator: ", "), transfer: transfer)
  }

  // MARK: Files

  private func save(
    _ record: EpochRecord, _ decision: CheckpointRule.Decision,
    report: (TrainingUpdate) throws -> Void
  ) throws {
    let state = TrainingState(
      epoch: record.epoch - 1, updates: average.updates, bestFitness: rule.bestFitness,
      stopper: .init(bestFitness: stopping.bestFitness, bestEpoch: stopping.bestEpoch + 1),
      optimizer: OptimizerState(optimizer, store: store, choice: choice),
      report: try trainingReport(record))
    let values = TrainingCheckpoint.Values(store: store, values: average.values)
    var paths = [directory.last]
    if decision.isBest { paths.append(directory.best) }
    if let name = decision.ownName { paths.append("\(directory.weights)/\(name)") }
    for path in paths {
      try TrainingCheckpoint.write(to: path, network: network, values: values, state: state)
      try report(
        .event(.checkpoint(path: path, epoch: record.epoch, isBest: path == directory.best)))
    }
  }

  private func trainingReport(_ record: EpochRecord?) throws -> TrainingReport {
    var metrics =
      record.map { record in
        record.metrics + record.evaluationLosses.map { NamedValue("val/\($0.name)", $0.value) }
      } ?? []
    if let fitness = record?.fitness { metrics.append(NamedValue("fitness", fitness)) }
    return TrainingReport(
      arguments: options.attributes(directory: directory.path, choice: choice),
      metrics: metrics.map { ($0.name, $0.value) }, results: try table.columns())
  }

  private func finish(
    epochs: Int, end: TrainingEvent.End, plots: TrainingPlots?,
    report: (TrainingUpdate) throws -> Void
  ) throws -> TrainingOutcome {
    for path in [directory.last, directory.best] where FileSystem.exists(path) {
      try TrainingCheckpoint.strip(path, report: try trainingReport(nil))
    }
    var found: EpochEvaluation.Found?
    if FileSystem.exists(directory.best) {
      found = try evaluation.run(checkpoint: directory.best, report: report)
      try plots?.writeResults(try table.columns())
      try plots?.writeFigures(found)
      try evaluation.writeBatches(of: directory.best, plots: plots)
    }
    let outcome = TrainingOutcome(
      directory: directory, epochs: epochs, end: end, seconds: elapsed,
      metrics: found?.metrics ?? [], report: found?.report)
    try report(
      .event(
        .completed(
          epochs: epochs, seconds: outcome.seconds, directory: directory.path,
          best: found == nil ? nil : directory.best, metrics: outcome.metrics, reason: end)))
    return outcome
  }
}
