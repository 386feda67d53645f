#if Server
import HTTPTypes

extension Endpoint {
  /// All that is kept of an account.
  static let privacy: [Endpoint] = [
    operation(
      .post, "/api/gdpr", "personalData",
      "Exports all that is kept of the account, or with the action `delete` deletes the account.",
      .scopes([.admin]), body: .json("PersonalDataDemand"),
      answer: .json("PersonalDataResponse", "It is done."), failures: [400, 409]
    ) { try await $0.privacy.act($1, $2) },
    operation(
      .get, "/api/gdpr", "personalDataExport", "An export, which can be fetched for an hour.",
      .scopes([.admin]), parameters: [.query("jobId", "The identifier of the export.")],
      answer: .json("PersonalExportResponse", "The export."), failures: [400, 404]
    ) { try await $0.privacy.export($1, $2) },
  ]
}
#endif
