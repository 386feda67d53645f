/// The rules by which a training changes the parameters.
public enum OptimizerKind: String, Sendable, Hashable, CaseIterable {
  /// Stochastic gradient descent with Nesterov momentum.
  case sgd = "SGD"
  /// SGD for all, and an orthogonalized momentum (Muon) besides for weights of two and four
  /// dimensions.
  case muSGD = "MuSGD"
  /// Adam (arXiv:1412.6980) with the decay in the gradient.
  case adam = "Adam"
  /// Adam with the infinity norm of the gradients.
  case adamax = "Adamax"
  /// Adam with the decay apart from the gradient (arXiv:1711.05101).
  case adamW = "AdamW"
  /// Adam with Nesterov momentum.
  case nAdam = "NAdam"
  /// Adam whose variance is rectified at first (arXiv:1908.03265).
  case rAdam = "RAdam"
  /// Gradients over the root of their mean square.
  case rmsProp = "RMSProp"

  /// Creates the kind of a name in any case; nil if there is none.
  public init?(name: String) {
    let name = name.lowercased()
    guard let kind = Self.allCases.first(where: { $0.rawValue.lowercased() == name }) else {
      return nil
    }
    self = kind
  }

  /// Whether the momentum warms up: kinds that keep betas have theirs from the first step on.
  public var warmsMomentum: Bool {
    switch self {
    case .sgd, .muSGD, .rmsProp: true
    case .adam, .adamax, .adamW, .nAdam, .rAdam: false
    }
  }

  /// The names of what is kept for a parameter besides its value, as PyTorch's states have them.
  ///
  /// With MuSGD the second is kept for weights of two and four dimensions alone; there the first is
  /// the momentum that is orthogonalized, and elsewhere that of SGD.
  public var stateNames: [String] {
    switch self {
    case .sgd: ["momentum_buffer"]
    case .muSGD: ["momentum_buffer", "momentum_buffer_SGD"]
    case .adam, .adamW, .nAdam, .rAdam: ["exp_avg", "exp_avg_sq"]
    case .adamax: ["exp_avg", "exp_inf"]
    case .rmsProp: ["square_avg", "momentum_buffer"]
    }
  }

  /// Whether a parameter's state has the number of its steps.
  public var countsSteps: Bool {
    switch self {
    case .sgd, .muSGD: false
    case .adam, .adamax, .adamW, .nAdam, .rAdam, .rmsProp: true
    }
  }
}

/// An optimizer with its rates, chosen by the user or by the size of the training.
public struct OptimizerChoice: Sendable, Hashable {
  /// The rule.
  public var kind: OptimizerKind
  /// The learning rate after the warm-up.
  public var learningRate: Double
  /// The momentum, or the first beta, that the optimizer begins with where none warms up.
  public var momentum: Double
  /// The learning rate that biases begin the warm-up with; nil for what the arguments say.
  public var biasWarmup: Double?

  /// Creates a choice.
  public init(
    kind: OptimizerKind, learningRate: Double, momentum: Double, biasWarmup: Double? = nil
  ) {
    self.kind = kind
    self.learningRate = learningRate
    self.momentum = momentum
    self.biasWarmup = biasWarmup
  }

  /// The number of iterations above which the automatic choice is MuSGD.
  public static let longTraining = 10_000

  /// Returns what `optimizer=auto` stands for: AdamW with a rate by the number of classes for short
  /// trainings, MuSGD for long ones.
  ///
  /// - Parameters:
  ///   - images: The number of images of the training set.
  ///   - batch: The number of images of a batch.
  ///   - nominalBatch: The number of images of a step, `nbs`.
  ///   - epochs: The number of epochs.
  ///   - classCount: The number of classes.
  /// - Returns: The choice; biases warm up from 0.
  public static func automatic(
    images: Int, batch: Int, nominalBatch: Int, epochs: Int, classCount: Int
  ) -> OptimizerChoice {
    let perStep = max(batch, nominalBatch, 1)
    let steps = images / perStep + (images % perStep == 0 ? 0 : 1)
    let (iterations, isHuge) = steps.multipliedReportingOverflow(by: max(epochs, 0))
    guard !isHuge, iterations <= longTraining else {
      return OptimizerChoice(kind: .muSGD, learningRate: 0.01, momentum: 0.9, biasWarmup: 0)
    }
    // Six decimals, halves to even, as the rate is printed and stored.
    let rate = (0.01 / Double(4 + classCount) * 1e6).rounded(.toNearestOrEven) / 1e6
    return OptimizerChoice(kind: .adamW, learningRate: rate, momentum: 0.9, biasWarmup: 0)
  }
}
