#if Server
import GRDB
import JSONText

/// The projects of accounts.
struct ProjectRepository: Sendable {
  /// The maximum number of projects of an account, those in the trash among them.
  static let maximumCount = 10_000

  let database: PlatformDatabase
  let clock: @Sendable () -> Int

  /// Returns the projects of an owner that somebody may see, the newest first, and how many there
  /// are in all.
  func list(
    of owner: Account, viewer: Account?, page: Page
  ) async throws(PlatformError) -> (projects: [ProjectRow], total: Int) {
    try await database.read { database in
      let condition =
        "project.account = :account" + (owner.id == viewer?.id ? "" : " AND visibility = 'public'")
      let projects = try ProjectTable.rows(
        database,
        where: """
          \(condition) ORDER BY project.created DESC, project.rowid DESC
          LIMIT :limit OFFSET :offset
          """,
        ["account": owner.id, "limit": page.limit, "offset": page.offset], viewer: viewer)
      let total = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM project WHERE trashed IS NULL AND \(condition)",
        arguments: ["account": owner.id])
      return (projects, total ?? 0)
    }
  }

  /// Returns a project that somebody may see.
  func project(
    _ locator: ResourceLocator, viewer: Account?
  ) async throws(PlatformError) -> ProjectRow {
    try await database.read { try ProjectTable.row($0, locator, viewer: viewer) }
  }

  /// Adds a project to an account.
  func create(
    _ draft: ProjectDraft, of account: Account
  ) async throws(PlatformError) -> ProjectRow {
    try draft.check()
    let now = clock()
    return try await database.write { database in
      try Self.checkCount(database, of: account)
      let row = try ProjectTable.insert(database, draft, account: account, now: now)
      try Self.note(database, row, .created, now: now)
      return row
    }
  }

  /// Changes a project of an account.
  ///
  /// A new name means a new slug, too.
  func update(
    _ locator: ResourceLocator, _ changes: ProjectChanges, by account: Account
  ) async throws(PlatformError) -> ProjectRow {
    try changes.check()
    let now = clock()
    return try await database.write { database in
      let row = try ProjectTable.row(database, locator, of: account)
      var columns = changes.columns
      guard !columns.isEmpty else { return row }
      if let name = changes.name, name != row.name {
        let slug = try ProjectTable.freeSlug(
          database, given: nil, name: name, account: account.id, except: row.id)
        columns.append(("slug", slug))
      }
      columns.append(("updated", now))
      try ProjectTable.update(database, id: row.id, columns)
      let changed = try ProjectTable.row(database, .id(row.id), of: account)
      if changed.visibility != row.visibility {
        try Self.note(
          database, changed, changed.visibility == .public ? .shared : .unshared, now: now)
      } else {
        try Self.note(database, changed, .updated, now: now)
      }
      return changed
    }
  }

  /// Notes whether an account likes a project that it may see; returns how many do.
  func star(
    _ locator: ResourceLocator, _ isStarred: Bool, by account: Account
  ) async throws(PlatformError) -> Int {
    try await database.write { database in
      let row = try ProjectTable.row(database, locator, viewer: account)
      return try StarTable.set(database, isStarred, resource: row.id, by: account)
    }
  }

  /// Moves a project and its models into the trash; returns how many models went with it.
  func trash(
    _ locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> (project: ProjectRow, models: Int) {
    let now = clock()
    return try await database.write { database in
      let row = try ProjectTable.row(database, locator, of: account)
      try database.execute(
        sql: """
          UPDATE model SET trashed = :now, trashedWith = :id
          WHERE project = :id AND trashed IS NULL
          """, arguments: ["now": now, "id": row.id])
      let models = database.changesCount
      try database.execute(
        sql: "UPDATE project SET trashed = ? WHERE id = ?", arguments: [now, row.id])
      try Self.note(database, row, .trashed, now: now)
      return (row, models)
    }
  }

  /// Copies a project that an account may see, with its models that are complete, into the account.
  ///
  /// - Parameters:
  ///   - locator: The project.
  ///   - account: Whose the copy is.
  ///   - drafting: Returns what the copy is to be.
  /// - Returns: The copy.
  /// - Throws: `PlatformError`: that there is no such project, that the slug is taken, or that the
  ///   account has as many projects or models as it may have.
  func clone(
    _ locator: ResourceLocator, to account: Account,
    drafting: @escaping @Sendable (ProjectRow) -> ProjectDraft
  ) async throws(PlatformError) -> ProjectRow {
    let now = clock()
    return try await database.write { database in
      let source = try ProjectTable.row(database, locator, viewer: account)
      let draft = drafting(source)
      try draft.check()
      try Self.checkCount(database, of: account)
      let copy = try ProjectTable.insert(
        database, draft, account: account, clonedFrom: source.id, now: now)
      try ModelRecords.copy(
        database, from: source, to: copy, of: account, now: now)
      let complete = try ProjectTable.row(database, .id(copy.id), of: account)
      try Self.note(database, complete, .cloned, now: now)
      return complete
    }
  }

  static func checkCount(_ database: Database, of account: Account) throws {
    let count = try Int.fetchOne(
      database, sql: "SELECT count(*) FROM project WHERE account = ?", arguments: [account.id])
    guard let count, count < maximumCount else {
      throw PlatformError.planLimit(what: "projects", maximum: maximumCount)
    }
  }

  private static func note(
    _ database: Database, _ row: ProjectRow, _ action: EventAction, now: Int
  ) throws {
    try EventRepository.add(
      database, to: row.account, .project, action, resource: row.id, name: row.name, now: now)
  }
}

/// Who likes what.
enum StarTable {
  /// Notes whether an account likes a resource; returns how many do.
  static func set(
    _ database: Database, _ isStarred: Bool, resource: String, by account: Account
  ) throws -> Int {
    try database.execute(
      sql: isStarred
        ? "INSERT INTO star (resource, account) VALUES (?, ?) ON CONFLICT DO NOTHING"
        : "DELETE FROM star WHERE resource = ? AND account = ?",
      arguments: [resource, account.id])
    return try Int.fetchOne(
      database, sql: "SELECT count(*) FROM star WHERE resource = ?", arguments: [resource]) ?? 0
  }
}
#endif
