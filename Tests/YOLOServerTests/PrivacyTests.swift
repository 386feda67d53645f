#if Server
import Foundation
import GRDB
import JSONText
import Logging
import Testing
import YOLOServer
import YOLOServerOptions

/// What accounts may have of themselves, and that nothing stays of those that are deleted.
@Suite struct PrivacyTests {
  /// The tables of a platform's database, without those of SQLite and of migrations.
  private static func tables(_ database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
          AND name <> 'grdb_migrations' ORDER BY name
        """)
  }

  /// A column of a table.
  private struct Column {
    let name: String
    let type: String
    let isRequired: Bool
    let isKey: Bool
  }

  private static func columns(_ database: Database, of table: String) throws -> [Column] {
    try Row.fetchAll(database, sql: "PRAGMA table_info(\"\(table)\")").map { row in
      Column(
        name: row["name"], type: row["type"],
        isRequired: (row["notnull"] as Bool && (row["dflt_value"] as String?) == nil)
          || (row["pk"] as Int > 0 && row["type"] as String != "INTEGER"),
        isKey: row["pk"] as Int > 0)
    }
  }

  /// The table and the column that a column refers to.
  private static func references(
    _ database: Database, of table: String
  ) throws -> [String: (table: String, column: String)] {
    var found: [String: (table: String, column: String)] = [:]
    for row in try Row.fetchAll(database, sql: "PRAGMA foreign_key_list(\"\(table)\")") {
      let target: String = row["table"]
      let primary = try String.fetchOne(
        database, sql: "SELECT name FROM pragma_table_info(?) WHERE pk = 1", arguments: [target])
      let column: String? = row["to"]
      found[row["from"]] = (table: target, column: column ?? primary ?? "rowid")
    }
    return found
  }

  /// How many rows of a table are those of an account.
  private static func count(
    _ database: Database, _ data: PersonalData, of account: Account.ID
  ) throws -> Int {
    try Int.fetchOne(
      database, sql: "SELECT count(*) FROM \(data.table) WHERE \(data.condition)",
      arguments: ["account": account]) ?? 0
  }

  /// Adds a row of an account to each table that has none, so that tables to come are looked at.
  private static func fill(_ database: Database, for account: Account) throws {
    var isChanged = true
    while isChanged {
      isChanged = false
      for data in PersonalData.exported where try count(database, data, of: account.id) == 0 {
        let references = try references(database, of: data.table)
        let schema = try String.fetchOne(
          database, sql: "SELECT sql FROM sqlite_schema WHERE name = ?", arguments: [data.table])
        var values: [(column: String, value: DatabaseValue)] = []
        for column in try columns(database, of: data.table) {
          // What is kept beyond an image has its dataset without a reference.
          let target =
            references[column.name]
            ?? (column.name == "dataset" ? (table: "dataset", column: "id") : nil)
          if let target {
            guard column.isRequired || column.isKey || column.name == "account" else { continue }
            let parent = PersonalData.exported.first { $0.table == target.table }
            let value = try DatabaseValue.fetchOne(
              database,
              sql: """
                SELECT \(target.column) FROM \(target.table) WHERE \(parent?.condition ?? "1 = 1")
                LIMIT 1
                """, arguments: parent == nil ? [] : ["account": account.id])
            guard let value else {
              values = []
              break
            }
            values.append((column.name, value))
            continue
          }
          guard column.isRequired else { continue }
          let choice = schema?.components(separatedBy: "CHECK (\(column.name) IN ('")
            .dropFirst().first?.prefix { $0 != "'" }
          let value: DatabaseValue =
            switch column.type {
            // Nothing of it is over or due while the test runs.
            case "INTEGER":
              (["expires", "due", "minute"].contains(column.name) ? 4_000_000_000 : 1).databaseValue
            case "REAL": 1.5.databaseValue
            case "BLOB": Data([1, 2, 3]).databaseValue
            default:
              (column.name == "rows"
                ? "[[0]]"
                : choice.map { String($0) }
                  ?? "\(account.username)-\(data.table)-\(column.name)")
                .databaseValue
            }
          values.append((column.name, value))
        }
        guard !values.isEmpty else { continue }
        try database.execute(
          sql: """
            INSERT INTO \(data.table) (\(values.map(\.column).joined(separator: ", ")))
            VALUES (\(values.map { _ in "?" }.joined(separator: ", ")))
            """, arguments: StatementArguments(values.map(\.value)))
        isChanged = true
      }
    }
  }

  /// What the text of all columns of all tables has of some words, as `table.column`.
  private static func traces(_ database: Database, of words: Set<String>) throws -> Set<String> {
    var found: Set<String> = []
    for table in try tables(database) {
      for row in try Row.fetchAll(database, sql: "SELECT * FROM \"\(table)\"") {
        for (column, value) in row {
          guard case .string(let text) = value.storage else { continue }
          if words.contains(where: { text.contains($0) }) { found.insert("\(table).\(column)") }
        }
      }
    }
    return found
  }

  @Test func everyTableIsListedOnce() throws {
    let directory = FileManager.default.temporaryDirectory.appending(
      path: "privacy-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let database = try PlatformDatabase(directory: directory.path, creates: true)
    try DatabaseQueue(path: database.path).read { database in
      let tables = try Self.tables(database)
      let listed = PersonalData.exported.map(\.table) + PersonalData.exempt.keys
      #expect(
        listed.sorted() == tables,
        "each table is exported and deleted, or exempt with a reason: see PersonalData")
      #expect(Set(PersonalData.exported.map(\.member)).count == PersonalData.exported.count)
      for data in PersonalData.exported {
        let columns = try Self.columns(database, of: data.table)
        #expect(data.hidden.isSubset(of: columns.map(\.name)), "\(data.table)")
        for column in columns where !data.hidden.contains(column.name) {
          let isSecret = ["secret", "digest", "token", "password", "hash"].contains {
            column.name.lowercased().contains($0)
          }
          // The digest of a file is no secret.
          #expect(
            (!isSecret || column.name == "fileDigest") && column.type != "BLOB",
            "\(data.table).\(column.name) looks like a secret, but is exported")
        }
      }
    }
  }

  /// Two accounts with something in each table, in a server.
  private func withTwo(
    _ settingMore: @escaping @Sendable (inout ServerSettings) -> Void = { _ in },
    _ body:
      @escaping @Sendable (
        PlatformClient, _ keys: [String], _ accounts: [Account], DatabasePool
      )
      async throws -> Void
  ) async throws {
    try await PlatformClient.serving(settingMore) { client, key, accounts in
      let platform = accounts.database
      let database = try DatabasePool(path: platform.path)
      let bob = try await accounts.create(username: "bobby", plan: .enterprise)
      let alice = try await accounts.account(named: "alice")
      let store = try ObjectStore(
        database: platform, logger: Logger(label: "p") { _ in SwiftLogNoOpLogHandler() })
      for (account, key) in [(alice, key), (bob.account, bob.key)] {
        await client.check(
          201, "POST", "/api/projects", key: key, body: #"{"name":"of \#(account.username)"}"#)
        await client.check(
          201, "POST", "/api/webhooks", key: key, body: #"{"url":"https://hooks.example/"}"#)
        _ = try await Ledger(database: platform).add(
          5_000_000, to: .credit, of: account, kind: "promo")
        for (name, bytes) in [("own", Array(account.username.utf8)), ("shared", [1, 2, 3])] {
          _ = try await store.put(
            bytes, as: ObjectReference(.exports, owner: "x-\(account.username)", name: name),
            of: account)
        }
        try await database.write { try Self.fill($0, for: account) }
      }
      try await body(client, [key, bob.key], [alice, bob.account], database)
    }
  }

  @Test func anExportHasAllOfTheAccountAndNoSecret() async throws {
    try await withTwo { client, keys, accounts, database in
      let secrets = try await database.read { database in
        try String.fetchAll(database, sql: "SELECT secret FROM webhook")
          + Data.fetchAll(database, sql: "SELECT digest FROM key").map {
            $0.map { String(format: "%02x", $0) }.joined()
          }
      }
      let answer = await client.check(
        200, "POST", "/api/gdpr", key: keys[0], body: #"{"action":"export"}"#)
      let job = try #require(answer["data"]?["jobId"]?.string)
      let address = try #require(answer["data"]?["downloadUrl"]?.string)
      let path = String(address.dropFirst("http://test".count))
      let polled = await client.check(200, "GET", "/api/gdpr?jobId=\(job)", key: keys[0])
      #expect(polled["data"]?["downloadUrl"] == .string(address))
      await client.check(404, "GET", "/api/gdpr?jobId=\(job)", key: keys[1])
      await client.check(400, "GET", "/api/gdpr", key: keys[0])
      let file = await client.call("GET", path)
      #expect(file.status == 200 && job.hasPrefix("job_"))
      for data in PersonalData.exported {
        let rows = try #require(file.body[data.member]?.elements, "\(data.member)")
        #expect(!rows.isEmpty, "\(data.member)")
      }
      #expect(file.body["projects"]?.elements?.first?["name"] == .string("of alice"))
      for secret in secrets + keys + [accounts[1].id, "bobby", "sk_"] {
        #expect(!file.text.contains(secret), "\(secret)")
      }
      let wrong = await client.call("GET", path.replacing("signature=", with: "signature=0"))
      #expect(wrong.status == 403)
    }
  }

  @Test func exportsEndWithTheirHour() async throws {
    try await withKeyDirectory { directory in
      let database = try PlatformDatabase(
        directory: directory.appending(path: "data").path, creates: true)
      let clock = ManualClock()
      let store = try ObjectStore(
        database: database, logger: Logger(label: "p") { _ in SwiftLogNoOpLogHandler() })
      let privacy = PrivacyRepository(store: store, clock: { clock.now })
      var account = try await AccountRepository(database: database).create(
        username: "alice", plan: .free
      ).account
      // A full account gets its data all the same.
      account.limits.storageBytes = 0
      var rows: [PersonalExportRow] = []
      for _ in 0..<PrivacyRepository.maximumExports + 1 {
        rows.append(try await privacy.export(account))
        clock.advance(1)
      }
      await #expect(throws: PlatformError.unknown(what: "export", rows[0].id)) {
        try await privacy.export(rows[0].id, of: account)
      }
      #expect(try await privacy.export(rows[3].id, of: account).expires == clock.now + 3599)
      clock.advance(3599)
      #expect(try await privacy.export(rows[3].id, of: account).name == "alice-data.json")
      clock.advance(1)
      await #expect(throws: PlatformError.self) {
        try await privacy.export(rows[3].id, of: account)
      }
      try await privacy.sweep()
      try await store.collect()
      #expect(try await store.object(at: rows[3].reference) == nil)
      #expect(try await store.use(of: account) == 0)
    }
  }

  @Test func nothingStaysOfADeletedAccount() async throws {
    try await withTwo { client, keys, accounts, database in
      let before = try await database.read { database in
        try PersonalData.exported.map { data -> Int in
          #expect(try Self.count(database, data, of: accounts[0].id) > 0, "\(data.table)")
          return try Self.count(database, data, of: accounts[1].id)
        }
      }
      let words = try await database.read { database -> Set<String> in
        // What only alice's rows have: her identifiers, and what the test has written there.
        var words: Set<String> = [accounts[0].id, "alice"]
        for data in PersonalData.exported {
          for row in try Row.fetchAll(
            database, sql: "SELECT * FROM \(data.table) WHERE \(data.condition)",
            arguments: ["account": accounts[0].id])
          {
            for column in ["id", "publicID"] {
              if let text = row[column] as DatabaseValue?, case .string(let id) = text.storage {
                words.insert(id)
              }
            }
          }
        }
        return words
      }
      #expect(words.count > 8)
      let objects = URL(filePath: database.path).deletingLastPathComponent().appending(
        path: "objects"
      ).path
      func files() throws -> Int {
        try FileManager.default.subpathsOfDirectory(atPath: objects).count {
          $0.split(separator: "/").last?.utf8.count == 64
        }
      }
      #expect(try files() == 3)
      let path = "/api/gdpr"
      await client.check(400, "POST", path, key: keys[0], body: #"{"action":"forget"}"#)
      await client.check(400, "POST", path, key: keys[0], body: "{}")
      await client.check(
        400, "POST", path, key: keys[0], body: #"{"action":"delete","confirmationWord":"delete"}"#)
      try await database.write { try $0.execute(sql: "UPDATE customer SET subscription = 'sub'") }
      let refused = await client.check(
        409, "POST", path, key: keys[0],
        body: #"{"action":"delete","confirmationWord":"DELETE"}"#)
      #expect(refused["error"]?["message"]?.string?.contains("subscription") == true)
      try await database.write { try $0.execute(sql: "UPDATE customer SET subscription = NULL") }
      let deleted = await client.call(
        "POST", path, key: keys[0], body: #"{"action":"delete","confirmationWord":"DELETE"}"#)
      #expect(deleted.status == 200 && deleted.body["data"]?["deleted"] == .bool(true))
      let after = await client.call("GET", "/api/account/summary", key: keys[0])
      #expect(after.status == 401)
      try await database.read { database in
        let traces = try Self.traces(database, of: words)
        #expect(traces == ["ledgerEntry.account"])
        for (data, count) in zip(PersonalData.exported, before) {
          let left = try Self.count(database, data, of: accounts[1].id)
          #expect(left == count, "\(data.table)")
        }
        let sum = try Int.fetchOne(
          database, sql: "SELECT sum(amount) FROM ledgerEntry WHERE account = ?",
          arguments: [accounts[0].id])
        #expect(sum == 5_000_000)
      }
      #expect(try files() == 2)
    }
  }

  @Test func theLastAccountIsDeletedOnlyIfThatIsMeant() async throws {
    try await PlatformClient.serving { client, key, accounts in
      await client.check(409, "POST", "/api/gdpr", key: key, body: #"{"action":"delete"}"#)
      let other = try await accounts.create(username: "bobby", plan: .free).key
      await client.check(200, "POST", "/api/gdpr", key: other, body: #"{"action":"delete"}"#)
      let names = try await accounts.list().map(\.username)
      #expect(names == ["alice"])
      let answer = await client.call(
        "POST", "/api/gdpr", key: key, body: #"{"action":"delete","confirmationWord":"DELETE"}"#)
      #expect(answer.status == 200)
    }
    try await PlatformClient.serving({ $0.confirmsDeletion = true }) { client, _, accounts in
      let other = try await accounts.create(username: "bobby", plan: .free).key
      await client.check(409, "POST", "/api/gdpr", key: other, body: #"{"action":"delete"}"#)
      let writer = try await accounts.createKey(
        name: "w", of: try await accounts.account(named: "bobby"), scopes: [.write]
      ).key
      await client.check(403, "POST", "/api/gdpr", key: writer, body: #"{"action":"export"}"#)
    }
  }
}
#endif
