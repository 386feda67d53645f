#if Server
import GRDB

/// A row of a resource that has an owner and a slug among the owner's.
protocol ResourceRow: Decodable, FetchableRecord, Sendable {
  var id: String { get }
  var account: String { get }
  var visibility: Visibility { get }
}

/// Reads rows of a table of resources, in a transaction of the caller's.
protocol ResourceTable {
  associatedtype Row: ResourceRow

  /// The kind, which is also the name of the table.
  static var kind: ResourceKind { get }
  /// Selects all that a row has, with `owner` joined; the argument `viewer` is who asks.
  static var selection: String { get }
  /// The slugs that no resource of the kind may have.
  static var reservedSlugs: Set<String> { get }
}

extension ResourceTable {
  static var reservedSlugs: Set<String> { [] }

  /// Returns the rows that are not in the trash.
  static func rows(
    _ database: Database, where condition: String, _ arguments: StatementArguments,
    viewer: Account?
  ) throws -> [Row] {
    try Row.fetchAll(
      database, sql: "\(selection) WHERE \(kind.rawValue).trashed IS NULL AND \(condition)",
      arguments: arguments + ["viewer": viewer?.id])
  }

  /// Returns a resource that somebody may see.
  ///
  /// - Throws: `PlatformError.unknownResource` if there is none, or it is private to somebody else.
  static func row(
    _ database: Database, _ locator: ResourceLocator, viewer: Account?
  ) throws -> Row {
    let found =
      switch locator {
      case .id(let id):
        try rows(database, where: "\(kind.rawValue).id = :id", ["id": id], viewer: viewer)
      case .path(let names):
        try rows(
          database, where: "owner.username = :owner AND \(kind.rawValue).slug = :slug",
          ["owner": names.first, "slug": names.dropFirst().first], viewer: viewer)
      }
    guard let row = found.first, row.account == viewer?.id || row.visibility == .public else {
      throw PlatformError.unknownResource(kind, locator.text)
    }
    return row
  }

  /// Returns a resource of an account.
  ///
  /// - Throws: `PlatformError.unknownResource` if there is none that it may see,
  ///   `PlatformError.foreignResource` for one that it may only see.
  static func row(
    _ database: Database, _ locator: ResourceLocator, of account: Account
  ) throws -> Row {
    let row = try row(database, locator, viewer: account)
    guard row.account == account.id else {
      throw PlatformError.foreignResource(kind, locator.text)
    }
    return row
  }

  /// Returns a slug that no resource of an account has: the one of a request, or one of a name.
  ///
  /// - Throws: `PlatformError.takenSlug` if a slug was given that another one has.
  static func freeSlug(
    _ database: Database, given: String?, name: String, account: String, except id: String = ""
  ) throws -> String {
    let slug = given ?? ResourceName.slug(from: name, fallback: kind.rawValue)
    let taken = try String.fetchSet(
      database,
      sql: """
        SELECT slug FROM \(kind.rawValue)
        WHERE account = ? AND trashed IS NULL AND id != ? AND (slug = ? OR slug GLOB ?)
        """, arguments: [account, id, slug, "\(slug.prefix(ResourceName.slugLimit - 12))*"])
    guard given == nil else {
      guard !taken.contains(slug) else { throw PlatformError.takenSlug(kind, slug) }
      return slug
    }
    return ResourceName.free(slug, taken: taken.union(reservedSlugs))
  }

  /// Changes columns of a row.
  static func update(
    _ database: Database, id: String,
    _ columns: [(column: String, value: (any DatabaseValueConvertible)?)]
  ) throws {
    try database.update(kind.rawValue, id: id, columns)
  }
}

extension Database {
  /// Changes columns of a row.
  func update(
    _ table: String, id: String,
    _ columns: [(column: String, value: (any DatabaseValueConvertible)?)]
  ) throws {
    guard !columns.isEmpty else { return }
    let assignments = columns.map { "\($0.column) = ?" }.joined(separator: ", ")
    try execute(
      sql: "UPDATE \(table) SET \(assignments) WHERE id = ?",
      arguments: StatementArguments(columns.map(\.value) + [id]))
  }
}
#endif
