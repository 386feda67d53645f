#if Server
import GRDB

extension DatabaseMigrator {
  /// Trainings: their epochs, what they print, their plots, the tickets of their checkpoints, and
  /// the jobs that workers run.
  ///
  /// A model has one training at a time. Each start of it is a run, which has a number; the epochs
  /// of runs that are over have the number 0, as have those that a request told of.
  mutating func registerTrainings() {
    registerMigration("trainings") { database in
      try database.execute(
        sql: """
          CREATE TABLE training (
            model TEXT PRIMARY KEY NOT NULL REFERENCES model ON DELETE CASCADE,
            run INTEGER NOT NULL,
            job TEXT,
            consoleBytes INTEGER NOT NULL DEFAULT 0,
            omittedChunks INTEGER NOT NULL DEFAULT 0,
            system TEXT,
            lastEvent INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE epoch (
            model TEXT NOT NULL REFERENCES model ON DELETE CASCADE,
            run INTEGER NOT NULL,
            number INTEGER NOT NULL,
            isFinal INTEGER NOT NULL DEFAULT 0,
            metrics TEXT,
            fitness REAL,
            at INTEGER,
            PRIMARY KEY (model, run, number)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE consoleChunk (
            model TEXT NOT NULL REFERENCES model ON DELETE CASCADE,
            run INTEGER NOT NULL,
            number INTEGER NOT NULL,
            content TEXT NOT NULL,
            lines INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (model, run, number)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE plots (
            model TEXT PRIMARY KEY NOT NULL REFERENCES model ON DELETE CASCADE,
            content TEXT NOT NULL
          ) STRICT;
          CREATE TABLE checkpointUpload (
            upload TEXT PRIMARY KEY NOT NULL REFERENCES upload ON DELETE CASCADE,
            path TEXT NOT NULL UNIQUE,
            model TEXT NOT NULL REFERENCES model ON DELETE CASCADE,
            run INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX checkpointUploadByModel ON checkpointUpload (model);
          CREATE TABLE trainingJob (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            model TEXT NOT NULL REFERENCES model ON DELETE CASCADE,
            device TEXT NOT NULL,
            status TEXT NOT NULL
              CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
            arguments TEXT NOT NULL,
            resources TEXT NOT NULL,
            price INTEGER NOT NULL CHECK (price >= 0),
            reserved INTEGER NOT NULL CHECK (reserved >= 0),
            cost INTEGER NOT NULL DEFAULT 0,
            slot INTEGER,
            key TEXT,
            cancelled INTEGER,
            failure TEXT,
            failureCode TEXT,
            created INTEGER NOT NULL,
            started INTEGER,
            ended INTEGER
          ) STRICT;
          CREATE UNIQUE INDEX activeTrainingJob ON trainingJob (model)
            WHERE status IN ('queued', 'running');
          CREATE INDEX openTrainingJob ON trainingJob (number)
            WHERE status IN ('queued', 'running');
          CREATE INDEX trainingJobByModel ON trainingJob (model, number);
          CREATE INDEX trainingJobByAccount ON trainingJob (account)
            WHERE status IN ('queued', 'running');
          ALTER TABLE key ADD COLUMN binding TEXT;
          ALTER TABLE model ADD COLUMN epochCount INTEGER NOT NULL DEFAULT 0;
          CREATE INDEX activeModel ON model (status)
            WHERE status IN ('pending', 'starting', 'running');
          INSERT OR REPLACE INTO epoch (model, run, number, metrics, fitness, at)
            SELECT model.id, 0, json_extract(element.value, '$.epoch'),
              json_extract(element.value, '$.metrics'), json_extract(element.value, '$.fitness'),
              CAST(strftime('%s', json_extract(element.value, '$.timestamp')) AS INTEGER)
            FROM model, json_each(model.trainResults) AS element
            WHERE model.trainResults IS NOT NULL;
          UPDATE model SET epochCount = (SELECT count(*) FROM epoch WHERE epoch.model = model.id);
          INSERT INTO plots (model, content)
            SELECT id, plots FROM model WHERE plots IS NOT NULL;
          ALTER TABLE model DROP COLUMN trainResults;
          ALTER TABLE model DROP COLUMN plots;
          """)
    }
  }
}
#endif
