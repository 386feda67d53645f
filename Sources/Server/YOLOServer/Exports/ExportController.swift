#if Server
import HTTPTypes
import Hummingbird
import JSONText
import YOLOServerOptions
import YOLOSystem

/// Answers what is asked about exports of models.
///
/// Paths with an identifier answer in the envelope of the first documents and have the formats'
/// names that were sent; paths with names are flat and have those of the later documents.
struct ExportController: Sendable {
  /// How long an address of a file can be used, in seconds.
  static let addressLifetime = 3600

  let exports: ExportRepository
  let exporters: Exporters
  let signal: WakeSignal
  let signer: AddressSigner
  let origins: OriginPolicy
  /// Where the data are, as answers call it.
  let region: String

  /// The body of both `POST`.
  private struct Creation: Decodable {
    let modelId: String?
    let format: String
    let args: StoredJSON?
    let gpuType: String?
  }

  // MARK: Paths with an identifier

  /// `GET /api/exports`.
  func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let query = QueryReader(request)
    let page = try query.page(default: 20, maximum: 100)
    let filter = ExportRepository.Filter(
      model: try query.text("modelId", limit: 100),
      status: try query.choice("status", of: ExportStatus.allCases.map(\.rawValue)))
    let (rows, total) = try await exports.list(of: try context.account(), filter, page: page)
    let origin = try origins.origin(of: request, context)
    return try .encoded(
      ListEnvelope(
        data: try rows.map { try data($0, format: $0.formatGiven, origin: origin) },
        meta: PageData(page: page.number, limit: page.limit, total: total)))
  }

  /// `POST /api/exports`.
  func create(_ request: Request, _ context: ServerContext) async throws -> Response {
    let asked = try await request.decoded(Creation.self, context)
    guard let model = asked.modelId else {
      throw APIError.invalidField(
        "modelId", expected: "the identifier of a model", "modelId is missing.")
    }
    let row = try await add(asked, to: .id(model), context)
    let origin = try origins.origin(of: request, context)
    return try .encoded(
      Superset(
        data: try data(row, format: row.formatGiven, origin: origin),
        flat: ExportIdentity(exportId: row.id)), status: .created)
  }

  /// `GET /api/exports/{exportId}`.
  func export(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await exports.export(try id(context), viewer: context.key?.account)
    let origin = try origins.origin(of: request, context)
    return try .encoded(Envelope(data: try data(row, format: row.formatGiven, origin: origin)))
  }

  /// `DELETE /api/exports/{exportId}`.
  func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await exports.remove(try id(context), by: try context.account())
    return try .encoded(Envelope(data: RemovedExport(id: row.id, action: Self.action(on: row))))
  }

  // MARK: Paths with names

  /// `GET /api/models/{owner}/{project}/{model}/exports`.
  func listOfModel(_ request: Request, _ context: ServerContext) async throws -> Response {
    let query = QueryReader(request)
    let page = try query.page(default: 20, maximum: 100)
    let rows = try await exports.list(
      of: try model(context),
      status: try query.choice("status", of: ExportStatus.allCases.map(\.rawValue)),
      viewer: context.key?.account, limit: page.limit)
    let origin = try origins.origin(of: request, context)
    return try .encoded(
      ExportList(
        exports: try rows.map { try data($0, format: $0.format, origin: origin) }, region: region))
  }

  /// `POST /api/models/{owner}/{project}/{model}/exports`.
  func createNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    let asked = try await request.decoded(Creation.self, context)
    let row = try await add(asked, to: try model(context), context)
    return try .encoded(
      CreatedExport(
        id: row.id, format: row.format, status: row.status, gpuType: row.gpuType, region: region),
      status: .created)
  }

  /// `GET /api/models/{owner}/{project}/{model}/exports/{exportId}`.
  func exportOfModel(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await exports.export(
      try id(context), of: try model(context), viewer: context.key?.account)
    let origin = try origins.origin(of: request, context)
    return try .encoded(ExportDetail(export: try data(row, format: row.format, origin: origin)))
  }

  /// `DELETE /api/models/{owner}/{project}/{model}/exports/{exportId}`.
  func deleteNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await exports.remove(
      try id(context), of: try model(context), by: try context.account())
    return try .encoded(DeletedExport(action: Self.action(on: row)))
  }

  // MARK: What they share

  private func model(_ context: ServerContext) throws(APIError) -> ResourceLocator {
    try context.locator("owner", "project", "model")
  }

  private func id(_ context: ServerContext) throws(APIError) -> String {
    // Identifiers are in lower case, but the documents have both.
    context.match?.parameters["exportId"]?.lowercased() ?? ""
  }

  private static func action(on row: ExportRow) -> String {
    row.status.isActive ? "cancelled" : "deleted"
  }

  private func add(
    _ asked: Creation, to model: ResourceLocator, _ context: ServerContext
  ) async throws -> ExportRow {
    guard let format = ExportFormat(named: asked.format) else {
      throw APIError.invalidField(
        "format", given: asked.format.excerpt(),
        expected: "one of \(ExportFormat.names.joined(separator: ", "))",
        "There is no format \(asked.format.excerpt()).")
    }
    let arguments = try ExportArguments.checked(asked.args)
    if let gpu = asked.gpuType, gpu.utf8.count > 64 || !OwnerName.isSlug(gpu) {
      throw APIError.invalidField(
        "gpuType", given: gpu.excerpt(), expected: "a name such as rtx-4090",
        "gpuType is not the name of a GPU.")
    }
    guard exporters.canExport(format.name) else {
      throw APIError.notConfigured(
        "This server cannot export \(asked.format): its operator has named no exporter for it. "
          + "It exports \(exporters.formats.joined(separator: ", ")).")
    }
    guard exporters.takesArguments(format.name) || arguments.value.members?.isEmpty == true else {
      throw APIError.invalidField(
        "args", expected: "no arguments", "The format \(asked.format) takes no arguments.")
    }
    let row = try await exports.add(
      ExportDraft(
        format: ExportFormatName(given: asked.format, name: format.name), arguments: arguments,
        gpuType: asked.gpuType),
      of: model, by: try context.account())
    signal.send()
    return row
  }

  private func data(
    _ row: ExportRow, format: String, origin: String
  ) throws(PlatformError) -> ExportData {
    var file: ExportData.File?
    if row.status == .completed, let reference = try row.result {
      let expires = exports.clock() + Self.addressLifetime
      file = ExportData.File(
        size: row.fileBytes ?? 0,
        downloadUrl: signer.address(of: reference, for: .get, expires: expires, origin: origin),
        downloadFilename: reference.name)
    }
    return ExportData(row, format: format, file: file)
  }
}

