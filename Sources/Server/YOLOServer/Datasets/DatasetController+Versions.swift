#if Server
import Hummingbird

/// Exports and versions.
extension DatasetController {
  /// The body of `POST …/export`.
  private struct ExportRequest: Decodable {
    let description: String?
    let download: Bool?
  }

  /// The body of `PATCH …/export`.
  private struct VersionChanges: Decodable {
    let version: Int
    let description: String
  }

  /// The body of `POST …/restore`.
  private struct Restoration: Decodable {
    let version: Int
  }

  /// `POST /api/datasets/{datasetId}/export`: with a description it makes a version.
  func createExport(_ request: Request, _ context: ServerContext) async throws -> Response {
    let locator = try context.locator("datasetId")
    let asked = try await request.decoded(ExportRequest.self, context)
    guard let description = asked.description else {
      return try .encoded(
        Envelope(data: DatasetExportData(try await export(locator, request, context))))
    }
    guard context.key?.scopes.expanded.contains(.datasets) == true else {
      throw APIError.forbidden("A version is made by keys with the scope datasets.")
    }
    return try .encoded(
      Envelope(data: try await createVersion(locator, description, asked, request, context)))
  }

  /// `GET /api/datasets/{owner}/{dataset}/export`.
  func exportNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    let export = try await export(try context.locator("owner", "dataset"), request, context)
    return try .encoded(DatasetExportData(export))
  }

  /// `POST /api/datasets/{owner}/{dataset}/export`: makes a version.
  func createVersionNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    let asked = try await request.decoded(ExportRequest.self, context)
    return try .encoded(
      try await createVersion(
        try context.locator("owner", "dataset"), asked.description, asked, request, context))
  }

  /// `PATCH /api/datasets/{owner}/{dataset}/export`.
  func updateVersion(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let locator = try context.locator("owner", "dataset")
    let asked = try await request.decoded(VersionChanges.self, context)
    try await versions.describe(
      asked.version, of: locator, asked.description, by: account)
    return try .encoded(ChangedVersion())
  }

  /// `POST /api/datasets/{owner}/{dataset}/restore`.
  func restore(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let locator = try context.locator("owner", "dataset")
    let asked = try await request.decoded(Restoration.self, context)
    let row = try await versions.restore(asked.version, of: locator, by: account)
    return try .encoded(RestoredVersion(version: asked.version, imageCount: row.images))
  }

  /// Exports a dataset as it is, or the version `v` of the query.
  func export(
    _ locator: ResourceLocator, _ request: Request, _ context: ServerContext
  ) async throws -> DatasetExporter.Export {
    let number = try QueryReader(request).integer("v", in: 1...1_000_000)
    let row = try await datasets.dataset(locator, viewer: context.key?.account)
    let owner = try await accounts.account(named: row.owner)
    let origin = try origins.origin(of: request, context)
    guard let number else { return try await exporter.export(row, of: owner, origin: origin) }
    return try await exporter.export(
      try await versions.version(number, of: row), of: row, owner, origin: origin)
  }

  private func createVersion(
    _ locator: ResourceLocator, _ description: String?, _ asked: ExportRequest,
    _ request: Request, _ context: ServerContext
  ) async throws -> DatasetExportData {
    let account = try context.account()
    let (version, isReused) = try await versions.create(
      locator, description: description, by: account)
    guard asked.download ?? true else {
      return DatasetExportData(version: version.number, isReused: isReused)
    }
    let row = try await datasets.dataset(.id(version.dataset), of: account)
    let export = try await exporter.export(
      version, of: row, account, origin: try origins.origin(of: request, context))
    return DatasetExportData(export, isReused: isReused)
  }
}
#endif
