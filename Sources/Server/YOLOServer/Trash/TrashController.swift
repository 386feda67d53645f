#if Server
import HTTPTypes
import Hummingbird
import Logging
import ServiceLifecycle
import YOLOSystem

/// Answers what is asked about the trash.
///
/// The list and what empties it answer in the envelope with the flat members beside it; what is
/// restored or deleted by `id` is answered flat.
struct TrashController: Sendable {
  let trash: TrashRepository
  /// The files that nobody needs once models are deleted.
  let store: ObjectStore
  /// Where the data are, as answers call it.
  let region: String

  /// The body of `POST /api/trash` and `DELETE /api/trash`.
  private struct Choice: Decodable {
    let id: String?
    let itemId: String?
    let type: String?
    let all: Bool?

    /// The kind and the identifier of one item.
    func item(_ name: String, _ id: String?) throws(APIError) -> (kind: ResourceKind, id: String) {
      guard let id else {
        throw .invalidField(name, expected: "an identifier", "\(name) is missing.")
      }
      let kinds = ResourceKind.allCases.map(\.rawValue).joined(separator: ", ")
      guard let type, let kind = ResourceKind(rawValue: type) else {
        throw .invalidField(
          "type", given: self.type?.excerpt(), expected: "one of \(kinds)",
          "type must be one of \(kinds).")
      }
      return (kind, id)
    }
  }

  /// `GET /api/trash`.
  func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let query = QueryReader(request)
    let kinds = ResourceKind.allCases.map(\.rawValue)
    let kind = try query.choice("type", of: ["all"] + kinds).flatMap(ResourceKind.init(rawValue:))
    if let id = try query.text("id", limit: 100) {
      guard let kind else {
        throw APIError.invalidField(
          "type", expected: "project or model", "type is missing: id needs it.")
      }
      let resources = try await trash.resources(of: kind, id, account: account).map {
        TrashPreview.Resource(id: $0.id, type: $0.kind, name: $0.name, region: region)
      }
      return try .encoded(Superset(data: resources, flat: TrashPreview(resources: resources)))
    }
    let page = try query.page(default: 50, maximum: 200)
    let (rows, summary) = try await trash.list(of: account, kind, page: page)
    let total =
      switch kind {
      case nil: summary.projects + summary.models + summary.datasets
      case .project: summary.projects
      case .model: summary.models
      case .dataset: summary.datasets
      }
    let now = trash.clock()
    let items = rows.map { TrashItem($0, now: now) }
    return try .encoded(
      Superset(
        data: items,
        flat: TrashList(
          items: items, total: total, page: page.number, limit: page.limit,
          totalPages: (total + page.limit - 1) / page.limit, summary: TrashSummary(summary),
          region: region,
          meta: PageData(page: page.number, limit: page.limit, total: total))))
  }

  /// `POST /api/trash` with the member `itemId`, or without any.
  func restore(_ request: Request, _ context: ServerContext) async throws -> Response {
    let choice = try await request.decoded(Choice.self, context)
    let (kind, id) = try choice.item("itemId", choice.itemId)
    let count = try await restore(kind, id, context)
    return try .encoded(
      Envelope(data: RestoredIdentity(id: id, restoredModels: count)))
  }

  /// `POST /api/trash` with the member `id`.
  func restoreNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    let choice = try await request.decoded(Choice.self, context)
    let (kind, id) = try choice.item("id", choice.id)
    return try .encoded(RestoredResource(restoredModels: try await restore(kind, id, context)))
  }

  private func restore(
    _ kind: ResourceKind, _ id: String, _ context: ServerContext
  ) async throws -> Int? {
    let account = try context.account()
    let needed: Scope = kind == .dataset ? .datasets : .models
    if let scopes = context.key?.scopes.expanded, !scopes.contains(needed) {
      throw APIError.forbidden("A key that restores a \(kind.rawValue) needs \(needed.rawValue).")
    }
    let count = try await trash.restore(kind, id, of: account)
    return kind == .project ? count : nil
  }

  /// `DELETE /api/trash`.
  func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let choice = try await request.decoded(Choice.self, context)
    if choice.all == true {
      let (items, models) = try await trash.empty(of: account)
      await store.collectQuietly()
      return try .encoded(DeletedTrash(deletedCount: items, cascadedModels: models))
    }
    let (kind, id) = try choice.item("id", choice.id ?? choice.itemId)
    let models = try await trash.delete(kind, id, of: account)
    await store.collectQuietly()
    return try .encoded(
      DeletedTrash(deletedCount: 1, cascadedModels: kind == .project ? models : nil))
  }

  /// `POST /api/trash/empty`, and `DELETE`.
  func empty(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (items, models) = try await trash.empty(of: try context.account())
    await store.collectQuietly()
    return try .encoded(
      Envelope(data: DeletedCount(deletedCount: items, cascadedModels: models)))
  }
}

