public import YOLOGraph

/// Parameters that share their rates.
public struct OptimizerGroup: Sendable, Hashable {
  /// What parameters a group has.
  public enum Role: String, Sendable, Hashable {
    /// Weights, which decay.
    case weight
    /// The scales of normalizations.
    case normalization = "bn"
    /// Biases.
    case bias
    /// Weights of two and four dimensions, whose momentum MuSGD orthogonalizes.
    case muon
  }

  /// What parameters it has.
  public let role: Role
  /// What the learning rate is multiplied by: 3 for the class branches with MuSGD.
  public let boost: Double
  /// The decay of the weights in a step, scaled by the batch; 0 for those that do not decay.
  public let weightDecay: Double
  /// The parameters in the order of the store, as indices of its entries; frozen ones are among
  /// them.
  public internal(set) var entries: [Int]

  /// Returns the decay of a step: what is asked for the nominal batch, in proportion to the images
  /// that a step sees.
  ///
  /// - Parameters:
  ///   - weightDecay: The decay at the nominal batch.
  ///   - batch: The number of images of a batch.
  ///   - nominalBatch: The number of images of a step, `nbs`.
  /// - Returns: The decay.
  public static func scaledDecay(_ weightDecay: Double, batch: Int, nominalBatch: Int) -> Double {
    let accumulate = TrainingSchedule.nominalAccumulation(batch: batch, nominalBatch: nominalBatch)
    return weightDecay * Double(batch) * Double(accumulate) / Double(nominalBatch)
  }

  /// Returns the groups of a store in the order in which checkpoints and results have them.
  ///
  /// - Parameters:
  ///   - store: The parameters; statistics are in no group.
  ///   - kind: The optimizer: MuSGD has eight groups, the others three. Empty ones are kept.
  ///   - weightDecay: The scaled decay.
  /// - Returns: The groups.
  public static func groups(
    of store: ParameterStore, for kind: OptimizerKind, weightDecay: Double
  ) -> [OptimizerGroup] {
    func group(_ role: Role, boost: Double) -> OptimizerGroup {
      let decays = role == .weight || role == .muon
      return OptimizerGroup(
        role: role, boost: boost, weightDecay: decays ? weightDecay : 0, entries: [])
    }
    let isMuon = kind == .muSGD
    let roles: [Role] =
      isMuon ? [.weight, .normalization, .bias, .muon] : [.weight, .normalization, .bias]
    var groups = [OptimizerGroup]()
    for role in roles {
      if isMuon { groups.append(group(role, boost: 3)) }
      groups.append(group(role, boost: 1))
    }
    let isBoosted = ClassBranches(of: store.entries.lazy.map(\.key))
    for (index, entry) in store.entries.enumerated() {
      var role: Role
      switch entry.kind {
      case .statistic: continue
      case .weight: role = .weight
      case .normalization: role = .normalization
      case .bias: role = .bias
      }
      if isMuon, entry.shape.count == 2 || entry.shape.count == 4 { role = .muon }
      let boost: Double = isMuon && isBoosted.contains(entry.key) ? 3 : 1
      if let at = groups.firstIndex(where: { $0.role == role && $0.boost == boost }) {
        groups[at].entries.append(index)
      }
    }
    return groups
  }
}

/// The keys of the class branches of a network's head, and of the semantic convolutions of YOLO26.
private struct ClassBranches {
  /// The prefixes that these keys have.
  private let prefixes: [String]

  /// Finds the head, the last of the modules `model.N`.
  ///
  /// Blocks before it have layers of the same names.
  init(of keys: some Sequence<String>) {
    let last = keys.compactMap { key -> Int? in
      let parts = key.split(separator: ".", maxSplits: 2)
      return parts.count == 3 && parts[0] == "model" ? Int(parts[1]) : nil
    }.max()
    prefixes =
      last.map { head in
        ["cv3.", "one2one_cv3.", "proto.semseg."].map { "model.\(head).\($0)" }
      } ?? []
  }

  func contains(_ key: String) -> Bool { prefixes.contains { key.hasPrefix($0) } }
}
