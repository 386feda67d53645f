#if Server
import GRDB
import JSONText
import YOLOSystem

/// What a model of a project is ready for.
enum ModelStatus: String, Sendable, Hashable, CaseIterable, Codable {
  case pending
  case untrained
  case starting
  case running
  case completed
  case failed
  case cancelled
}

extension ModelStatus {
  /// Whether a training is under way, or is to begin.
  var isActive: Bool { [.pending, .starting, .running].contains(self) }
  /// What a request may set: the others are a training's to set.
  static let settable = allCases.filter { !$0.isActive }
}

/// What a model is for, as the platform knows it; not all of them can be predicted here.
enum ModelTask {
  static let names = ["detect", "segment", "semantic", "depth", "classify", "pose", "obb"]
}

/// An epoch of a training that a request tells of.
struct EpochResult: Codable, Sendable, Hashable {
  let epoch: Int
  let metrics: [String: Double]?
  let fitness: Double?
  let timestamp: String?
}

/// Why a training failed.
struct TrainingFailure: Codable, Sendable, Hashable {
  let message: String
  let code: String?
  let timestamp: String
}

/// A row of the table of models, with what is counted for it.
struct ModelRow: Decodable, FetchableRecord, Sendable {
  let id: String
  let account: String
  /// The name of the account.
  let owner: String
  /// The identifier of the project.
  let project: String
  let projectSlug: String
  let projectName: String
  /// Who may read the project, and so the model.
  let visibility: Visibility
  let slug: String
  let name: String
  let description: String?
  let task: String?
  let status: ModelStatus
  let license: String?
  let color: String?
  let version: String?
  let docs: String?
  let dataset: String?
  let sourceModel: String?
  let baseModel: String?
  let clonedFrom: String?
  let cloneCount: Int
  let epochs: Int?
  let bestEpoch: Int?
  let bestFitness: Double?
  let metrics: [String: Double]?
  let trainArgs: StoredJSON?
  /// How many epochs are known; what is known of them is in another table.
  let epochCount: Int
  let trainingError: TrainingFailure?
  let environment: StoredJSON?
  let classNames: [String]?
  /// The number of the weights.
  let parameters: Int?
  /// What the address of the weights' file ends in.
  let fileName: String?
  /// The SHA-256 of the weights' file, in hexadecimal digits; nil if there are no weights.
  let fileDigest: String?
  let fileBytes: Int?
  let metadata: StoredJSON
  let starCount: Int
  let isStarred: Bool
  let started: Int?
  let completed: Int?
  let created: Int
  let updated: Int
}

/// What a model is to be.
struct ModelDraft: Sendable {
  /// The name; nil for the slug.
  var name: String?
  /// The slug; nil for one of the name, or a free one if there is no name either.
  var slug: String?
  var description: String?
  var task: String?
  var version: String?
  var docs: String?
  var epochs: Int?
  var metrics: [String: Double]?
  var trainArgs: StoredJSON?
  var trainResults: [EpochResult]?
  var environment: StoredJSON?
  var metadata: StoredJSON?
  var completed: Int?
  /// What is known of the weights, if there are any.
  var weights: ModelWeights?

  /// Checks that a model may be so.
  func check() throws(PlatformError) {
    if let name { try ResourceName.check(name: name) }
    if let slug { try ResourceName.check(slug: slug, "model") }
    try ResourceName.check("description", description)
    try ResourceName.check("version", version, limit: 50)
    try ResourceName.check("docs", docs, limit: 4096)
    try ResourceName.check("task", task, in: ModelTask.names)
    try ModelRecords.check("epochs", epochs)
    try ModelRecords.check(trainResults)
    try trainArgs?.checkObject("trainArgs")
    try environment?.checkObject("environment")
    try metadata?.checkObject("metadata")
  }
}

/// What is known of the weights of a model: what their file says, and which object it is.
struct ModelWeights: Sendable, Hashable {
  let task: String
  let classNames: [String]
  /// The number of the weights.
  let parameters: Int
  /// The SHA-256 of the file, in hexadecimal digits.
  let digest: String
  /// The size of the file.
  let bytes: Int
}

/// What of a model is to change; nil for what stays.
struct ModelChanges: Sendable {
  var name: String?
  var description: String?
  var status: ModelStatus?
  var license: String?
  var color: Nullable<String>?
  var version: String?
  var dataset: Nullable<String>?
  var epochs: Int?
  var bestEpoch: Int?
  var bestFitness: Double?
  var trainArgs: StoredJSON?
  var trainResults: [EpochResult]?
  var trainingError: TrainingFailure?
  var metadata: StoredJSON?

  /// Checks that a model may be so.
  func check() throws(PlatformError) {
    if let name { try ResourceName.check(name: name) }
    try ResourceName.check("description", description)
    try ResourceName.check("license", license, in: ResourceLicense.names)
    try ResourceName.check("color", color?.value, limit: 7)
    try ResourceName.check("version", version, limit: 50)
    try ModelRecords.check("epochs", epochs)
    try ModelRecords.check("bestEpoch", bestEpoch)
    try ModelRecords.check(trainResults)
    if let trainingError {
      try ResourceName.check("trainingError.message", trainingError.message)
      try ResourceName.check("trainingError.code", trainingError.code, limit: 50)
      guard QueryReader.seconds(trainingError.timestamp) != nil else {
        throw .invalid(
          argument: "trainingError.timestamp", given: trainingError.timestamp.excerpt(),
          expected: "a time such as 2026-01-31T08:00:00Z")
      }
    }
    try trainArgs?.checkObject("trainArgs")
    try metadata?.checkObject("metadata")
  }

  /// Whether something changes that a training sets while it runs.
  var isOfTraining: Bool {
    status != nil || trainResults != nil || trainingError != nil || epochs != nil
      || bestEpoch != nil || bestFitness != nil
  }

  /// The columns that change, with their values; epochs are in another table.
  func columns() throws -> [(column: String, value: (any DatabaseValueConvertible)?)] {
    var columns: [(column: String, value: (any DatabaseValueConvertible)?)] = []
    if let name { columns.append(("name", name)) }
    if let description { columns.append(("description", description)) }
    if let status { columns.append(("status", status.rawValue)) }
    if let license { columns.append(("license", license)) }
    if let color { columns.append(("color", color.value)) }
    if let version { columns.append(("version", version)) }
    if let dataset { columns.append(("dataset", dataset.value)) }
    if let epochs { columns.append(("epochs", epochs)) }
    if let bestEpoch { columns.append(("bestEpoch", bestEpoch)) }
    if let bestFitness { columns.append(("bestFitness", bestFitness)) }
    if let trainArgs { columns.append(("trainArgs", trainArgs)) }
    if let trainingError { columns.append(("trainingError", try JSONColumn.text(trainingError))) }
    if let metadata { columns.append(("metadata", metadata)) }
    return columns
  }
}
#endif
