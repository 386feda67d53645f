#if Server
import JSONText

/// The schemas of personal data.
extension OpenAPIDocument {
  static var privacySchemas: [JSONMember] {
    let export = envelope(
      Schema.record([
        Schema.Field("jobId", text()), Schema.Field("status", Schema.choice(["completed"])),
        Schema.Field("downloadUrl", text("A file of JSON.")), Schema.Field("expiresAt", time),
      ]))
    return [
      JSONMember(
        "PersonalDataDemand",
        Schema.open([
          Schema.Field("action", Schema.choice(["export", "delete"])),
          optional("confirmationWord", Schema.choice(["DELETE"], "Confirms a deletion.")),
        ])),
      JSONMember("PersonalExportResponse", export),
      JSONMember(
        "PersonalDataResponse",
        Schema.any([export, envelope(Schema.record([Schema.Field("deleted", flag)]))])),
    ]
  }
}
#endif