/// An export as all answers have it.
struct ExportData: Encodable {
  struct File: Encodable {
    let size: Int
    let downloadUrl: String
    let downloadFilename: String
  }

  struct Failure: Encodable {
    let message: String
    let timestamp: Timestamp
  }

  let id: String
  let modelId: String
  let format: String
  let status: ExportStatus
  let args: StoredJSON?
  let gpuType: String?
  let file: File?
  let error: Failure?
  let startedAt: Timestamp?
  let completedAt: Timestamp?
  let createdAt: Timestamp
  let updatedAt: Timestamp

  init(_ row: ExportRow, format: String, file: File?) {
    id = row.id
    modelId = row.model
    self.format = format
    status = row.status
    args = row.arguments.value.members?.isEmpty == true ? nil : row.arguments
    gpuType = row.gpuType
    self.file = file
    error = row.failure.map {
      Failure(message: $0, timestamp: Timestamp(row.completed ?? row.updated))
    }
    startedAt = row.started.map(Timestamp.init)
    completedAt = row.completed.map(Timestamp.init)
    createdAt = Timestamp(row.created)
    updatedAt = Timestamp(row.updated)
  }
}

/// The exports of a model.
struct ExportList: Encodable {
  let exports: [ExportData]
  let region: String
}

/// An export by itself.
struct ExportDetail: Encodable {
  let export: ExportData
}

/// What stands beside a new export.
struct ExportIdentity: Encodable {
  let exportId: String
}

/// A new export.
struct CreatedExport: Encodable {
  let id: String
  let format: String
  let status: ExportStatus
  let gpuType: String?
  let region: String
}

/// The data of `DELETE /api/exports/{exportId}`.
struct RemovedExport: Encodable {
  let id: String
  let action: String
}

/// The answer of `DELETE …/exports/{exportId}`.
struct DeletedExport: Encodable {
  let success = true
  let action: String
}
#endif
