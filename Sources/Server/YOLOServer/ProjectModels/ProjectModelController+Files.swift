#if Server
import GRDB
import HTTPTypes
import Hummingbird
import NIOPosix
import YOLOSystem

/// What models need besides the database: their files, and what runs them.
struct ModelFiles: Sendable {
  /// How long an address of weights can be used, in seconds.
  static let addressLifetime = 3600

  let store: ObjectStore
  let signer: AddressSigner
  let origins: OriginPolicy
  let inspector: ModelInspector
  let predict: PredictController
}

extension ProjectModelController {
  /// `GET /api/models/{modelId}/files`.
  func files(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await models.model(
      try context.locator("modelId"), viewer: context.key?.account)
    let found = try fileList(of: row, request, context)
    return try .encoded(Superset(data: found.files, flat: found))
  }

  /// `GET /api/models/{owner}/{project}/{model}/files`.
  func filesOfProject(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await models.model(
      try context.locator("owner", "project", "model"), viewer: context.key?.account)
    return try .encoded(try fileList(of: row, request, context))
  }

  /// `POST /api/models` with a form.
  func upload(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let presence = try await context.channel.disconnectMonitor()
    let form = try await ModelForm.receive(request, context, into: storage.store, of: account)
    guard let project = form.fields["projectId"] else {
      throw APIError.invalidField(
        "projectId", expected: "the identifier of a project",
        "The form has no field projectId: it names the project of the model.")
    }
    let weights = try await storage.inspector.weights(
      at: form.file.path, form.file.object, for: presence)
    let stem = ModelDirectory.stem(of: FilePath.name(of: form.fileName)).prefix(100)
    let isUnnamed = form.fields["model"] == nil && !stem.isEmpty
    let draft = ModelDraft(
      name: form.fields["name"] ?? (isUnnamed ? String(stem) : nil),
      slug: form.fields["model"], description: form.fields["description"], weights: weights)
    let row = try await models.create(
      draft, form.file, in: .id(project), of: account, store: storage.store)
    return try .encoded(
      Superset(data: ModelData(row), flat: created(row)), status: .created)
  }

  /// `POST /api/models/{modelId}/predict`.
  func predict(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await predict(try context.locator("modelId"), request, context)
  }

  /// `POST /api/models/{owner}/{project}/{model}/predict`.
  func predictOfProject(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await predict(try context.locator("owner", "project", "model"), request, context)
  }

  private func predict(
    _ locator: ResourceLocator, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let row = try await models.model(locator, viewer: context.key?.account)
    let (digest, _) = try Self.weights(of: row)
    return try await storage.predict.respond(
      to: request, context: context,
      object: ModelObject(
        path: storage.store.path(of: digest), digest: "\(digest)", title: "\(row.slug).pt"))
  }

  /// Returns the object of a model's weights, and what its address ends in.
  ///
  /// - Throws: `APIError` of status 404 if there are none.
  static func weights(
    of row: ModelRow
  ) throws(APIError) -> (digest: ObjectDigest, fileName: String) {
    guard let digest = row.fileDigest.flatMap(ObjectDigest.init), let name = row.fileName else {
      throw .notFound("The model \(row.owner)/\(row.projectSlug)/\(row.slug) has no weights yet.")
    }
    return (digest, name)
  }

  private func fileList(
    of row: ModelRow, _ request: Request, _ context: ServerContext
  ) throws -> ModelFileList {
    let (_, name) = try Self.weights(of: row)
    let expires = models.clock() + ModelFiles.addressLifetime
    let address = storage.signer.address(
      of: try ObjectReference(.models, owner: row.id, name: name), for: .get, expires: expires,
      origin: try storage.origins.origin(of: request, context))
    return ModelFileList(files: [
      ModelFileData(
        name: "\(row.slug).pt", size: row.fileBytes ?? 0, downloadUrl: address,
        expiresAt: Timestamp(expires))
    ])
  }
}

/// A file of a model, with the address that it can be read at.
struct ModelFileData: Encodable {
  let name: String
  let size: Int
  let downloadUrl: String
  let expiresAt: Timestamp
}

/// The files of a model.
struct ModelFileList: Encodable {
  let files: [ModelFileData]
}

/// Weights that are uploaded by a signed address for a model that is there already.
struct ModelUploadTarget: UploadTarget {
  let models: ModelRepository

  var assetType: UploadAssetType { .models }
  var scope: Scope { .models }

  func check(_ request: UploadRequest, of account: Account) async throws {
    _ = try await row(request, of: account)
    guard request.filename.lowercased().hasSuffix(".pt") else {
      throw APIError.invalidField(
        "filename", given: request.filename.excerpt(), expected: "a name that ends in .pt",
        "The file of a model is a checkpoint: its name must end in .pt.")
    }
    if let bytes = request.bytes, bytes > ModelForm.fileLimit {
      throw APIError.tooLarge(
        "The file has more than \(ModelForm.fileLimit) bytes.", limit: ModelForm.fileLimit,
        unit: "bytes")
    }
  }

  func receive(
    _ upload: ReceivedUpload
  ) async throws -> @Sendable (_ database: Database) throws -> Void {
    let row = try await row(upload.upload.request, of: upload.account)
    let weights = try await NIOThreadPool.singleton.runIfActive {
      try ModelInspector.weights(at: upload.path, upload.object)
    }
    let now = models.clock()
    return { database in
      let row = try ModelRecords.row(database, .id(row.id), of: upload.account)
      let name = ModelRecords.fileName(slug: row.slug, digest: upload.object.digest)
      if let former = row.fileName {
        try ObjectTable.release(
          database, try ObjectReference(.models, owner: row.id, name: former))
      }
      try upload.adopt(database, as: try ObjectReference(.models, owner: row.id, name: name))
      try ModelRecords.set(database, weights, fileName: name, of: row, now: now)
    }
  }

  private func row(
    _ request: UploadRequest, of account: Account
  ) async throws(PlatformError) -> ModelRow {
    let id = request.asset
    return try await models.database.read { try ModelRecords.row($0, .id(id), of: account) }
  }
}
#endif
