/// Ends a training that has not improved for a number of epochs.
public struct EarlyStopping: Sendable, Hashable {
  /// The epochs without improvement after which the training ends; 0 for never.
  public var patience: Int
  /// The best fitness so far.
  public private(set) var bestFitness: Double
  /// The epoch of the best fitness, counted from 0.
  public private(set) var bestEpoch: Int
  /// Whether the next epoch ends the training unless it improves: it is evaluated for certain then.
  public private(set) var isNear = false

  /// Creates the rule, or that of a training that is resumed.
  public init(patience: Int, bestFitness: Double = 0, bestEpoch: Int = 0) {
    self.patience = patience
    self.bestFitness = bestFitness
    self.bestEpoch = bestEpoch
  }

  /// Judges an epoch.
  ///
  /// - Parameters:
  ///   - epoch: The epoch, counted from 0.
  ///   - fitness: Its fitness; nil where it was not evaluated.
  /// - Returns: Whether the training ends.
  public mutating func ends(after epoch: Int, fitness: Double?) -> Bool {
    guard let fitness else { return false }
    // A fitness of 0 is no achievement: the epochs until the first above it do not count.
    if fitness > bestFitness || bestFitness == 0 {
      bestEpoch = epoch
      bestFitness = fitness
    }
    guard patience > 0 else { return false }
    let epochs = epoch - bestEpoch
    isNear = epochs >= patience - 1
    return epochs >= patience
  }
}

/// Which checkpoints an epoch writes.
public struct CheckpointRule: Sendable, Hashable {
  /// What an epoch writes besides `last.pt`.
  public struct Decision: Sendable, Hashable {
    /// Whether `best.pt` is written.
    public let isBest: Bool
    /// The name of the epoch's own checkpoint, `epoch10.pt`; nil for none.
    public let ownName: String?
  }

  /// The epochs between checkpoints of their own; less than 1 for none.
  public let period: Int
  /// The best fitness so far; nil before the first evaluation.
  public private(set) var bestFitness: Double?

  /// Creates the rule, or that of a training that is resumed.
  public init(period: Int, bestFitness: Double? = nil) {
    self.period = period
    self.bestFitness = bestFitness
  }

  /// Judges an epoch.
  ///
  /// - Parameters:
  ///   - epoch: The epoch, counted from 0.
  ///   - fitness: Its fitness; nil where nothing is evaluated, so that every epoch is the best.
  /// - Returns: What is written; an epoch as good as the best is written, too.
  public mutating func decide(epoch: Int, fitness: Double?) -> Decision {
    if let fitness, fitness > bestFitness ?? -.infinity { bestFitness = fitness }
    return Decision(
      isBest: fitness == bestFitness,
      ownName: period > 0 && epoch % period == 0 ? "epoch\(epoch).pt" : nil)
  }
}

/// What to do when losses, gradients or the fitness are not finite.
public struct FailureRecovery: Sendable, Hashable {
  /// What happens next.
  public enum Decision: Sendable, Hashable {
    /// The training goes on.
    case proceed
    /// The parameters become those of the last checkpoint, or of the start where there is none, and
    /// the epoch is done again.
    case restore
    /// The training has failed that many times in a row and ends.
    case fail(attempts: Int)
  }

  /// The number of times that an epoch is done again.
  public static let maximumAttempts = 3

  /// The failures in a row.
  public private(set) var attempts = 0

  /// Starts without failures.
  public init() {}

  /// Judges an epoch by whether its loss, its gradients and its fitness were finite.
  public mutating func judge(isFinite: Bool) -> Decision {
    guard !isFinite else {
      attempts = 0
      return .proceed
    }
    attempts += 1
    return attempts > Self.maximumAttempts ? .fail(attempts: attempts) : .restore
  }
}

/// A length of a training in time.
public struct TimeLimit: Sendable, Hashable {
  /// The seconds that the training may take.
  public let seconds: Double

  /// Creates the limit of a number of hours.
  public init(hours: Double) { seconds = hours * 3600 }

  /// Whether the time is over.
  public func isOver(elapsed: Double) -> Bool { elapsed > seconds }

  /// Returns how many epochs there is time for.
  ///
  /// - Parameters:
  ///   - elapsed: The seconds since the start.
  ///   - completed: The epochs done in them.
  /// - Returns: The number of epochs, those done included; 1 at least.
  public func epochs(elapsed: Double, completed: Int) -> Int {
    guard completed > 0, elapsed > 0 else { return max(completed, 1) }
    let epochs = (seconds / (elapsed / Double(completed))).rounded(.up)
    return max(Int(min(epochs, 1e9)), 1)
  }
}
