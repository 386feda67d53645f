#if Server
import GRDB

/// The tables of a kind of database, and how an older one is brought up to them.
struct DatabaseSchema: Sendable {
  /// What marks a database as one of this kind.
  let applicationID: Int
  /// The steps from an empty file on.
  let migrator: DatabaseMigrator

  /// A stand-alone database of keys, marked as `yolo` in ASCII.
  static let keys = DatabaseSchema(applicationID: 0x796F_6C6F) { migrator in
    migrator.registerKeys()
  }

  /// The database of a platform, marked as `yolp` in ASCII.
  static let platform = DatabaseSchema(applicationID: 0x796F_6C70) { migrator in
    migrator.registerKeys()
    migrator.registerAccounts()
    migrator.registerObjects()
    migrator.registerUploads()
    migrator.registerProjects()
    migrator.registerDatasets()
    migrator.registerEventsOfResources()
    migrator.registerWebhooks()
    migrator.registerBilling()
    migrator.registerPrivacy()
    migrator.registerDatasetVersions()
    migrator.registerTrainings()
    migrator.registerExports()
    migrator.registerDeployments()
    migrator.registerDatasetExportNames()
  }

  private init(applicationID: Int, _ register: (inout DatabaseMigrator) -> Void) {
    self.applicationID = applicationID
    var migrator = DatabaseMigrator()
    register(&migrator)
    self.migrator = migrator
  }

  /// Creates or migrates the tables.
  ///
  /// Throws ``KeyStoreError`` for a damaged file, a database of another program or of a newer
  /// version.
  func prepare(_ pool: DatabasePool, path: String) throws {
    try pool.write { database in
      let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
      guard verdict == "ok" else {
        throw KeyStoreError.damaged(path: path, reason: verdict ?? "it cannot be checked")
      }
      let owner = try Int.fetchOne(database, sql: "PRAGMA application_id")
      let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema")
      switch (owner, tables) {
      case (applicationID, _): break
      case (0, 0): try database.execute(sql: "PRAGMA application_id = \(applicationID)")
      default: throw KeyStoreError.foreign(path: path)
      }
    }
    guard try !pool.read(migrator.hasBeenSuperseded) else { throw KeyStoreError.newer(path: path) }
    do {
      try migrator.migrate(pool)
    } catch let error as DatabaseError {
      // Another process may have migrated between the look at what is missing and its making.
      guard try pool.read(migrator.hasCompletedMigrations) else { throw error }
    }
  }
}

extension DatabaseMigrator {
  /// Keys, and their calls of an hour.
  fileprivate mutating func registerKeys() {
    registerMigration("keys and hours") { database in
      try database.execute(
        sql: """
          CREATE TABLE key (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            digest BLOB NOT NULL UNIQUE,
            isRestricted INTEGER NOT NULL,
            created INTEGER NOT NULL,
            lastUsed INTEGER,
            revoked INTEGER
          ) STRICT;
          CREATE TABLE keyModel (
            key INTEGER NOT NULL REFERENCES key ON DELETE CASCADE,
            model TEXT NOT NULL,
            PRIMARY KEY (key, model)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE hour (
            key INTEGER PRIMARY KEY REFERENCES key ON DELETE CASCADE,
            start INTEGER NOT NULL,
            calls INTEGER NOT NULL
          ) STRICT;
          CREATE TABLE generation (number INTEGER NOT NULL) STRICT;
          INSERT INTO generation VALUES (0);
          CREATE TRIGGER keyMade AFTER INSERT ON key
            BEGIN UPDATE generation SET number = number + 1; END;
          CREATE TRIGGER keyRevoked AFTER UPDATE OF revoked ON key
            BEGIN UPDATE generation SET number = number + 1; END;
          CREATE TRIGGER keyDeleted AFTER DELETE ON key
            BEGIN UPDATE generation SET number = number + 1; END;
          """)
    }
  }

  /// Accounts, what their keys may do, their calls and their money.
  fileprivate mutating func registerAccounts() {
    registerMigration("accounts") { database in
      try database.execute(
        sql: """
          CREATE TABLE account (
            id TEXT PRIMARY KEY NOT NULL,
            username TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            plan TEXT NOT NULL,
            callsPerMinute INTEGER,
            callsPerDay INTEGER,
            created INTEGER NOT NULL
          ) STRICT;
          CREATE TRIGGER accountChanged AFTER UPDATE ON account
            BEGIN UPDATE generation SET number = number + 1; END;
          CREATE TRIGGER accountDeleted AFTER DELETE ON account
            BEGIN UPDATE generation SET number = number + 1; END;
          ALTER TABLE key ADD COLUMN publicID TEXT;
          ALTER TABLE key ADD COLUMN account TEXT REFERENCES account ON DELETE CASCADE;
          ALTER TABLE key ADD COLUMN prefix TEXT;
          ALTER TABLE key ADD COLUMN scopes TEXT;
          CREATE UNIQUE INDEX keyByPublicID ON key (publicID);
          CREATE INDEX keyByAccount ON key (account);
          CREATE TABLE keyImport (path TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
          CREATE TABLE callWindow (
            owner TEXT NOT NULL,
            kind TEXT NOT NULL,
            start INTEGER NOT NULL,
            calls INTEGER NOT NULL,
            PRIMARY KEY (owner, kind)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE ledgerEntry (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            account TEXT NOT NULL,
            purse TEXT NOT NULL CHECK (purse IN ('cash', 'credit')),
            amount INTEGER NOT NULL,
            kind TEXT NOT NULL,
            externalID TEXT UNIQUE,
            balanceAfter INTEGER NOT NULL CHECK (balanceAfter >= 0),
            at INTEGER NOT NULL
          ) STRICT;
          CREATE INDEX ledgerByAccount ON ledgerEntry (account, purse, id);
          CREATE TRIGGER ledgerUnchanged BEFORE UPDATE ON ledgerEntry
            BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END;
          CREATE TRIGGER ledgerKept BEFORE DELETE ON ledgerEntry
            BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END;
          """)
    }
  }
}
#endif
