#if Server
import GRDB
import JSONText
import YOLOSystem

/// The exports of models.
struct ExportRepository: Sendable {
  /// The maximum number of exports of an account that wait or are under way.
  static let maximumActive = 20
  /// How often an export is begun, before it is given up because the server ended each time.
  static let maximumAttempts = 3

  let store: ObjectStore
  let clock: @Sendable () -> Int
  /// Told of exports that are complete.
  var events = PlatformEvents.none

  private var database: PlatformDatabase { store.database }

  private static let selection = """
    SELECT export.*, owner.username AS owner, parent.slug AS projectSlug, model.slug AS modelSlug,
      model.name AS modelName
    FROM export JOIN model ON model.id = export.model JOIN project AS parent ON parent.id = model.project
      JOIN account AS owner ON owner.id = export.account
    """

  /// Puts an export into the queue.
  ///
  /// - Throws: `PlatformError.noWeights` for a model without weights, `activeExport` while the same
  ///   export is active, and `tooMany`.
  func add(
    _ draft: ExportDraft, of locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> ExportRow {
    let now = clock()
    return try await database.writeDurably { database in
      let model = try ModelRecords.row(database, locator, of: account)
      guard let digest = model.fileDigest.flatMap(ObjectDigest.init) else {
        throw PlatformError.noWeights("\(model.owner)/\(model.projectSlug)/\(model.slug)")
      }
      let active = try String.fetchOne(
        database,
        sql: """
          SELECT id FROM export WHERE model = ? AND weights = ? AND format = ? AND arguments = ?
            AND gpuType IS ? AND status IN ('queued', 'starting', 'running')
          """,
        arguments: [
          model.id, digest.description, draft.format.name, draft.arguments, draft.gpuType,
        ])
      if let active { throw PlatformError.activeExport(active) }
      let count = try Int.fetchOne(
        database,
        sql: """
          SELECT count(*) FROM export
          WHERE account = ? AND status IN ('queued', 'starting', 'running')
          """, arguments: [account.id])
      guard count ?? 0 < Self.maximumActive else {
        throw PlatformError.tooMany(what: "exports under way", maximum: Self.maximumActive)
      }
      let id = ResourceID.new("", now: now)
      try database.execute(
        sql: """
          INSERT INTO export (id, account, model, format, formatGiven, arguments, gpuType, weights,
            status, created, updated)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)
          """,
        arguments: [
          id, account.id, model.id, draft.format.name, draft.format.given, draft.arguments,
          draft.gpuType, digest.description, now, now,
        ])
      try ObjectTable.adopt(database, digest, as: ExportRow.source(of: id), of: account)
      let row = try Self.row(database, id)
      try Self.note(database, row, .created, now: now)
      return row
    }
  }

  /// Which exports are listed.
  struct Filter: Sendable, Hashable {
    var model: String?
    var status: String?
  }

  /// Returns exports of an account, the newest first, and how many there are in all.
  func list(
    of account: Account, _ filter: Filter, page: Page
  ) async throws(PlatformError) -> (exports: [ExportRow], total: Int) {
    try await database.read { database in
      if let model = filter.model {
        _ = try ModelRecords.row(database, .id(model), of: account)
      }
      let condition = """
        export.account = :account AND model.trashed IS NULL
          AND (:model IS NULL OR export.model = :model)
          AND (:status IS NULL OR export.status = :status)
        """
      let arguments: StatementArguments = [
        "account": account.id, "model": filter.model, "status": filter.status,
      ]
      let rows = try ExportRow.fetchAll(
        database,
        sql: """
          \(Self.selection) WHERE \(condition)
          ORDER BY export.number DESC LIMIT :limit OFFSET :offset
          """, arguments: arguments + ["limit": page.limit, "offset": page.offset])
      let total = try Int.fetchOne(
        database,
        sql: """
          SELECT count(*) FROM export JOIN model ON model.id = export.model WHERE \(condition)
          """, arguments: arguments)
      return (rows, total ?? 0)
    }
  }

  /// Returns the exports of a model that somebody may see, the newest first.
  func list(
    of locator: ResourceLocator, status: String?, viewer: Account?, limit: Int
  ) async throws(PlatformError) -> [ExportRow] {
    try await database.read { database in
      let model = try ModelRecords.row(database, locator, viewer: viewer)
      return try ExportRow.fetchAll(
        database,
        sql: """
          \(Self.selection) WHERE export.model = :model AND (:status IS NULL OR export.status = :status)
          ORDER BY export.number DESC LIMIT :limit
          """, arguments: ["model": model.id, "status": status, "limit": limit])
    }
  }

  /// Returns an export that somebody may see: of a model, if one is given.
  ///
  /// - Throws: `PlatformError.unknownExport` if there is none.
  func export(
    _ id: String, of locator: ResourceLocator? = nil, viewer: Account?
  ) async throws(PlatformError) -> ExportRow {
    try await database.read { try Self.row($0, id, of: locator, viewer: viewer) }
  }

  /// Cancels an active export, and deletes one that is over, with its file.
  ///
  /// - Returns: The export as it was.
  func remove(
    _ id: String, of locator: ResourceLocator? = nil, by account: Account
  ) async throws(PlatformError) -> ExportRow {
    let now = clock()
    let row = try await database.writeDurably { database in
      let row = try Self.row(database, id, of: locator, viewer: account)
      _ = try ModelRecords.row(database, .id(row.model), of: account)
      if row.status.isActive {
        try Self.end(database, row, .cancelled, now: now)
        try Self.note(database, row, .cancelled, now: now)
      } else {
        try database.execute(sql: "DELETE FROM export WHERE id = ?", arguments: [row.id])
        try Self.note(database, row, .deleted, now: now)
      }
      return row
    }
    await store.collectQuietly()
    return row
  }

  // MARK: Work

  /// Returns the exports that wait or are under way, the oldest first.
  func open() async throws(PlatformError) -> [ExportRow] {
    try await database.read { database in
      try ExportRow.fetchAll(
        database,
        sql: """
          \(Self.selection) WHERE export.status IN ('queued', 'starting', 'running')
          ORDER BY export.number LIMIT 100
          """)
    }
  }

  /// What is needed to export a model.
  struct Work: Sendable {
    let row: ExportRow
    let account: Account
    let weights: StoredObject
    /// The result of an export that was the same.
    let known: KnownResult?
  }

  /// A result that need not be made again.
  struct KnownResult: Sendable {
    let digest: ObjectDigest
    let fileName: String
  }

  /// Notes that an export is under way; nil if it is not wanted any longer.
  func start(_ id: String) async throws(PlatformError) -> Work? {
    let now = clock()
    return try await database.write { database in
      let row = try ExportRow.fetchOne(
        database, sql: "\(Self.selection) WHERE export.id = ?", arguments: [id])
      guard let row, row.status.isActive else { return nil }
      guard try Self.isWanted(database, row.id) else {
        // Its model is in the trash.
        try Self.end(database, row, .cancelled, now: now)
        try Self.note(database, row, .cancelled, now: now)
        return nil
      }
      guard row.attempts < Self.maximumAttempts else {
        try Self.end(
          database, row, .failed,
          failure: "The server ended \(row.attempts) times while it was under way.", now: now)
        try Self.note(database, row, .failed, now: now)
        return nil
      }
      guard
        let owner = try AccountRow.fetchOne(
          database, sql: "SELECT * FROM account WHERE id = ?", arguments: [row.account]),
        let weights = try ObjectTable.object(database, at: ExportRow.source(of: row.id))
      else { throw PlatformError.storage(.unknown("weights of the export \(row.id)")) }
      try database.execute(
        sql: """
          UPDATE export SET status = 'running', attempts = attempts + 1, started = ?, updated = ?
          WHERE id = ?
          """, arguments: [now, now, id])
      return Work(
        row: row, account: owner.account, weights: weights,
        known: try Self.known(database, like: row))
    }
  }

  /// Returns the result of a completed export of the same weights, format and arguments.
  private static func known(_ database: Database, like row: ExportRow) throws -> KnownResult? {
    let same = try ExportRow.fetchOne(
      database,
      sql: """
        \(selection) WHERE export.account = ? AND export.weights = ? AND export.format = ?
          AND export.arguments = ? AND export.gpuType IS ? AND export.status = 'completed'
        ORDER BY export.number DESC LIMIT 1
        """,
      arguments: [row.account, row.weights, row.format, row.arguments, row.gpuType])
    guard let same, let name = same.fileName, let reference = try same.result,
      let object = try ObjectTable.object(database, at: reference)
    else { return nil }
    return KnownResult(digest: object.digest, fileName: name)
  }

  /// Whether somebody still waits for an export that is under way.
  func isWanted(_ id: String) async throws(PlatformError) -> Bool {
    try await database.read { try Self.isWanted($0, id) }
  }

  private static func isWanted(_ database: Database, _ id: String) throws -> Bool {
    try Bool.fetchOne(
      database,
      sql: """
        SELECT EXISTS (SELECT 1 FROM export JOIN model ON model.id = export.model
          WHERE export.id = ? AND export.status IN ('queued', 'starting', 'running')
            AND model.trashed IS NULL)
        """, arguments: [id]) ?? false
  }

  /// Notes an object that is in the store already as the result of an export.
  func complete(
    _ work: Work, with digest: ObjectDigest, named name: String
  ) async throws(PlatformError) {
    try await database.writeDurably { [self] database in
      guard try Self.isWanted(database, work.row.id) else { return }
      guard let object = try ObjectTable.object(database, digest) else {
        throw PlatformError.storage(.unknown("object of the digest \(digest)"))
      }
      try ObjectTable.adopt(
        database, digest, as: try ObjectReference(.exports, owner: work.row.id, name: name),
        of: work.account)
      try note(database, work, object, name)
    }
  }

  /// Stores the result of an export.
  func complete(
    _ work: Work, with staged: StagedObject, named name: String
  ) async throws(PlatformError) {
    let reference = try ObjectReference(.exports, owner: work.row.id, name: name)
    try await store.put([(staged: staged, reference: reference)], of: work.account) {
      [self] database in
      guard try Self.isWanted(database, work.row.id) else {
        return try ObjectTable.release(database, reference)
      }
      try note(database, work, staged.object, name)
    }
  }

  private func note(
    _ database: Database, _ work: Work, _ object: StoredObject, _ name: String
  ) throws {
    let now = clock()
    let row = work.row
    try Self.end(database, row, .completed, file: (name, object.bytes), now: now)
    try EventRepository.add(
      database, to: row.account, .model, .exported, resource: row.model, name: row.modelName,
      now: now, metadata: Self.metadata(row))
    try events.record(
      database,
      PlatformEvent(
        kind: .exportCompleted, account: row.account,
        data: .object([
          JSONMember("exportId", .string(row.id)), JSONMember("modelId", .string(row.model)),
          JSONMember("owner", .string(row.owner)), JSONMember("project", .string(row.projectSlug)),
          JSONMember("model", .string(row.modelSlug)), JSONMember("format", .string(row.format)),
          JSONMember("size", .int(object.bytes)),
        ]), at: now))
  }

  /// Notes that an export failed, and why.
  func fail(_ work: Work, _ message: String) async throws(PlatformError) {
    let now = clock()
    try await database.writeDurably { database in
      guard try Self.isWanted(database, work.row.id) else { return }
      try Self.end(database, work.row, .failed, failure: message, now: now)
      try Self.note(database, work.row, .failed, now: now)
    }
    await store.collectQuietly()
  }

  // MARK: Rows

  private static func row(_ database: Database, _ id: String) throws -> ExportRow {
    guard
      let row = try ExportRow.fetchOne(
        database, sql: "\(selection) WHERE export.id = ?", arguments: [id])
    else { throw PlatformError.unknownExport(id.excerpt()) }
    return row
  }

  private static func row(
    _ database: Database, _ id: String, of locator: ResourceLocator?, viewer: Account?
  ) throws -> ExportRow {
    if let locator {
      let model = try ModelRecords.row(database, locator, viewer: viewer)
      let row = try row(database, id)
      guard row.model == model.id else { throw PlatformError.unknownExport(id.excerpt()) }
      return row
    }
    let row = try row(database, id)
    do {
      _ = try ModelRecords.row(database, .id(row.model), viewer: viewer)
    } catch PlatformError.unknownResource {
      throw PlatformError.unknownExport(id.excerpt())
    }
    return row
  }

  private static func end(
    _ database: Database, _ row: ExportRow, _ status: ExportStatus,
    file: (name: String, bytes: Int)? = nil, failure: String? = nil, now: Int
  ) throws {
    try database.execute(
      sql: """
        UPDATE export SET status = ?, fileName = ?, fileBytes = ?, failure = ?, completed = ?,
          updated = ? WHERE id = ?
        """,
      arguments: [
        status.rawValue, file?.name, file?.bytes, failure, now, now, row.id,
      ])
    try ObjectTable.release(database, ExportRow.source(of: row.id))
  }

  private static func metadata(_ row: ExportRow) -> [JSONMember] {
    [
      JSONMember("exportId", .string(row.id)), JSONMember("format", .string(row.format)),
      JSONMember("modelId", .string(row.model)),
    ]
  }

  private static func note(
    _ database: Database, _ row: ExportRow, _ action: EventAction, now: Int
  ) throws {
    try EventRepository.add(
      database, to: row.account, .export, action, resource: row.id,
      name: "\(row.modelName) (\(row.format))", now: now, metadata: metadata(row))
  }
}
#endif
