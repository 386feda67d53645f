#if Server
import GRDB
import YOLOSystem

/// What accounts have thrown away, which they may have back for 30 days.
package struct TrashRepository: Sendable {
  /// How long the trash is kept, in seconds.
  package static let retention = 30 * 86_400

  let database: PlatformDatabase
  let clock: @Sendable () -> Int

  /// Keeps the trash of a database.
  package init(
    database: PlatformDatabase, clock: @escaping @Sendable () -> Int = SystemTime.now
  ) {
    self.database = database
    self.clock = clock
  }

  /// Something in the trash.
  struct Item: Decodable, FetchableRecord, Sendable {
    let type: ResourceKind
    let id: String
    let name: String
    let slug: String
    let trashed: Int
    /// The models that went there with it.
    let cascaded: Int
    let bytes: Int
    /// The project of a model.
    let parent: String?
    let parentName: String?
    let parentSlug: String?
  }

  /// All that an account has in the trash, but for models that went there with their project.
  private static let items = """
    SELECT 'project' AS type, id, name, slug, trashed,
      (SELECT count(*) FROM model WHERE trashedWith = project.id) AS cascaded,
      (SELECT coalesce(sum(fileBytes), 0) FROM model WHERE trashedWith = project.id) AS bytes,
      NULL AS parent, NULL AS parentName, NULL AS parentSlug
    FROM project WHERE account = :account AND trashed IS NOT NULL
    UNION ALL
    SELECT 'model', model.id, model.name, model.slug, model.trashed, 0,
      coalesce(model.fileBytes, 0), parent.id, parent.name, parent.slug
    FROM model JOIN project AS parent ON parent.id = model.project
    WHERE model.account = :account AND model.trashed IS NOT NULL AND model.trashedWith IS NULL
    UNION ALL
    SELECT 'dataset', id, name, slug, trashed, 0, imageBytes, NULL, NULL, NULL
    FROM dataset WHERE account = :account AND trashed IS NOT NULL
    """

  /// How much of each kind there is.
  struct Summary: Sendable {
    var projects = 0
    var projectBytes = 0
    var models = 0
    var modelBytes = 0
    var datasets = 0
    var datasetBytes = 0
    /// The files that were exported from models of the trash, each content once in the bytes.
    var exports = 0
    var exportBytes = 0
  }

  /// Returns what an account has in the trash, the last first.
  ///
  /// The events have the order, each deletion one: two of one second have the same time.
  ///
  /// - Parameters:
  ///   - account: The account.
  ///   - kind: What is listed, or nil for everything.
  ///   - page: Which part of it.
  /// - Returns: The items, and how much of each kind there is in all.
  /// - Throws: `PlatformError.database`.
  func list(
    of account: Account, _ kind: ResourceKind?, page: Page
  ) async throws(PlatformError) -> (items: [Item], summary: Summary) {
    try await database.read { database in
      let items = try Item.fetchAll(
        database,
        sql: """
          SELECT * FROM (\(Self.items)) AS item WHERE :kind IS NULL OR type = :kind
          ORDER BY (
            SELECT max(number) FROM event WHERE resource = item.id AND action = 'trashed'
          ) DESC LIMIT :limit OFFSET :offset
          """,
        arguments: [
          "account": account.id, "kind": kind?.rawValue, "limit": page.limit,
          "offset": page.offset,
        ])
      var summary = Summary()
      let sums = try Row.fetchAll(
        database,
        sql: """
          SELECT type, count(*) AS count, sum(bytes) AS bytes FROM (\(Self.items)) GROUP BY type
          """, arguments: ["account": account.id])
      for sum in sums {
        let (count, bytes): (Int, Int) = (sum["count"], sum["bytes"])
        switch ResourceKind(rawValue: sum["type"]) {
        case .project: (summary.projects, summary.projectBytes) = (count, bytes)
        case .model: (summary.models, summary.modelBytes) = (count, bytes)
        case .dataset: (summary.datasets, summary.datasetBytes) = (count, bytes)
        case nil: break
        }
      }
      let exports = try Row.fetchOne(
        database,
        sql: """
          WITH file AS (
            SELECT reference.blob AS sha, blob.bytes FROM export
            JOIN model ON model.id = export.model
            JOIN reference ON reference.kind = 'exports' AND reference.owner = export.id
            JOIN blob ON blob.sha = reference.blob
            WHERE export.account = ? AND export.status = 'completed' AND model.trashed IS NOT NULL
          )
          SELECT (SELECT count(*) FROM file) AS count,
            (SELECT coalesce(sum(bytes), 0) FROM (SELECT DISTINCT sha, bytes FROM file)) AS bytes
          """, arguments: [account.id])
      if let exports {
        (summary.exports, summary.exportBytes) = (exports["count"], exports["bytes"])
      }
      return (items, summary)
    }
  }

  /// A project or model.
  struct Resource: Sendable, Hashable {
    let kind: ResourceKind
    let id: String
    let name: String
  }

  /// Returns what would go with a project or model: itself, and the models of a project.
  func resources(
    of kind: ResourceKind, _ id: String, account: Account
  ) async throws(PlatformError) -> [Resource] {
    try await database.read { database in
      let (name, _) = try Self.resource(database, kind, id, of: account, isTrashed: nil)
      guard kind == .project else { return [Resource(kind: kind, id: id, name: name)] }
      let models = try Row.fetchAll(
        database,
        sql: """
          SELECT id, name FROM model WHERE project = :id AND (trashed IS NULL OR trashedWith = :id)
          ORDER BY rowid LIMIT 10000
          """, arguments: ["id": id])
      let others = models.map { Resource(kind: .model, id: $0["id"], name: $0["name"]) }
      return [Resource(kind: kind, id: id, name: name)] + others
    }
  }

  /// Brings something back, with a number behind its slug if that was given away meanwhile.
  ///
  /// - Returns: How many models came back with it.
  /// - Throws: `PlatformError.unknownResource` if the account has no such thing in the trash,
  ///   `PlatformError.projectInTrash` for a model whose project is there.
  func restore(
    _ kind: ResourceKind, _ id: String, of account: Account
  ) async throws(PlatformError) -> Int {
    let now = clock()
    return try await database.write { database in
      let (name, slug) = try Self.resource(database, kind, id, of: account, isTrashed: true)
      let models: Int
      switch kind {
      case .dataset:
        let free = try DatasetTable.freeSlug(
          database, given: nil, name: slug, account: account.id, except: id)
        try database.execute(
          sql: "UPDATE dataset SET trashed = NULL, slug = ?, updated = ? WHERE id = ?",
          arguments: [free, now, id])
        models = 0
      case .project:
        let taken = try String.fetchSet(
          database, sql: "SELECT slug FROM project WHERE account = ? AND trashed IS NULL",
          arguments: [account.id])
        try database.execute(
          sql: "UPDATE project SET trashed = NULL, slug = ?, updated = ? WHERE id = ?",
          arguments: [ResourceName.free(slug, taken: taken), now, id])
        try database.execute(
          sql: "UPDATE model SET trashed = NULL, trashedWith = NULL WHERE trashedWith = ?",
          arguments: [id])
        models = database.changesCount
      case .model:
        let parent = try Row.fetchOne(
          database,
          sql: """
            SELECT project.id, project.slug, project.trashed FROM model
            JOIN project ON project.id = model.project WHERE model.id = ?
            """, arguments: [id])
        guard let parent, (parent["trashed"] as Int?) == nil else {
          throw PlatformError.projectInTrash(parent?["slug"] ?? "")
        }
        let project: String = parent["id"]
        let free = try ModelRepository.freeSlug(database, like: slug, project: project)
        try database.execute(
          sql: "UPDATE model SET trashed = NULL, slug = ?, updated = ? WHERE id = ?",
          arguments: [free, now, id])
        try ModelRecords.touch(database, project: project, now: now)
        models = 0
      }
      try EventRepository.add(
        database, to: account.id, kind.eventType, .restored, resource: id, name: name, now: now)
      return models
    }
  }

  /// Deletes something of the trash for ever.
  ///
  /// - Returns: How many models were deleted with it.
  func delete(
    _ kind: ResourceKind, _ id: String, of account: Account
  ) async throws(PlatformError) -> Int {
    let now = clock()
    return try await database.write { database in
      let (name, _) = try Self.resource(database, kind, id, of: account, isTrashed: true)
      return try Self.delete(database, kind, id, name: name, account: account.id, now: now)
    }
  }

  /// Deletes all that an account has in the trash, for ever.
  ///
  /// - Returns: How many projects and models were deleted, and how many models with their projects.
  func empty(of account: Account) async throws(PlatformError) -> (items: Int, models: Int) {
    let now = clock()
    return try await database.write { database in
      let items = try Item.fetchAll(
        database, sql: "SELECT * FROM (\(Self.items))", arguments: ["account": account.id])
      return try Self.delete(database, items.map { ($0, account.id) }, now: now)
    }
  }

  /// Deletes what has been in the trash for longer than ``retention``.
  ///
  /// - Returns: How many projects and models were deleted, without the models of those projects.
  @discardableResult
  package func sweep() async throws(PlatformError) -> Int {
    let now = clock()
    return try await database.write { database in
      let limit = now - Self.retention
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT 'project' AS type, id, name, account FROM project WHERE trashed <= :limit
          UNION ALL
          SELECT 'model', id, name, account FROM model
          WHERE trashed <= :limit AND trashedWith IS NULL
          UNION ALL
          SELECT 'dataset', id, name, account FROM dataset WHERE trashed <= :limit
          """, arguments: ["limit": limit])
      for row in rows {
        guard let kind = ResourceKind(rawValue: row["type"]) else { continue }
        _ = try Self.delete(
          database, kind, row["id"], name: row["name"], account: row["account"], now: now)
      }
      return rows.count
    }
  }
}

extension TrashRepository {
  /// Returns the name and the slug of a resource of an account.
  private static func resource(
    _ database: Database, _ kind: ResourceKind, _ id: String, of account: Account,
    isTrashed: Bool?
  ) throws -> (name: String, slug: String) {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT name, slug FROM \(kind.rawValue) WHERE id = :id AND account = :account
          AND (:isTrashed IS NULL OR (trashed IS NOT NULL) = :isTrashed)
        """, arguments: ["id": id, "account": account.id, "isTrashed": isTrashed])
    guard let row else { throw PlatformError.unknownResource(kind, id.excerpt()) }
    return (row["name"], row["slug"])
  }

  private static func delete(
    _ database: Database, _ items: [(item: Item, account: String)], now: Int
  ) throws -> (items: Int, models: Int) {
    var models = 0
    for (item, account) in items {
      models += try delete(
        database, item.type, item.id, name: item.name, account: account, now: now)
    }
    return (items.count, models)
  }

  /// Deletes a row; returns how many models went with it.
  private static func delete(
    _ database: Database, _ kind: ResourceKind, _ id: String, name: String, account: String,
    now: Int
  ) throws -> Int {
    var models = 0
    if kind == .project {
      models =
        try Int.fetchOne(
          database, sql: "SELECT count(*) FROM model WHERE project = ?", arguments: [id]) ?? 0
      try database.execute(sql: "DELETE FROM model WHERE project = ?", arguments: [id])
    }
    try database.execute(sql: "DELETE FROM \(kind.rawValue) WHERE id = ?", arguments: [id])
    // A model that was in the trash by itself went with its project.
    guard database.changesCount > 0 else { return 0 }
    try EventRepository.add(
      database, to: account, kind.eventType, .deleted, resource: id, name: name, now: now)
    return models
  }
}

extension ResourceKind {
  /// What events call it.
  fileprivate var eventType: EventType {
    switch self {
    case .project: .project
    case .model: .model
    case .dataset: .dataset
    }
  }
}
#endif
