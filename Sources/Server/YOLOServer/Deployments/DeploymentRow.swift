#if Server
import GRDB
import JSONText
import YOLOSystem

/// What a deployment is doing.
enum DeploymentStatus: String, Sendable, Hashable, CaseIterable, Codable {
  case creating
  case deploying
  case ready
  case stopping
  case stopped
  case failed

  /// Whether it is to run.
  var isWanted: Bool { [.creating, .deploying, .ready].contains(self) }
}

/// A deployment of a model: a row of the table of deployments, with the names of what it is of.
struct DeploymentRow: Decodable, FetchableRecord, Sendable {
  /// What grows with each deployment.
  let number: Int
  let id: String
  let account: String
  let owner: String
  /// The identifier of the model, which may be deleted.
  let model: String
  /// The slugs of the model and of its project; nil once it is deleted.
  let projectSlug: String?
  let modelSlug: String?
  let slug: String
  let name: String
  let region: String
  let status: DeploymentStatus
  let statusMessage: String?
  /// What grows whenever something else is to run.
  let generation: Int
  let task: String?
  /// What answers call the file of the weights.
  let title: String
  /// The SHA-256 of the weights.
  let weights: String
  /// What the instances ask of the server, so that nobody else uses them.
  let token: String
  /// Processors of an instance.
  let cpu: Int
  /// The memory of an instance in GiB.
  let memory: Int
  let minInstances: Int
  let maxInstances: Int
  let metadata: StoredJSON
  let deployed: Int?
  let created: Int
  let updated: Int

  /// What the triggers of the database note of a deployment whose model is not served any more.
  static let modelMessages: Set = ["Its model is in the trash.", "Its model was deleted."]

  /// The weights, which the deployment keeps whatever becomes of the model.
  static func weights(of id: String, title: String) throws(PlatformError) -> ObjectReference {
    try ObjectReference(.models, owner: id, name: title)
  }
}

/// What a deployment has at its disposal.
struct DeploymentResources: Sendable, Hashable {
  /// The maximum number of instances.
  static let maximumInstances = 20

  var cpu = 1
  var memory = 2
  var minInstances = 0
  var maxInstances = 1

  /// Checks the numbers.
  func check() throws(PlatformError) {
    let limit = Self.maximumInstances
    for (argument, value, range) in [
      ("cpu", cpu, 1...64), ("memoryGi", memory, 1...512),
      ("maxInstances", maxInstances, 1...limit),
      ("minInstances", minInstances, 0...limit),
    ] where !range.contains(value) {
      throw .invalid(
        argument: argument, given: "\(value)",
        expected: "from \(range.lowerBound) to \(range.upperBound)")
    }
    guard minInstances <= maxInstances else {
      throw .invalid(
        argument: "minInstances", given: "\(minInstances)",
        expected: "at most maxInstances, \(maxInstances)")
    }
  }
}

/// What a deployment is to be.
struct DeploymentDraft: Sendable {
  /// The slug; nil for one of the name.
  var slug: String?
  /// The name; nil for that of the model, with a slug that is free.
  var name: String?
  var region: String
  var resources = DeploymentResources()

  /// Checks that a deployment may be so.
  func check() throws(PlatformError) {
    if let slug { try ResourceName.check(slug: slug, "deployment") }
    if let name { try ResourceName.check(name: name) }
    try ResourceName.check("region", region, in: DeploymentRegion.names)
    try resources.check()
  }
}

/// The regions that deployments name.
enum DeploymentRegion {
  static let names = [
    "asia-east1", "asia-northeast1", "asia-northeast2", "asia-south1", "asia-southeast3",
    "europe-north1", "europe-north2", "europe-southwest1", "europe-west1", "europe-west4",
    "europe-west8", "europe-west9", "me-west1", "northamerica-south1", "us-central1", "us-east1",
    "us-east4", "us-east5", "us-south1", "us-west1", "africa-south1", "asia-east2",
    "asia-northeast3", "asia-southeast1", "asia-southeast2", "asia-south2", "australia-southeast1",
    "australia-southeast2", "europe-central2", "europe-west10", "europe-west12", "europe-west2",
    "europe-west3", "europe-west6", "me-central1", "northamerica-northeast1",
    "northamerica-northeast2", "southamerica-east1", "southamerica-west1", "us-west2", "us-west3",
    "us-west4",
  ]
}
#endif
