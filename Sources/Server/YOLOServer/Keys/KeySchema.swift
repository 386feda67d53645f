#if Server
import GRDB

/// The tables of the database of keys, and how an older database is brought up to them.
enum KeySchema {
  /// What marks a database as one of keys: `yolo` in ASCII.
  private static let applicationID = 0x796F_6C6F

  private static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("keys and hours") { database in
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
    return migrator
  }()

  /// Creates or migrates the tables.
  ///
  /// Throws ``KeyStoreError`` for a damaged file, a database of another program or of a newer version.
  static func prepare(_ pool: DatabasePool, path: String) throws {
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
#endif
