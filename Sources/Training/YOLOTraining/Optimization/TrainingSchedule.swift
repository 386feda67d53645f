import YOLOSystem

/// The learning rates, the momentum and the accumulation of every iteration of a training.
///
/// Iterations are batches, counted from 0 over all epochs; epochs are counted from 0.
public struct TrainingSchedule: Sendable, Hashable {
  /// What a schedule is made of.
  public struct Configuration: Sendable, Hashable {
    /// The number of epochs.
    public var epochs: Int
    /// The number of batches of an epoch.
    public var batches: Int
    /// The number of images of a batch.
    public var batch: Int
    /// The number of images of a step, `nbs`.
    public var nominalBatch = 64
    /// The fraction of the learning rate that is left at the end, `lrf`.
    public var finalFraction = 0.01
    /// Whether rates follow a cosine, or else a straight line.
    public var isCosine = false
    /// The epochs of the warm-up.
    public var warmupEpochs = 3.0
    /// The momentum that the warm-up begins with.
    public var warmupMomentum = 0.8
    /// The learning rate that biases begin the warm-up with.
    public var warmupBias = 0.1
    /// The momentum that the warm-up ends with.
    public var momentum = 0.937
    /// The momentum where nothing warms it up.
    public var initialMomentum: Double
    /// Whether the momentum warms up, see `OptimizerKind.warmsMomentum`.
    public var warmsMomentum = true
    /// The learning rate of each group after the warm-up, its boost included.
    public var rates: [Double]
    /// Whether a group has biases.
    public var isBias: [Bool]

    /// Creates a configuration of the default rates.
    public init(
      epochs: Int, batches: Int, batch: Int, initialMomentum: Double, rates: [Double],
      isBias: [Bool]
    ) {
      precondition(rates.count == isBias.count, "each group has a rate and a role")
      self.epochs = epochs
      self.batches = batches
      self.batch = batch
      self.initialMomentum = initialMomentum
      self.rates = rates
      self.isBias = isBias
    }
  }

  /// What holds in an iteration.
  public struct Iteration: Sendable, Hashable {
    /// The learning rate of each group.
    public let rates: [Double]
    /// The momentum of the optimizers that warm it up.
    public let momentum: Double
    /// The number of iterations whose gradients are added before a step.
    public let accumulate: Int
  }

  /// What it is made of.
  public let configuration: Configuration
  /// The iterations of the warm-up, which ends with the iteration of this number; 0 for none.
  public let warmupIterations: Int
  /// The accumulation after the warm-up.
  public let accumulate: Int

  /// Creates a schedule.
  public init(_ configuration: Configuration) {
    precondition(configuration.batches > 0 && configuration.batch > 0, "something to train on")
    precondition(configuration.nominalBatch > 0, "a step has images")
    self.configuration = configuration
    let epochs = max(configuration.epochs, 0)
    let warm = min(configuration.warmupEpochs, Double(max(epochs - 1, 0)))
    warmupIterations = Int(
      max(warm * Double(configuration.batches), 0).rounded(.toNearestOrEven))
    let nominal = Self.nominalAccumulation(
      batch: configuration.batch, nominalBatch: configuration.nominalBatch)
    accumulate = max(min(nominal, configuration.batches * max(epochs, 1)), 1)
  }

  /// Returns the number of batches whose gradients make a step: that of the nominal batch.
  public static func nominalAccumulation(batch: Int, nominalBatch: Int) -> Int {
    max(Int((Double(nominalBatch) / Double(batch)).rounded(.toNearestOrEven)), 1)
  }

  /// The number of iterations.
  public var iterations: Int { configuration.epochs * configuration.batches }

  /// Returns what the learning rates of an epoch are multiplied by.
  public func factor(epoch: Int) -> Double {
    let final = configuration.finalFraction
    let position = Double(epoch) / Double(max(configuration.epochs, 1))
    return configuration.isCosine
      ? max((1 - cos(Double(epoch) * Double.pi / Double(max(configuration.epochs, 1)))) / 2, 0)
        * (final - 1) + 1
      : max(1 - position, 0) * (1 - final) + final
  }

  /// Returns what holds in an iteration.
  public func iteration(_ index: Int) -> Iteration {
    let factor = factor(epoch: index / configuration.batches)
    guard warmupIterations > 0 else {
      return Iteration(
        rates: configuration.rates.map { $0 * factor }, momentum: configuration.initialMomentum,
        accumulate: accumulate)
    }
    let rates = zip(configuration.rates, configuration.isBias).map { rate, isBias in
      warm(index, from: isBias ? configuration.warmupBias : 0, to: rate * factor)
    }
    let momentum =
      configuration.warmsMomentum
      ? warm(index, from: configuration.warmupMomentum, to: configuration.momentum)
      : configuration.initialMomentum
    let steps = warm(index, from: 1, to: Double(accumulate)).rounded(.toNearestOrEven)
    return Iteration(rates: rates, momentum: momentum, accumulate: max(Int(steps), 1))
  }

  /// The straight line of the warm-up, and its end afterwards.
  private func warm(_ index: Int, from start: Double, to end: Double) -> Double {
    guard index < warmupIterations else { return end }
    return (end - start) / Double(warmupIterations) * Double(index) + start
  }
}

/// Decides in which iterations the optimizer takes a step.
public struct GradientAccumulation: Sendable, Hashable {
  /// The iteration of the last step; −1 before the first.
  public private(set) var lastStep: Int

  /// Starts before the first iteration, or after that of the last step.
  public init(lastStep: Int = -1) { self.lastStep = lastStep }

  /// Whether there is a step after the gradients of an iteration.
  ///
  /// What is left over at the end of an epoch counts in the next.
  public mutating func takesStep(iteration: Int, accumulate: Int) -> Bool {
    guard iteration - lastStep >= accumulate else { return false }
    lastStep = iteration
    return true
  }
}
