#if Server
import GRDB

extension DatabaseMigrator {
  /// Deployments of models, and what they did in each minute.
  ///
  /// A model in the trash, or none, is not served; the weights of a deployment are its own.
  mutating func registerDeployments() {
    registerMigration("deployments") { database in
      try database.execute(
        sql: """
          CREATE TABLE deployment (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            model TEXT NOT NULL,
            slug TEXT NOT NULL,
            name TEXT NOT NULL,
            region TEXT NOT NULL,
            status TEXT NOT NULL,
            statusMessage TEXT,
            generation INTEGER NOT NULL DEFAULT 1,
            task TEXT,
            title TEXT NOT NULL,
            weights TEXT NOT NULL,
            token TEXT NOT NULL,
            cpu INTEGER NOT NULL,
            memory INTEGER NOT NULL,
            minInstances INTEGER NOT NULL,
            maxInstances INTEGER NOT NULL,
            metadata TEXT NOT NULL DEFAULT '{}',
            deployed INTEGER,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL
          ) STRICT;
          CREATE UNIQUE INDEX deploymentBySlug ON deployment (account, slug);
          CREATE INDEX deploymentByModel ON deployment (model);
          CREATE INDEX deploymentByStatus ON deployment (status);
          CREATE TABLE deploymentMinute (
            deployment TEXT NOT NULL REFERENCES deployment (id) ON DELETE CASCADE,
            minute INTEGER NOT NULL,
            requests INTEGER NOT NULL,
            errors INTEGER NOT NULL,
            milliseconds REAL NOT NULL,
            histogram TEXT NOT NULL,
            samples INTEGER NOT NULL,
            cpu REAL NOT NULL,
            memory REAL NOT NULL,
            instances REAL NOT NULL,
            PRIMARY KEY (deployment, minute)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX deploymentMinuteByAge ON deploymentMinute (minute);
          CREATE TRIGGER deploymentDeleted AFTER DELETE ON deployment
            BEGIN DELETE FROM reference WHERE kind = 'models' AND owner = OLD.id; END;
          CREATE TRIGGER deployedModelTrashed AFTER UPDATE OF trashed ON model
          WHEN NEW.trashed IS NOT NULL BEGIN
            UPDATE deployment SET status = 'stopping', statusMessage = 'Its model is in the trash.'
            WHERE model = NEW.id AND status IN ('creating', 'deploying', 'ready', 'failed');
          END;
          CREATE TRIGGER deployedModelDeleted AFTER DELETE ON model BEGIN
            UPDATE deployment SET status = 'stopping', statusMessage = 'Its model was deleted.'
            WHERE model = OLD.id AND status IN ('creating', 'deploying', 'ready', 'failed');
          END;
          """)
    }
  }
}
#endif
