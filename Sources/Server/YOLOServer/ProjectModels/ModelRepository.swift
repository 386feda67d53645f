#if Server
import GRDB
import JSONText

/// The models of accounts, each in a project.
struct ModelRepository: Sendable {
  let database: PlatformDatabase
  let clock: @Sendable () -> Int

  /// Which models of an account are listed; nil for all.
  struct Filter: Sendable, Hashable {
    /// The identifier of their project.
    var project: String?
    var task: String?
    var status: String?
  }

  /// Returns models of an account, or of a project that it may see, the newest first, and how many
  /// there are in all.
  func list(
    for account: Account, _ filter: Filter, page: Page
  ) async throws(PlatformError) -> (models: [ModelRow], total: Int) {
    try await database.read { database in
      let project = try filter.project.map {
        try ProjectTable.row(database, .id($0), viewer: account)
      }
      let condition =
        "model.trashed IS NULL"
        + (project == nil ? " AND model.account = :owner" : " AND model.project = :owner")
        + " AND (:task IS NULL OR model.task = :task)"
        + " AND (:status IS NULL OR model.status = :status)"
      let arguments: StatementArguments = [
        "owner": project?.id ?? account.id, "task": filter.task, "status": filter.status,
      ]
      let models = try ModelRecords.rows(
        database,
        where: """
          \(condition) ORDER BY model.created DESC, model.rowid DESC LIMIT :limit OFFSET :offset
          """, arguments + ["limit": page.limit, "offset": page.offset], viewer: account)
      let total = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM model WHERE \(condition)", arguments: arguments)
      return (models, total ?? 0)
    }
  }

  /// Returns the models of a project that somebody may see, the newest first.
  func list(
    of locator: ResourceLocator, viewer: Account?, limit: Int
  ) async throws(PlatformError) -> [ModelRow] {
    try await database.read { database in
      let project = try ProjectTable.row(database, locator, viewer: viewer)
      return try ModelRecords.rows(
        database,
        where: """
          model.project = :project ORDER BY model.created DESC, model.rowid DESC LIMIT :limit
          """, ["project": project.id, "limit": limit], viewer: viewer)
    }
  }

  /// The maximum number of models that a project is shown with.
  private static let summaryLimit = 1000

  /// Returns what a project is shown with of its models, the newest first.
  func summaries(of project: ProjectRow) async throws(PlatformError) -> [ModelSummary] {
    try await database.read { database in
      try ModelRecords.rows(
        database,
        where: """
          model.project = :project ORDER BY model.created DESC, model.rowid DESC LIMIT :limit
          """, ["project": project.id, "limit": Self.summaryLimit], viewer: nil
      ).map(ModelSummary.init)
    }
  }

  /// Returns a model that somebody may see.
  func model(
    _ locator: ResourceLocator, viewer: Account?
  ) async throws(PlatformError) -> ModelRow {
    try await database.read { try ModelRecords.row($0, locator, viewer: viewer) }
  }

  /// Adds a model to a project of an account.
  func create(
    _ draft: ModelDraft, in locator: ResourceLocator, of account: Account
  ) async throws(PlatformError) -> ModelRow {
    try draft.check()
    let now = clock()
    return try await database.write { database in
      let project = try ProjectTable.row(database, locator, of: account)
      try ModelRecords.checkCount(database, of: account, adding: 1)
      let row = try ModelRecords.insert(
        database, draft, id: ResourceID.new("model_", now: now), project: project, now: now)
      try Self.note(database, row, .created, now: now)
      return row
    }
  }

  /// Adds a model and its file to a project of an account.
  ///
  /// - Parameters:
  ///   - draft: What the model is to be, with its weights.
  ///   - file: The file.
  ///   - locator: The project.
  ///   - account: Whose it is.
  ///   - store: Where the file is kept.
  /// - Returns: The model.
  /// - Throws: `PlatformError`: that there is no such project, that the slug is taken, or that the
  ///   account has no room for more models or bytes.
  func create(
    _ draft: ModelDraft, _ file: StagedObject, in locator: ResourceLocator, of account: Account,
    store: ObjectStore
  ) async throws(PlatformError) -> ModelRow {
    try draft.check()
    let now = clock()
    let id = ResourceID.new("model_", now: now)
    let slug =
      draft.slug ?? ResourceName.slug(from: draft.name ?? "model", fallback: "model")
    let name = ModelRecords.fileName(slug: slug, digest: file.object.digest)
    let object = try ObjectReference(.models, owner: id, name: name)
    return try await store.put([(file, object)], of: account) { database in
      let project = try ProjectTable.row(database, locator, of: account)
      try ModelRecords.checkCount(database, of: account, adding: 1)
      let row = try ModelRecords.insert(
        database, draft, id: id, file: name, project: project, now: now)
      try Self.note(database, row, .uploaded, now: now)
      return row
    }
  }

