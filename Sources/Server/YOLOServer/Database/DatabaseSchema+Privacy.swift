#if Server
import GRDB

extension DatabaseMigrator {
  /// The files in which accounts get all that is kept of them.
  mutating func registerPrivacy() {
    registerMigration("privacy") { database in
      try database.execute(
        sql: """
          CREATE TABLE personalExport (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            name TEXT NOT NULL,
            created INTEGER NOT NULL,
            expires INTEGER NOT NULL
          ) STRICT;
          CREATE INDEX personalExportByAccount ON personalExport (account, number);
          CREATE INDEX personalExportByExpiry ON personalExport (expires);
          CREATE TRIGGER personalExportDeleted AFTER DELETE ON personalExport
            BEGIN DELETE FROM reference WHERE kind = 'exports' AND owner = OLD.id; END;
          """)
    }
  }
}
#endif
