#if Server
import JSONText
import YOLOServerOptions

/// The schemas of exports.
extension OpenAPIDocument {
  private static var status: JSONValue { Schema.choice(ExportStatus.allCases.map(\.rawValue)) }

  private static var action: Schema.Field {
    Schema.Field("action", Schema.choice(["cancelled", "deleted"]))
  }

  private static var export: [Schema.Field] {
    [
      Schema.Field("id", text("24 hexadecimal digits.")), Schema.Field("modelId", text()),
      Schema.Field("format", Schema.choice(ExportFormat.names)), Schema.Field("status", status),
      optional("args", anything), optional("gpuType", text()),
      optional(
        "file",
        Schema.record([
          Schema.Field("size", count("Bytes.")), Schema.Field("downloadUrl", text()),
          Schema.Field("downloadFilename", text()),
        ])),
      optional(
        "error", Schema.record([Schema.Field("message", text()), Schema.Field("timestamp", time)])),
      optional("startedAt", time), optional("completedAt", time),
      Schema.Field("createdAt", time), Schema.Field("updatedAt", time),
    ]
  }

  private static var draft: [Schema.Field] {
    [
      Schema.Field("format", Schema.choice(ExportFormat.names)),
      optional(
        "args",
        Schema.any([
          Schema.record(
            ExportArguments.names.map { optional($0, Schema.object([:])) },
            "What the exporter is told."),
          Schema.type("null"),
        ])),
      optional("gpuType", nullableText("The GPU that the file is for.")),
    ]
  }

  static var exportSchemas: [JSONMember] {
    [
      JSONMember("Export", Schema.record(export)),
      JSONMember("ExportPage", page(of: Schema.reference("Export"))),
      JSONMember(
        "ExportCreation",
        Schema.open([Schema.Field("modelId", text("The identifier of the model."))] + draft)),
      JSONMember("NamedExportCreation", Schema.open(draft)),
      JSONMember("ExportResponse", envelope(Schema.reference("Export"))),
      JSONMember(
        "ExportCreatedResponse",
        envelope(Schema.reference("Export"), and: [Schema.Field("exportId", text())])),
      JSONMember(
        "ExportDeletedResponse", envelope(Schema.record([Schema.Field("id", text()), action]))),
      JSONMember(
        "ExportList",
        Schema.record([
          Schema.Field("exports", Schema.list(of: Schema.reference("Export"))), region,
        ])),
      JSONMember(
        "CreatedExport",
        Schema.record([
          Schema.Field("id", text()), Schema.Field("format", Schema.choice(ExportFormat.names)),
          Schema.Field("status", Schema.choice(["queued", "running"])),
          optional("gpuType", text()), region,
        ])),
      JSONMember(
        "ExportDetail", Schema.record([Schema.Field("export", Schema.reference("Export"))])),
      JSONMember("ExportDeleted", success([action])),
    ]
  }
}
#endif