  /// Changes a model of an account.
  ///
  /// A new name means a new slug, too.
  func update(
    _ locator: ResourceLocator, _ changes: ModelChanges, by account: Account
  ) async throws(PlatformError) -> ModelRow {
    try changes.check()
    let now = clock()
    return try await database.write { database in
      let row = try ModelRecords.row(database, locator, of: account)
      var columns = try changes.columns()
      guard !columns.isEmpty || changes.trainResults != nil else { return row }
      if row.status.isActive, changes.isOfTraining {
        throw PlatformError.activeTraining(row.slug)
      }
      if let results = changes.trainResults {
        try EpochTable.replace(database, of: row.id, with: results)
      }
      if let name = changes.name, name != row.name {
        columns.append(
          (
            "slug",
            try ModelRecords.freeSlug(
              database, given: nil, name: name, project: row.project, except: row.id)
          ))
      }
      columns.append(("updated", now))
      return try Self.change(database, row, columns, by: account, now: now)
    }
  }

  /// Moves a model into another project of its account; its slug changes if that has one such.
  func move(
    _ locator: ResourceLocator, to project: String, by account: Account
  ) async throws(PlatformError) -> ModelRow {
    let now = clock()
    return try await database.write { database in
      let row = try ModelRecords.row(database, locator, of: account)
      let target = try ProjectTable.row(database, .id(project), of: account)
      guard target.id != row.project else { return row }
      let slug = try Self.freeSlug(database, like: row.slug, project: target.id)
      try ModelRecords.touch(database, project: row.project, now: now)
      return try Self.change(
        database, row, [("project", target.id), ("slug", slug), ("updated", now)], by: account,
        now: now)
    }
  }

  /// Notes whether an account likes a model that it may see; returns how many do.
  func star(
    _ locator: ResourceLocator, _ isStarred: Bool, by account: Account
  ) async throws(PlatformError) -> Int {
    try await database.write { database in
      let row = try ModelRecords.row(database, locator, viewer: account)
      return try StarTable.set(database, isStarred, resource: row.id, by: account)
    }
  }

  /// Moves a model into the trash.
  func trash(
    _ locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> ModelRow {
    let now = clock()
    return try await database.write { database in
      let row = try ModelRecords.row(database, locator, of: account)
      try database.execute(
        sql: "UPDATE model SET trashed = ?, trashedWith = NULL WHERE id = ?",
        arguments: [now, row.id])
      try ModelRecords.touch(database, project: row.project, now: now)
      try Self.note(database, row, .trashed, now: now)
      return row
    }
  }

  /// Copies a model that an account may see into a project of the account.
  ///
  /// - Parameters:
  ///   - locator: The model.
  ///   - project: The slug of the project.
  ///   - account: Whose the copy is.
  ///   - draft: The slug, the name and the description of the copy; nil for those of the model.
  /// - Returns: The copy.
  /// - Throws: `PlatformError`: that there is no such model or project, that the slug is taken, or that
  ///   the account has as many models as it may have.
  func clone(
    _ locator: ResourceLocator, to project: String, of account: Account, _ draft: ModelDraft
  ) async throws(PlatformError) -> ModelRow {
    try draft.check()
    let now = clock()
    return try await database.write { database in
      let source = try ModelRecords.row(database, locator, viewer: account)
      let target = try ProjectTable.row(
        database, .path([account.username, project]), of: account)
      try ModelRecords.checkCount(database, of: account, adding: 1)
      let slug =
        draft.slug == nil && draft.name == nil
        ? try Self.freeSlug(database, like: source.slug, project: target.id)
        : try ModelRecords.freeSlug(
          database, given: draft.slug, name: draft.name, project: target.id)
      let id = try ModelRecords.copy(
        database, source, to: target, of: account, slug: slug, name: draft.name ?? source.name,
        description: draft.description, now: now)
      try ModelRecords.touch(database, project: target.id, now: now)
      let row = try ModelRecords.row(database, .id(id), of: account)
      try Self.note(database, row, .cloned, now: now)
      return row
    }
  }

  /// Returns a slug that no model of a project has, that of another model if it is free.
  static func freeSlug(
    _ database: Database, like slug: String, project: String
  ) throws -> String {
    let taken = try String.fetchSet(
      database, sql: "SELECT slug FROM model WHERE project = ? AND trashed IS NULL",
      arguments: [project])
    return ResourceName.free(slug, taken: taken)
  }

  private static func change(
    _ database: Database, _ row: ModelRow,
    _ columns: [(column: String, value: (any DatabaseValueConvertible)?)], by account: Account,
    now: Int
  ) throws -> ModelRow {
    try database.update("model", id: row.id, columns)
    let changed = try ModelRecords.row(database, .id(row.id), of: account)
    try ModelRecords.touch(database, project: changed.project, now: now)
    try note(database, changed, .updated, now: now)
    return changed
  }

  private static func note(
    _ database: Database, _ row: ModelRow, _ action: EventAction, now: Int
  ) throws {
    try EventRepository.add(
      database, to: row.account, .model, action, resource: row.id, name: row.name, now: now,
      metadata: [JSONMember("project", .string(row.projectSlug))])
  }
}
#endif
