#if Server
import GRDB
import JSONText

/// A row of the table of projects, with what is counted for it.
struct ProjectRow: ResourceRow {
  let id: String
  let account: String
  /// The name of the account.
  let owner: String
  let slug: String
  let name: String
  let description: String?
  let visibility: Visibility
  let tags: [String]?
  let license: String?
  let isArchived: Bool
  let iconColor: String?
  let iconLetter: String?
  let viewPreferences: StoredJSON?
  let metadata: StoredJSON
  let clonedFrom: String?
  let cloneCount: Int
  let modelCount: Int
  let totalBytes: Int
  let starCount: Int
  let isStarred: Bool
  let created: Int
  let updated: Int
}

/// What a project is to be.
struct ProjectDraft: Sendable {
  let name: String
  /// The slug; nil for one of the name.
  let slug: String?
  var description: String?
  var visibility = Visibility.private
  var tags: [String]?
  var license: String?
  var metadata: StoredJSON?

  /// Checks that a project may be so.
  func check() throws(PlatformError) {
    try ResourceName.check(name: name)
    if let slug {
      try ResourceName.check(slug: slug, "project", reserved: ResourceName.reservedProjects)
    }
    try ResourceName.check("description", description)
    try ResourceName.check(tags: tags)
    try ResourceName.check("license", license, in: ResourceLicense.names)
    try metadata?.checkObject("metadata")
  }
}

/// What of a project is to change; nil for what stays.
struct ProjectChanges: Sendable {
  var name: String?
  var description: String?
  var visibility: Visibility?
  var tags: [String]?
  var license: String?
  var isArchived: Bool?
  var iconColor: Nullable<String>?
  var iconLetter: Nullable<String>?
  var viewPreferences: StoredJSON?
  var metadata: StoredJSON?

  /// Checks that a project may be so.
  func check() throws(PlatformError) {
    if let name { try ResourceName.check(name: name) }
    try ResourceName.check("description", description)
    try ResourceName.check(tags: tags)
    try ResourceName.check("license", license, in: ResourceLicense.names)
    try ResourceName.check("iconColor", iconColor?.value, limit: 50)
    try ResourceName.check("iconLetter", iconLetter?.value, limit: 2)
    try viewPreferences?.checkObject("viewPreferences")
    try metadata?.checkObject("metadata")
  }

  /// The columns that change, with their values.
  var columns: [(column: String, value: (any DatabaseValueConvertible)?)] {
    var columns: [(column: String, value: (any DatabaseValueConvertible)?)] = []
    if let name { columns.append(("name", name)) }
    if let description { columns.append(("description", description)) }
    if let visibility { columns.append(("visibility", visibility.rawValue)) }
    if let tags { columns.append(("tags", StoredJSON(.array(tags.map { .string($0) })))) }
    if let license { columns.append(("license", license)) }
    if let isArchived { columns.append(("isArchived", isArchived)) }
    if let iconColor { columns.append(("iconColor", iconColor.value)) }
    if let iconLetter { columns.append(("iconLetter", iconLetter.value)) }
    if let viewPreferences { columns.append(("viewPreferences", viewPreferences)) }
    if let metadata { columns.append(("metadata", metadata)) }
    return columns
  }
}

/// Reads and writes rows of the table of projects, in a transaction of the caller's.
enum ProjectTable: ResourceTable {
  typealias Row = ProjectRow

  static let kind = ResourceKind.project
  static let reservedSlugs = ResourceName.reservedProjects
  /// All that ``ProjectRow`` has; the argument `viewer` is who asks.
  static let selection = """
    SELECT project.*, owner.username AS owner,
      (SELECT count(*) FROM model WHERE model.project = project.id AND model.trashed IS NULL)
        AS modelCount,
      (SELECT coalesce(sum(fileBytes), 0) FROM model
        WHERE model.project = project.id AND model.trashed IS NULL) AS totalBytes,
      (SELECT count(*) FROM project AS clone WHERE clone.clonedFrom = project.id) AS cloneCount,
      (SELECT count(*) FROM star WHERE star.resource = project.id) AS starCount,
      EXISTS (SELECT 1 FROM star WHERE star.resource = project.id AND star.account = :viewer)
        AS isStarred
    FROM project JOIN account AS owner ON owner.id = project.account
    """

  /// Adds a project.
  static func insert(
    _ database: Database, _ draft: ProjectDraft, account: Account, clonedFrom: String? = nil,
    now: Int
  ) throws -> ProjectRow {
    let id = ResourceID.new("project_", now: now)
    let slug = try freeSlug(
      database, given: draft.slug, name: draft.name, account: account.id)
    let tags = draft.tags.map { StoredJSON(.array($0.map { .string($0) })) }
    let metadata: StoredJSON = draft.metadata ?? .emptyObject
    try database.execute(
      sql: """
        INSERT INTO project (id, account, slug, name, description, visibility, tags, license,
          metadata, clonedFrom, created, updated)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, account.id, slug, draft.name, draft.description, draft.visibility.rawValue, tags,
        draft.license, metadata, clonedFrom, now, now,
      ])
    return try row(database, .id(id), viewer: account)
  }
}
#endif
