#if Server
import GRDB
import YOLOSystem

/// The accounts and their keys, of the database of a platform.
package struct AccountRepository: Sendable {
  /// The name of the account that a server without any creates.
  package static let firstName = "admin"
  /// The maximum number of keys of an account that are not revoked.
  static let maximumKeys = 100

  /// The database.
  package let database: PlatformDatabase
  let clock: @Sendable () -> Int

  /// Creates a repository.
  package init(
    database: PlatformDatabase, clock: @escaping @Sendable () -> Int = SystemTime.now
  ) {
    self.database = database
    self.clock = clock
  }

  /// Creates an account and its first key, of the scope admin, which can never be read again.
  package func create(
    username: String, name: String? = nil, plan: Plan
  ) async throws(PlatformError) -> (account: Account, key: String) {
    try OwnerName.check(username)
    let name = name ?? username
    try Self.check(name: name)
    let now = clock()
    return try await database.write { database in
      try Self.insert(database, username: username, name: name, plan: plan, now: now)
    }
  }

  /// Creates the account ``firstName`` and its first key if there is no account at all.
  package func createFirst() async throws(PlatformError) -> (account: Account, key: String)? {
    let now = clock()
    return try await database.write { database in
      guard try Int.fetchOne(database, sql: "SELECT count(*) FROM account") == 0 else { return nil }
      return try Self.insert(
        database, username: Self.firstName, name: Self.firstName, plan: .enterprise, now: now)
    }
  }

  /// Returns all accounts, oldest first.
  package func list() async throws(PlatformError) -> [Account] {
    try await database.read { try Self.accounts($0) }
  }

  /// Returns the account of a name.
  ///
  /// - Throws: `PlatformError.unknownAccount` if there is none.
  package func account(named username: String) async throws(PlatformError) -> Account {
    try await database.read { try Self.account($0, named: username) }
  }

  /// Returns the account of an identifier.
  ///
  /// - Throws: `PlatformError.unknownAccount` if there is none.
  package func account(id: Account.ID) async throws(PlatformError) -> Account {
    try await database.read { database in
      guard
        let row = try AccountRow.fetchOne(
          database, sql: "SELECT * FROM account WHERE id = ?", arguments: [id])
      else { throw PlatformError.unknownAccount(id.excerpt()) }
      return row.account
    }
  }

  /// Changes the plan of an account.
  ///
  /// - Parameters:
  ///   - username: The account.
  ///   - plan: Its new plan.
  ///   - callsPerMinute: The calls in a minute, or nil for those of the plan.
  ///   - callsPerDay: The calls in a day, or nil for those of the plan.
  /// - Returns: The account as it is now.
  /// - Throws: `PlatformError.unknownAccount`, or `PlatformError.invalid` for a number out of
  ///   range.
  package func setPlan(
    of username: String, to plan: Plan, callsPerMinute: Int? = nil, callsPerDay: Int? = nil
  ) async throws(PlatformError) -> Account {
    for (argument, calls) in [("per-minute", callsPerMinute), ("per-day", callsPerDay)] {
      if let calls, !(1...1_000_000_000).contains(calls) {
        throw .invalid(
          argument: argument, given: "\(calls)", expected: "a number from 1 to 1000000000")
      }
    }
    let now = clock()
    return try await database.write { database in
      let account = try Self.account(database, named: username)
      try database.execute(
        sql: "UPDATE account SET plan = ?, callsPerMinute = ?, callsPerDay = ? WHERE id = ?",
        arguments: [plan.rawValue, callsPerMinute, callsPerDay, account.id])
      try EventRepository.add(
        database, to: account.id, .settings, .updated, resource: account.id,
        name: "plan \(plan.rawValue)", now: now)
      return try Self.account(database, named: username)
    }
  }

  /// Deletes an account with all that it has but its lines of the ledger, which keep no name.
  package func delete(_ username: String) async throws(PlatformError) {
    try await database.write { database in
      let account = try Self.account(database, named: username)
      // What is counted for an account or a key refers to it by its identifier alone.
      try database.execute(
        sql: """
          DELETE FROM callWindow WHERE owner = ?1
            OR owner IN (SELECT publicID FROM key WHERE account = ?1)
          """, arguments: [account.id])
      try database.execute(sql: "DELETE FROM account WHERE id = ?", arguments: [account.id])
    }
  }
}

extension AccountRepository {
  /// Reads all accounts, oldest first.
  static func accounts(_ database: Database) throws -> [Account] {
    try AccountRow.fetchAll(database, sql: "SELECT * FROM account ORDER BY created, id")
      .map(\.account)
  }

  static func account(_ database: Database, named username: String) throws -> Account {
    guard
      let row = try AccountRow.fetchOne(
        database, sql: "SELECT * FROM account WHERE username = ?", arguments: [username])
    else { throw PlatformError.unknownAccount(username.excerpt()) }
    return row.account
  }

