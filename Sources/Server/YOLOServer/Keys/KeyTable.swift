#if Server
import Foundation
import GRDB
import YOLOSystem

/// What is read from and written to the tables of keys.
enum KeyTable {
  /// Reads keys in the order of their numbers.
  static func rows(
    _ database: Database, where condition: String = "TRUE", arguments: StatementArguments = []
  ) throws -> [KeyRow] {
    var models: [Int: Set<String>] = [:]
    for pair in try KeyModelRow.fetchAll(
      database, sql: "SELECT key, model FROM keyModel JOIN key ON id = key WHERE \(condition)",
      arguments: arguments)
    {
      models[pair.key, default: []].insert(pair.model)
    }
    var rows = try KeyRow.fetchAll(
      database, sql: "SELECT * FROM key WHERE \(condition) ORDER BY id", arguments: arguments)
    for index in rows.indices where rows[index].isRestricted {
      rows[index].models = models[rows[index].id] ?? []
    }
    return rows
  }

  /// Adds a key.
  static func insert(
    _ database: Database, name: String, models: Set<String>?, digest: KeyDigest, created: Int
  ) throws -> KeyRecord {
    try database.execute(
      sql: "INSERT INTO key (name, digest, isRestricted, created) VALUES (?, ?, ?, ?)",
      arguments: [name, Data(digest.bytes), models != nil, created])
    let id = Int(database.lastInsertedRowID)
    for model in models ?? [] {
      try database.execute(
        sql: "INSERT INTO keyModel (key, model) VALUES (?, ?)", arguments: [id, model])
    }
    return KeyRecord(
      id: id, name: name, models: models, created: created, lastUsed: nil, revoked: nil,
      publicID: nil, prefix: nil, scopes: [.predict], account: nil)
  }

  /// Creates a key of an account and adds it; the key can never be read again.
  static func insert(
    _ database: Database, name: String, account: Account, scopes: Set<Scope>,
    binding: KeyBinding? = nil, created: Int
  ) throws -> (key: String, record: KeyRecord) {
    let key = KeyText.random()
    let id = ResourceID.new("key_", now: created)
    try database.execute(
      sql: """
        INSERT INTO key (
          name, digest, isRestricted, created, publicID, account, prefix, scopes, binding)
        VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        name, Data(KeyDigest(of: key).bytes), created, id, account.id,
        String(key.prefix(KeyText.shownCount)), scopes.names.joined(separator: " "),
        binding?.text,
      ])
    let row = try rows(database, where: "publicID = ?", arguments: [id]).first
    guard let record = row?.record(accounts: [account.id: account]) else {
      throw PlatformError.unknownKey(id)
    }
    return (key, record)
  }

  /// Adds a key of a stand-alone database to an account; it may do what it could: predict.
  static func insert(
    _ database: Database, importing row: KeyRow, hour: Hour?, account: Account
  ) throws {
    try database.execute(
      sql: """
        INSERT INTO key (
          name, digest, isRestricted, created, lastUsed, revoked, publicID, account, prefix, scopes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        row.name, row.digest, row.isRestricted, row.created, row.lastUsed, row.revoked,
        ResourceID.new("key_", now: row.created), account.id, KeyText.prefix,
        Scope.predict.rawValue,
      ])
    let id = database.lastInsertedRowID
    for model in row.models ?? [] {
      try database.execute(
        sql: "INSERT INTO keyModel (key, model) VALUES (?, ?)", arguments: [id, model])
    }
    if let hour {
      try database.execute(
        sql: "INSERT INTO hour (key, start, calls) VALUES (?, ?, ?)",
        arguments: [id, hour.start, hour.calls])
    }
  }

  /// The calls of a key in its hour.
  struct Hour: Decodable, FetchableRecord, Sendable {
    let start: Int
    let calls: Int
  }

  /// Reads the calls of a key in its hour; nil if it has made none.
  static func hour(_ database: Database, of id: Int) throws -> Hour? {
    try Hour.fetchOne(database, sql: "SELECT start, calls FROM hour WHERE key = ?", arguments: [id])
  }

  /// Revokes a key, if it is not yet, and returns its record; nil if there is none of this number.
  static func revoke(_ database: Database, id: Int, now: Int) throws -> KeyRecord? {
    try database.execute(
      sql: "UPDATE key SET revoked = ? WHERE id = ? AND revoked IS NULL", arguments: [now, id])
    return try rows(database, where: "id = \(id)").first?.record(accounts: [:])
  }

  /// Notes that a key was used, unless that was noted within the day.
  static func noteUse(_ database: Database, id: Int, now: Int, interval: Int) throws {
    try database.execute(
      sql:
        "UPDATE key SET lastUsed = ?1 WHERE id = ?2 AND (lastUsed IS NULL OR lastUsed < ?1 - ?3)",
      arguments: [now, id, interval])
  }