/// Deletes what has been in the trash for too long: at the start, and then every hour.
struct TrashSweeper: Service {
  let trash: TrashRepository
  let store: ObjectStore
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          let count = try await self.trash.sweep()
          if count > 0 {
            self.logger.info("trash deleted", metadata: ["items": "\(count)"])
            await self.store.collectQuietly()
          }
        } catch {
          self.logger.error("the trash cannot be swept; it is tried again: \(error)")
        }
        do { try await Task.sleep(for: .seconds(3600)) } catch { return }
      }
    }
  }
}

/// Something in the trash, as it is listed.
struct TrashItem: Encodable {
  struct Project: Encodable {
    let _id: String
    let name: String
    let slug: String
  }

  let _id: String
  let id: String
  let type: ResourceKind
  let name: String
  let slug: String
  let trashedAt: Timestamp
  let expiresAt: Timestamp
  let daysRemaining: Int
  let cascadedCount: Int?
  let parentProject: Project?
  let sizeBytes: Int

  init(_ item: TrashRepository.Item, now: Int) {
    _id = item.id
    id = item.id
    type = item.type
    name = item.name
    slug = item.slug
    trashedAt = Timestamp(item.trashed)
    let end = item.trashed + TrashRepository.retention
    expiresAt = Timestamp(end)
    daysRemaining = max(0, (end - now + 86_399) / 86_400)
    cascadedCount = item.type == .project ? item.cascaded : nil
    parentProject =
      if let parent = item.parent, let name = item.parentName, let slug = item.parentSlug {
        Project(_id: parent, name: name, slug: slug)
      } else {
        nil
      }
    sizeBytes = item.bytes
  }
}

/// How much is in the trash.
struct TrashSummary: Encodable {
  struct Count: Encodable {
    let count: Int
  }

  struct Size: Encodable {
    let count: Int
    let sizeBytes: Int
  }

  struct Kinds: Encodable {
    let projects: Count
    let datasets: Size
    let models: Size
    let exports: Size
  }

  let totalItems: Int
  let totalSizeBytes: Int
  let byType: Kinds

  init(_ summary: TrashRepository.Summary) {
    totalItems = summary.projects + summary.models + summary.datasets
    totalSizeBytes =
      summary.projectBytes + summary.modelBytes + summary.datasetBytes + summary.exportBytes
    byType = Kinds(
      projects: Count(count: summary.projects),
      datasets: Size(count: summary.datasets, sizeBytes: summary.datasetBytes),
      models: Size(count: summary.models, sizeBytes: summary.modelBytes),
      exports: Size(count: summary.exports, sizeBytes: summary.exportBytes))
  }
}

/// The flat members of `GET /api/trash`.
struct TrashList: Encodable {
  let items: [TrashItem]
  let total: Int
  let page: Int
  let limit: Int
  let totalPages: Int
  let summary: TrashSummary
  let region: String
  let meta: PageData
}

/// What would go with a resource.
struct TrashPreview: Encodable {
  struct Resource: Encodable {
    let id: String
    let type: ResourceKind
    let name: String
    let region: String
  }

  let resources: [Resource]
}

/// The data of `POST /api/trash` with `itemId`.
struct RestoredIdentity: Encodable {
  let id: String
  let restoredModels: Int?
}

/// The answer of `POST /api/trash` with `id`.
struct RestoredResource: Encodable {
  let success = true
  let restoredModels: Int?
}

/// The answer of `DELETE /api/trash`.
struct DeletedTrash: Encodable {
  let success = true
  let deletedCount: Int
  let cascadedModels: Int?
}

/// The data of `POST /api/trash/empty`.
struct DeletedCount: Encodable {
  let deletedCount: Int
  let cascadedModels: Int
}
#endif