  private static func insert(
    _ database: Database, username: String, name: String, plan: Plan, now: Int
  ) throws -> (account: Account, key: String) {
    let id = ResourceID.new("account_", now: now)
    do {
      try database.execute(
        sql: "INSERT INTO account (id, username, name, plan, created) VALUES (?, ?, ?, ?, ?)",
        arguments: [id, username, name, plan.rawValue, now])
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
      throw PlatformError.takenName(username)
    }
    let account = try account(database, named: username)
    let (key, _) = try KeyTable.insert(
      database, name: "first", account: account, scopes: [.admin], created: now)
    return (account, key)
  }

  private static func check(name: String) throws(PlatformError) {
    let hasControls = name.unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard (1...100).contains(name.count), !hasControls else {
      throw .invalid(
        argument: "name", given: name.excerpt(),
        expected: "1 to 100 characters without control characters")
    }
  }
}

extension AccountRepository {
  /// Returns the keys of an account that are not revoked, oldest first.
  package func keys(of account: Account) async throws(PlatformError) -> [KeyRecord] {
    try await database.read { database in
      try KeyTable.rows(
        database, where: "revoked IS NULL AND binding IS NULL AND account = ?",
        arguments: [account.id]
      ).map { $0.record(accounts: [account.id: account]) }
    }
  }

  /// Creates a key, which can never be read again.
  package func createKey(
    name: String, of account: Account, scopes: Set<Scope>
  ) async throws(PlatformError) -> (key: String, record: KeyRecord) {
    do throws(KeyStoreError) {
      try KeyRequest.check(name: name, models: nil)
    } catch {
      guard case .invalid(_, let given, let expected) = error else { throw .database(error) }
      throw .invalid(argument: "name", given: given, expected: expected)
    }
    let now = clock()
    return try await database.write { database in
      let count = try Int.fetchOne(
        database,
        sql: """
          SELECT count(*) FROM key WHERE revoked IS NULL AND binding IS NULL AND account = ?
          """,
        arguments: [account.id])
      guard let count, count < Self.maximumKeys else {
        throw PlatformError.tooMany(what: "keys", maximum: Self.maximumKeys)
      }
      let (key, record) = try KeyTable.insert(
        database, name: name, account: account, scopes: scopes, created: now)
      try EventRepository.add(
        database, to: account.id, .apiKey, .created, resource: record.publicID ?? "", name: name,
        now: now)
      return (key, record)
    }
  }

  /// Revokes a key of an account for ever.
  ///
  /// - Parameters:
  ///   - id: The identifier, `key_` and 24 hexadecimal digits.
  ///   - account: The account, or nil for a key of any.
  /// - Returns: The key as it was.
  /// - Throws: `PlatformError.unknownKey` if there is none that is not revoked.
  @discardableResult
  package func revokeKey(_ id: String, of account: Account?) async throws(PlatformError)
    -> KeyRecord
  {
    let now = clock()
    return try await database.write { database in
      let rows = try KeyTable.rows(
        database, where: "revoked IS NULL AND publicID = ?1 AND (?2 IS NULL OR account = ?2)",
        arguments: [id, account?.id])
      guard let row = rows.first else { throw PlatformError.unknownKey(id.excerpt()) }
      try database.execute(
        sql: "UPDATE key SET revoked = ? WHERE id = ?", arguments: [now, row.id])
      try database.execute(sql: "DELETE FROM callWindow WHERE owner = ?", arguments: [id])
      if let owner = row.account {
        try EventRepository.add(
          database, to: owner, .apiKey, .deleted, resource: id, name: row.name, now: now)
      }
      return row.record(accounts: [:])
    }
  }

  /// Returns all keys, the revoked ones too, oldest first.
  package func allKeys() async throws(PlatformError) -> [KeyRecord] {
    try await database.read { database in
      let accounts = try Self.accounts(database)
      let byID = Dictionary(accounts.map { ($0.id, $0) }) { first, _ in first }
      return try KeyTable.rows(database).map { $0.record(accounts: byID) }
    }
  }

  /// Brings the keys of a stand-alone database over, once: they belong to the oldest account, and
  /// may predict only.
  ///
  /// - Returns: How many keys were brought over; nil if that was done before, or there is no file.
  package func importKeys(from path: String) async throws(PlatformError) -> Int? {
    let isDone = try await database.read {
      try Bool.fetchOne($0, sql: "SELECT count(*) > 0 FROM keyImport") ?? false
    }
    guard !isDone, FileSystem.exists(path) else { return nil }
    let old: [(row: KeyRow, hour: KeyTable.Hour?)]
    do throws(KeyStoreError) {
      old = try await KeyStore(path: path, creates: false).read { database in
        try KeyTable.rows(database).map { row in
          (row: row, hour: try KeyTable.hour(database, of: row.id))
        }
      }
    } catch {
      throw .database(error)
    }
    let now = clock()
    return try await database.write { database in
      guard try Int.fetchOne(database, sql: "SELECT count(*) FROM keyImport") == 0,
        let account = try Self.accounts(database).first
      else { return nil }
      for (row, hour) in old {
        try KeyTable.insert(database, importing: row, hour: hour, account: account)
      }
      try database.execute(
        sql: "INSERT INTO keyImport (path, at) VALUES (?, ?)", arguments: [path, now])
      return old.count
    }
  }
}
#endif