  /// Counts a call of a key and returns when its hour began and how many calls it has made in it.
  ///
  /// A clock that has gone back moves the beginning of the hour, but forgives no call. Refused
  /// calls count once, so that a higher limit lets the key go on at once.
  static func countCall(
    _ database: Database, of id: Int, limit: Int, now: Int, length: Int
  ) throws -> (start: Int, calls: Int)? {
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO hour (key, start, calls) SELECT id, ?2, 1 FROM key WHERE id = ?1
        ON CONFLICT (key) DO UPDATE SET
          calls = CASE WHEN ?2 - start >= ?4 THEN 1 ELSE max(calls, min(calls + 1, ?3 + 1)) END,
          start = CASE WHEN ?2 - start >= ?4 OR ?2 < start THEN ?2 ELSE start END
        RETURNING start, calls
        """)
    guard
      let row = try Row.fetchOne(statement, arguments: [id, now, limit, length]),
      let start = Int.fromDatabaseValue(row["start"]),
      let calls = Int.fromDatabaseValue(row["calls"])
    else { return nil }
    return (start, calls)
  }
}

/// How many calls of its hour a key has made, this one included.
package struct RateState: Sendable, Hashable {
  /// The calls of an hour; 0 for no limit.
  package let limit: Int
  /// The calls that are left.
  package let remaining: Int
  /// When the hour ends, in seconds since 1970.
  package let reset: Int
  /// Whether this call may be answered.
  package let isAllowed: Bool

  /// The seconds from `now` until the hour ends, at least 1, for the header `Retry-After`.
  package func retryAfter(now: Int) -> Int {
    max(1, reset.subtractingReportingOverflow(now).partialValue)
  }
}

/// The clock of the system.
package enum SystemTime {
  /// The seconds since 1970.
  @Sendable package static func now() -> Int { Int(time(nil)) }
}

/// A row of the table of keys.
struct KeyRow: Decodable, FetchableRecord, Sendable {
  /// The number of the key.
  let id: Int
  /// What its maker called it.
  let name: String
  /// The hash of the key.
  let digest: Data
  /// Whether ``models`` holds.
  let isRestricted: Bool
  /// When it was made.
  let created: Int
  /// When it was last used, to a day.
  let lastUsed: Int?
  /// When it was revoked.
  let revoked: Int?
  /// What others call the key; of a platform.
  let publicID: String?
  /// The account of the key; of a platform.
  let account: String?
  /// The beginning of the key; of a platform.
  let prefix: String?
  /// What the key may do, separated by spaces; of a platform.
  let scopes: String?
  /// What the key of a training is bound to, see ``KeyBinding``; of a platform.
  let binding: String?
  /// The models that it may use, from another table.
  var models: Set<String>?

  private enum CodingKeys: CodingKey {
    case id, name, digest, isRestricted, created, lastUsed, revoked, publicID, account, prefix,
      scopes, binding
  }

  /// What others may know about the key.
  ///
  /// Keys of a stand-alone database belong to no account, and may predict.
  func record(accounts: [String: Account]) -> KeyRecord {
    let names = scopes?.split(separator: " ").map(String.init) ?? [Scope.predict.rawValue]
    return KeyRecord(
      id: id, name: name, models: models, created: created, lastUsed: lastUsed, revoked: revoked,
      publicID: publicID, prefix: prefix, scopes: Set(names.compactMap(Scope.init(rawValue:))),
      account: account.flatMap { accounts[$0] }, binding: binding.flatMap(KeyBinding.init))
  }
}

/// A row of the table of the models that a key is held to.
struct KeyModelRow: Decodable, FetchableRecord {
  /// The number of the key.
  let key: Int
  /// The name of the model.
  let model: String
}

/// What is known about a key; never the key itself.
package struct KeyRecord: Sendable, Hashable, Identifiable {
  /// The number by which a key is revoked.
  package let id: Int
  /// What its maker called it.
  package let name: String
  /// The models that it may use, or nil for all.
  package let models: Set<String>?
  /// When it was made, in seconds since 1970.
  package let created: Int
  /// When it was last used, in seconds since 1970 and to a day; nil if never.
  package let lastUsed: Int?
  /// When it was revoked, in seconds since 1970; nil if it is active.
  package let revoked: Int?
  /// What others call the key, `key_` and 24 hexadecimal digits; nil in a stand-alone database.
  package let publicID: String?
  /// The beginning of the key; nil in a stand-alone database.
  package let prefix: String?
  /// What the key may do.
  package let scopes: Set<Scope>
  /// The account of the key; nil in a stand-alone database.
  package let account: Account?
  /// What the key of a training is bound to; nil for all other keys.
  package var binding: KeyBinding?

  /// Whether the key may use a model.
  package func allows(model: String) -> Bool { models?.contains(model) ?? true }
}

/// What may be asked of a new key.
enum KeyRequest {
  /// The maximum length of the name of a key or a model, in characters.
  static let maximumNameLength = 200
  /// The maximum number of models that a key may be held to.
  static let maximumModels = 1000

  /// Throws ``KeyStoreError`` if a name is empty, too long or has control characters, or if there
  /// are too many models.
  static func check(name: String, models: Set<String>?) throws(KeyStoreError) {
    try check("the name of a key", name)
    guard let models else { return }
    guard (1...maximumModels).contains(models.count) else {
      throw .invalid(
        what: "the number of models", given: "\(models.count)", expected: "1 to \(maximumModels)")
    }
    for model in models.sorted() { try check("the name of a model", model) }
  }

  private static func check(_ what: String, _ name: String) throws(KeyStoreError) {
    let hasControls = name.unicodeScalars.contains {
      $0.properties.generalCategory == .control
    }
    guard (1...maximumNameLength).contains(name.count), !hasControls else {
      throw .invalid(
        what: what, given: name.excerpt(),
        expected: "1 to \(maximumNameLength) characters without control characters")
    }
  }
}
#endif
