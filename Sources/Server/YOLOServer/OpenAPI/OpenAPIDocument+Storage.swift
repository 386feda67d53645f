#if Server
import JSONText

/// The schemas of files and their uploads.
extension OpenAPIDocument {
  static var storageSchemas: [JSONMember] {
    [
      JSONMember(
        "UploadCreation",
        Schema.record([
          Schema.Field("assetType", Schema.choice(UploadAssetType.allCases.map(\.rawValue))),
          Schema.Field("assetId", text("What the file is for.")),
          Schema.Field("filename", text("What the file is called; a label.")),
          Schema.Field("contentType", text("What the file is.")),
          Schema.Field(
            "totalBytes",
            Schema.adding(["minimum": .int(1)], to: Schema.type("integer", "Its size."))),
        ])),
      JSONMember(
        "UploadSession",
        Schema.record([
          Schema.Field("sessionId", text("The identifier of the upload.")),
          Schema.Field("uploadUrl", text("Where to send the file, by PUT, without a key.")),
          Schema.Field("expiresAt", time),
        ])),
      JSONMember(
        "UploadCompletionRequest",
        Schema.record([
          Schema.Field("sessionId", text("The identifier of the upload.")),
          Schema.Field(
            "checksum", text("A SHA-256 or MD5 of the file, in hexadecimal or base64."),
            isRequired: false),
          Schema.Field(
            "md5", text("The MD5 of the file, in hexadecimal or base64."), isRequired: false),
        ])),
      JSONMember(
        "UploadCompletion",
        Schema.record([
          Schema.Field(
            "success", Schema.adding(["const": .bool(true)], to: Schema.type("boolean"))),
          Schema.Field(
            "file",
            Schema.record([
              Schema.Field("size", count("Bytes.")), Schema.Field("contentType", text()),
            ])),
        ])),
      JSONMember(
        "UploadReceipt",
        Schema.record([
          Schema.Field("size", count("Bytes.")),
          Schema.Field("sha256", text("In hexadecimal.")),
        ])),
    ]
  }
}
#endif
