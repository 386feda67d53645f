#if Server
import HTTPTypes

/// What the key of a training's worker is bound to: the training of one model, and what that reads.
///
/// Such a key may report, upload checkpoints and fetch what the arguments of the training name; it
/// ends with the job.
package struct KeyBinding: Sendable, Hashable {
  /// The identifier of the model.
  package let model: String
  /// What may be fetched, as `owner/datasets/slug` and `owner/project/model`.
  package let resources: Set<String>

  /// The endpoints that such a key may call at all.
  private static let endpoints: Set = [
    "reportTraining", "beginCheckpoint", "ownerDatasetExport", "ownerDataset", "filesOfModel",
    "exportForOlderClients", "modelForOlderClients", "accountSummary",
  ]

  init(model: String, resources: Set<String>) {
    self.model = model
    self.resources = resources
  }

  /// Reads the text of a column.
  init?(_ text: String) {
    let lines = text.split(separator: "\n").map(String.init)
    guard let model = lines.first else { return nil }
    self.init(model: model, resources: Set(lines.dropFirst()))
  }

  /// The text of a column.
  var text: String { ([model] + resources.sorted()).joined(separator: "\n") }

  /// Whether a request may be made, by the endpoint and the parameters of the path.
  func allows(_ endpoint: String, _ parameters: [String: String]) -> Bool {
    guard Self.endpoints.contains(endpoint) else { return false }
    guard let owner = parameters["owner"] else { return true }
    if let dataset = parameters["dataset"] {
      return resources.contains("\(owner)/datasets/\(dataset)")
    }
    return resources.contains(
      "\(owner)/\(parameters["project"] ?? "")/\(parameters["model"] ?? "")")
  }
}
#endif
