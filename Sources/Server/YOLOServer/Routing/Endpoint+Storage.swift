#if Server
import HTTPTypes

extension Endpoint {
  /// The signed addresses of objects: nobody needs a key for them, and no call is counted.
  static let storage: [Endpoint] = [
    Endpoint(
      method: .get, path: PathTemplate("/storage/{kind}/{id}/{file}"), id: "downloadFile",
      summary: "The file at a signed address; a part of it by the header Range.",
      form: .flat, parameters: address,
      answer: .binary(.ok, "The file."),
      alternatives: [
        .binary(.partialContent, "A part of the file."),
        .empty(.notModified, "The client has the file already, by its If-None-Match."),
      ], failures: [403, 404, 416, 499, 500, 503]
    ) { try await $0.platform().storage.download($1, $2) },
    Endpoint(
      method: .put, path: PathTemplate("/storage/{kind}/{id}/{file}"), id: "uploadFile",
      summary: "Sends the file of an upload; it may be sent again until the upload is redeemed.",
      form: .flat, parameters: address,
      body: .binary,
      answer: .json("UploadReceipt", "The file is stored."),
      failures: [403, 404, 408, 409, 413, 415, 499, 500, 503]
    ) { try await $0.platform().storage.upload($1, $2) },
  ]

  /// The uploads that files are sent for.
  static let uploads: [Endpoint] = [
    Endpoint(
      method: .post, path: PathTemplate("/api/upload/signed-url"), id: "beginUpload",
      summary: "Begins an upload: the address that its file is sent to, by PUT.",
      access: .scopes([.models, .datasets]), budget: .plan, form: .flat,
      body: .json("UploadCreation"), answer: .json("UploadSession", "The upload."),
      failures: uploadFailures
    ) { try await $0.platform().uploads.begin($1, $2) },
    Endpoint(
      method: .post, path: PathTemplate("/api/upload/complete"), id: "completeUpload",
      summary: "Redeems an upload whose file has come; once more changes nothing.",
      access: .scopes([.models, .datasets]), budget: .plan, form: .flat,
      body: .json("UploadCompletionRequest"),
      answer: .json("UploadCompletion", "The file belongs to what it was sent for."),
      failures: uploadFailures + [409]
    ) { try await $0.platform().uploads.complete($1, $2) },
  ]

  private static let uploadFailures = [401, 403, 404, 408, 413, 415, 429, 499, 500, 503]

  private static let address: [Parameter] = [
    Parameter(
      name: "kind", location: .path, description: "What the file belongs to.",
      schema: Schema.choice(ObjectKind.allCases.map(\.rawValue))),
    Parameter(name: "id", location: .path, description: "The identifier of that."),
    Parameter(name: "file", location: .path, description: "The name of the file."),
    Parameter(
      name: "expires", location: .query,
      description: "The last second in which the address can be used, since 1970.",
      schema: Schema.type("integer")),
    Parameter(name: "signature", location: .query, description: "The signature of the address."),
  ]
}
#endif
