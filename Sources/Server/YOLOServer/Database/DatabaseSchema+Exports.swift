#if Server
import GRDB

extension DatabaseMigrator {
  /// Exports of models, which go with their models, and whose files go with them.
  mutating func registerExports() {
    registerMigration("exports") { database in
      try database.execute(
        sql: """
          CREATE TABLE export (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            model TEXT NOT NULL REFERENCES model ON DELETE CASCADE,
            format TEXT NOT NULL,
            formatGiven TEXT NOT NULL,
            arguments TEXT NOT NULL DEFAULT '{}',
            gpuType TEXT,
            weights TEXT NOT NULL,
            status TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            fileName TEXT,
            fileBytes INTEGER,
            failure TEXT,
            created INTEGER NOT NULL,
            started INTEGER,
            completed INTEGER,
            updated INTEGER NOT NULL
          ) STRICT;
          CREATE INDEX exportByModel ON export (model, number);
          CREATE INDEX exportByAccount ON export (account, number);
          CREATE INDEX openExport ON export (number)
            WHERE status IN ('queued', 'starting', 'running');
          CREATE INDEX exportByContent ON export (account, weights, format);
          CREATE TRIGGER exportDeleted AFTER DELETE ON export
            BEGIN DELETE FROM reference WHERE kind = 'exports' AND owner = OLD.id; END;
          """)
    }
  }
}
#endif
