import YOLOGraph
import YOLOWeights

/// What an optimizer keeps between steps, as a checkpoint has it.
public struct OptimizerState: Sendable {
  /// The optimizers by the names that arguments have.
  public enum Algorithm: String, Sendable, CaseIterable {
    /// Momentum in Nesterov's form.
    case sgd = "SGD"
    /// Orthogonalized momentum for matrices and convolutions, SGD for the rest.
    case muSGD = "MuSGD"
    case adam = "Adam"
    case adamax = "Adamax"
    case adamW = "AdamW"
    case nAdam = "NAdam"
    case rAdam = "RAdam"
    case rmsProp = "RMSProp"
  }

  /// The settings of a group of parameters.
  public struct Group: Sendable, Equatable {
    /// The learning rate at present.
    public var learningRate: Double
    /// The learning rate that the schedule multiplies.
    public var initialLearningRate: Double
    /// The momentum, or the first of the two averages' decays.
    public var momentum: Double
    /// The weight decay.
    public var decay: Double

    /// Creates settings.
    public init(
      learningRate: Double, initialLearningRate: Double, momentum: Double, decay: Double
    ) {
      self.learningRate = learningRate
      self.initialLearningRate = initialLearningRate
      self.momentum = momentum
      self.decay = decay
    }
  }

  /// A number or numbers that the optimizer keeps for a parameter.
  ///
  /// The names are PyTorch's: `momentum_buffer`, `momentum_buffer_SGD`, `exp_avg`, `exp_avg_sq`,
  /// `exp_inf`, `square_avg`, `step`, `mu_product`.
  public enum Moment: @unchecked Sendable {
    // Sendable by hand because of the pointer: whoever writes a checkpoint keeps the memory.

    /// One number, such as the count of steps.
    case number(Float)
    /// A number for every one of the parameter, in its order.
    case values(UnsafePointer<Float>)
  }

  /// The optimizer.
  public var algorithm: Algorithm
  /// The groups, in the order of `StoredParameterGroup.groups(of:for:)`.
  public var groups: [Group]
  /// What is kept of each parameter, by its key and name; parameters without gradients have none.
  public var moments: [String: [String: Moment]]

  /// Creates a state.
  public init(
    algorithm: Algorithm, groups: [Group], moments: [String: [String: Moment]] = [:]
  ) {
    self.algorithm = algorithm
    self.groups = groups
    self.moments = moments
  }
}

/// The parameters that an optimizer treats alike.
public struct StoredParameterGroup: Sendable, Hashable {
  /// The purposes of groups.
  public enum Purpose: String, Sendable {
    /// Weights, which decay.
    case weight
    /// Scales of normalizations.
    case normalization = "bn"
    case bias
    /// Matrices and convolutions, whose momentum is made orthogonal.
    case muon
  }

  /// What the parameters are.
  public let purpose: Purpose
  /// Whether their learning rate is three times that of the others.
  public let isTripled: Bool
  /// The keys of the parameters, in the order of the network.
  public let keys: [String]

  /// Returns the groups of an optimizer: three, or of MuSGD eight, some of which may be empty.
  ///
  /// Frozen parameters are among them.
  public static func groups(
    of parameters: [NetworkParameter], for algorithm: OptimizerState.Algorithm
  ) -> [StoredParameterGroup] {
    let isMuon = algorithm == .muSGD
    func purpose(of parameter: NetworkParameter) -> Purpose {
      // Of two or four dimensions are matrices and convolutions.
      if isMuon, parameter.kind != .bias, [2, 4].contains(parameter.shape.count) { return .muon }
      switch parameter.kind {
      case .bias: return .bias
      case .normalization: return .normalization
      case .weight, .statistic: return .weight
      }
    }
    let purposes: [Purpose] = [.weight, .normalization, .bias] + (isMuon ? [.muon] : [])
    return purposes.flatMap { wanted in
      (isMuon ? [true, false] : [nil]).map { tripled in
        StoredParameterGroup(
          purpose: wanted, isTripled: tripled ?? false,
          keys: parameters.filter {
            purpose(of: $0) == wanted && (tripled == nil || tripled == $0.isClassBranch)
          }.map(\.key))
      }
    }
  }
}

extension OptimizerState {
  /// Whether a moment of this name is kept in half precision in a file.
  static func isHalf(_ name: String) -> Bool {
    !["step", "exp_avg", "exp_avg_sq", "square_avg"].contains(name)
  }

  /// The settings of a group as PyTorch's optimizers have them, in their order.
  func settings(of group: Group, purpose: StoredParameterGroup.Purpose) -> [AttributeEntry] {
    typealias Value = AttributeValue
    var entries: [(String, Value)] = [("lr", .float(group.learningRate))]
    let decay: (String, Value) = ("weight_decay", .float(group.decay))
    let name: (String, Value) = ("param_group", .string(purpose.rawValue))
    let momentum: (String, Value) = ("momentum", .float(group.momentum))
    let betas: (String, Value) = ("betas", .tuple([.float(group.momentum), .float(0.999)]))
    let epsilon: (String, Value) = ("eps", .float(1e-8))
    let off = Value.bool(false)
    switch algorithm {
    case .sgd:
      entries += [
        momentum, ("nesterov", .bool(true)), decay, name, ("dampening", .int(0)),
        ("maximize", off), ("foreach", .none), ("differentiable", off), ("fused", .none),
      ]
    case .muSGD:
      entries += [
        momentum, ("nesterov", .bool(true)), decay, name, ("use_muon", .bool(purpose == .muon)),
      ]
    case .adam, .adamW:
      entries += [
        betas, decay, name, epsilon, ("amsgrad", off), ("maximize", off), ("foreach", .none),
        ("capturable", off), ("differentiable", off), ("fused", .none),
        ("decoupled_weight_decay", .bool(algorithm == .adamW)),
      ]
    case .adamax:
      entries += [
        betas, decay, name, epsilon, ("foreach", .none), ("maximize", off),
        ("differentiable", off), ("capturable", off),
      ]
    case .nAdam:
      entries += [
        betas, decay, name, epsilon, ("momentum_decay", .float(0.004)),
        ("decoupled_weight_decay", off), ("maximize", off), ("foreach", .none),
        ("capturable", off), ("differentiable", off),
      ]
    case .rAdam:
      entries += [
        betas, decay, name, epsilon, ("maximize", off), ("foreach", .none), ("capturable", off),
        ("decoupled_weight_decay", off), ("differentiable", off),
      ]
    case .rmsProp:
      entries += [
        momentum, decay, name, ("alpha", .float(0.99)), epsilon, ("centered", off),
        ("capturable", off), ("foreach", .none), ("maximize", off), ("differentiable", off),
      ]
    }
    entries.append(("initial_lr", .float(group.initialLearningRate)))
    return entries.map { AttributeEntry(key: .string($0.0), value: $0.1) }
  }
}
