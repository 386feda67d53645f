#if Server
/// What a key may do.
package enum Scope: String, Sendable, Hashable, CaseIterable, Codable {
  /// Training and its reports, with the datasets and models that it needs.
  case training
  /// Projects, models, exports, deployments and predictions.
  case models
  /// Datasets and images.
  case datasets
  /// Everything that reads, but for keys and personal data.
  case read
  /// All of the above.
  case write
  /// Everything: also keys, payments, personal data, and what cannot be undone.
  case admin
  /// Predictions alone, with the HUB API or with a model of the platform.
  case predict

  /// The scopes that this one contains, itself among them.
  var contents: Set<Scope> {
    switch self {
    case .admin: Set(Self.allCases)
    case .write: Set(Self.allCases).subtracting([.admin])
    case .models: [.models, .predict]
    case .training, .datasets, .read, .predict: [self]
    }
  }
}

extension Set<Scope> {
  /// These scopes and those that they contain.
  package var expanded: Set<Scope> { reduce(into: []) { $0.formUnion($1.contents) } }

  /// The names in the order of the documentation.
  package var names: [String] { Scope.allCases.filter(contains).map(\.rawValue) }

  /// Reads names of scopes.
  ///
  /// - Throws: `PlatformError.invalid` for a name that is none, or for no name at all.
  package init(names: [String]) throws(PlatformError) {
    self = []
    for name in names {
      guard let scope = Scope(rawValue: name) else {
        throw .invalid(argument: "scopes", given: name, expected: Self.expected)
      }
      insert(scope)
    }
    guard !isEmpty else { throw .invalid(argument: "scopes", given: "", expected: Self.expected) }
  }

  private static var expected: String {
    "at least one of " + Scope.allCases.map(\.rawValue).joined(separator: ", ")
  }
}

/// What an account has subscribed to.
package enum Plan: String, Sendable, Hashable, CaseIterable, Codable {
  case free
  case pro
  case enterprise

  /// What the plan allows.
  package var limits: PlanLimits {
    switch self {
    case .free:
      PlanLimits(
        callsPerMinute: 60, callsPerDay: 1000, storageBytes: 100 << 30,
        datasetUploadBytes: 10 << 30, models: 100, trainings: 3, deployments: 3, webhooks: 0)
    case .pro:
      PlanLimits(
        callsPerMinute: 300, callsPerDay: 50_000, storageBytes: 500 << 30,
        datasetUploadBytes: 20 << 30, models: 500, trainings: 10, deployments: 10, webhooks: 0)
    case .enterprise:
      PlanLimits(
        callsPerMinute: 3000, callsPerDay: 1_000_000, storageBytes: 10 << 40,
        datasetUploadBytes: 1 << 40, models: 10_000, trainings: 100, deployments: 100, webhooks: 20)
    }
  }

  /// The name for people.
  var title: String {
    switch self {
    case .free: "Free"
    case .pro: "Pro"
    case .enterprise: "Enterprise"
    }
  }
}

/// What a plan allows.
package struct PlanLimits: Sendable, Hashable {
  /// Calls of the account in a minute.
  package var callsPerMinute: Int
  /// Calls of the account in a day.
  package var callsPerDay: Int
  /// Bytes of all objects that the account refers to.
  package var storageBytes: Int
  /// Bytes of a file that is uploaded for a dataset.
  package let datasetUploadBytes: Int
  /// Models that the account may have.
  package let models: Int
  /// Trainings at once.
  package let trainings: Int
  /// Deployments at once.
  package let deployments: Int
  /// Addresses that are told of events.
  package let webhooks: Int
}
#endif
