#if Server
import HTTPTypes
import JSONText

extension Endpoint {
  private static let readers: Access = .scopes([.read, .models])
  private static let visitors: Access = .visitors([.read, .models])
  private static let writers: Access = .scopes([.models])
  private static let ofModel = "/api/models/{owner:!model_}/{project}/{model}/exports"
  private static let status = Parameter.query(
    "status", "The status.", Schema.choice(ExportStatus.allCases.map(\.rawValue)))

  /// Exports of models, by identifier and by owner and slugs.
  static let exports: [Endpoint] = [
    operation(
      .get, "/api/exports", "listExports",
      "The exports of the account, or of a model, the newest first.",
      readers,
      parameters: [
        .query("modelId", "The identifier of the model."), status, .page, .limit(20, maximum: 100),
      ], answer: .json("ExportPage", "A part of the exports."), failures: [400, 404]
    ) { try await $0.exports.list($1, $2) },
    operation(
      .post, "/api/exports", "createExport",
      "Exports a model in the background; what was exported before in the same way is not made again.",
      writers, body: .json("ExportCreation"),
      answer: .json("ExportCreatedResponse", "The export.", status: .created),
      failures: [404, 409]
    ) { try await $0.exports.create($1, $2) },
    operation(
      .get, "/api/exports/{exportId}", "export",
      "An export, with an address to read its file once it is complete.", readers,
      answer: .json("ExportResponse", "The export."), failures: [404]
    ) { try await $0.exports.export($1, $2) },
    operation(
      .delete, "/api/exports/{exportId}", "deleteExport",
      "Cancels an export that is active, or deletes one that is over.", writers,
      answer: .json("ExportDeletedResponse", "What was done."), failures: [404]
    ) { try await $0.exports.delete($1, $2) },
    operation(
      .get, ofModel, "listExportsOfModel", "The exports of a model, the newest first.", visitors,
      form: .flat, parameters: [status, .limit(20, maximum: 100)],
      answer: .json("ExportList", "The exports."), failures: [400, 404]
    ) { try await $0.exports.listOfModel($1, $2) },
    operation(
      .post, ofModel, "exportModel", "Exports a model in the background.", writers, form: .flat,
      body: .json("NamedExportCreation"),
      answer: .json("CreatedExport", "What was created.", status: .created), failures: [404, 409]
    ) { try await $0.exports.createNamed($1, $2) },
    operation(
      .get, "\(ofModel)/{exportId}", "exportOfModel",
      "An export, with an address to read its file once it is complete.", visitors, form: .flat,
      answer: .json("ExportDetail", "The export."), failures: [404]
    ) { try await $0.exports.exportOfModel($1, $2) },
    operation(
      .delete, "\(ofModel)/{exportId}", "deleteExportOfModel",
      "Cancels an export that is active, or deletes one that is over.", writers, form: .flat,
      answer: .json("ExportDeleted", "What was done."), failures: [404]
    ) { try await $0.exports.deleteNamed($1, $2) },
  ]
}
#endif
