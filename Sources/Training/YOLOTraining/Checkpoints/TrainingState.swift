public import YOLOWeights

/// How far a training has come, as a checkpoint has it.
public struct TrainingState: Sendable {
  /// The epoch that was finished last, from 0.
  public var epoch: Int
  /// The steps that the average of the weights has seen.
  public var updates: Int
  /// The best fitness so far; nil where nothing was evaluated.
  public var bestFitness: Double?
  /// What decides on stopping early.
  public var stopper: Stopper
  /// The optimizer; nil for a file that is not resumed from.
  public var optimizer: OptimizerState?
  /// What the file says about the training.
  public var report: TrainingReport

  /// What decides on stopping early.
  public struct Stopper: Sendable, Equatable {
    /// The best fitness that it saw.
    public var bestFitness: Double
    /// The epoch of it, from 1.
    public var bestEpoch: Int

    /// Creates one.
    public init(bestFitness: Double = 0, bestEpoch: Int = 0) {
      self.bestFitness = bestFitness
      self.bestEpoch = bestEpoch
    }
  }

  /// Creates a state.
  public init(
    epoch: Int, updates: Int, bestFitness: Double?, stopper: Stopper, optimizer: OptimizerState?,
    report: TrainingReport
  ) {
    self.epoch = epoch
    self.updates = updates
    self.bestFitness = bestFitness
    self.stopper = stopper
    self.optimizer = optimizer
    self.report = report
  }
}

/// What a checkpoint says about its training, beside what resuming needs.
public struct TrainingReport: Sendable {
  /// The arguments, in order, as `args.yaml` has them, `save_dir` included.
  public var arguments: [AttributeEntry]
  /// The last metrics and losses of the evaluation, and `fitness`.
  public var metrics: [(name: String, value: Double)]
  /// The columns of results.csv so far.
  public var results: [(name: String, values: [Double])]
  /// When it was made, ISO 8601; the present where it is nil.
  public var date: String?
  /// The license of the weights, if there is one to state.
  public var license: String?

  /// Creates a report.
  public init(
    arguments: [AttributeEntry], metrics: [(name: String, value: Double)] = [],
    results: [(name: String, values: [Double])] = [], date: String? = nil, license: String? = nil
  ) {
    self.arguments = arguments
    self.metrics = metrics
    self.results = results
    self.date = date
    self.license = license
  }
}
