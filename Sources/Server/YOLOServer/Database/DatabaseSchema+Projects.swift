#if Server
import GRDB

extension DatabaseMigrator {
  /// Projects and their models, who likes them, and what happened.
  ///
  /// Times are seconds since 1970. What is in the trash has a time in `trashed`, and is in no list;
  /// a model that went there with its project names it in `trashedWith`. A slug is unique among what
  /// is not in the trash. A model that is deleted needs its files no more.
  mutating func registerProjects() {
    registerMigration("projects and models") { database in
      try database.execute(
        sql: """
          CREATE TABLE project (
            id TEXT PRIMARY KEY NOT NULL,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            slug TEXT NOT NULL,
            name TEXT NOT NULL,
            description TEXT,
            visibility TEXT NOT NULL CHECK (visibility IN ('private', 'public')),
            tags TEXT,
            license TEXT,
            isArchived INTEGER NOT NULL DEFAULT 0,
            iconColor TEXT,
            iconLetter TEXT,
            viewPreferences TEXT,
            metadata TEXT NOT NULL DEFAULT '{}',
            clonedFrom TEXT,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            trashed INTEGER
          ) STRICT;
          CREATE UNIQUE INDEX projectBySlug ON project (account, slug) WHERE trashed IS NULL;
          CREATE INDEX projectByAge ON project (account, created) WHERE trashed IS NULL;
          CREATE INDEX publicProject ON project (updated)
            WHERE trashed IS NULL AND visibility = 'public';
          CREATE INDEX trashedProject ON project (trashed) WHERE trashed IS NOT NULL;
          CREATE INDEX projectByOrigin ON project (clonedFrom) WHERE clonedFrom IS NOT NULL;
          CREATE TABLE model (
            id TEXT PRIMARY KEY NOT NULL,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            project TEXT NOT NULL REFERENCES project ON DELETE CASCADE,
            slug TEXT NOT NULL,
            name TEXT NOT NULL,
            description TEXT,
            task TEXT,
            status TEXT NOT NULL,
            license TEXT,
            color TEXT,
            version TEXT,
            docs TEXT,
            dataset TEXT,
            sourceModel TEXT,
            baseModel TEXT,
            clonedFrom TEXT,
            epochs INTEGER,
            bestEpoch INTEGER,
            bestFitness REAL,
            metrics TEXT,
            trainArgs TEXT,
            trainResults TEXT,
            trainingError TEXT,
            plots TEXT,
            environment TEXT,
            classNames TEXT,
            parameters INTEGER,
            fileName TEXT,
            fileDigest TEXT,
            fileBytes INTEGER,
            metadata TEXT NOT NULL DEFAULT '{}',
            started INTEGER,
            completed INTEGER,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            trashed INTEGER,
            trashedWith TEXT
          ) STRICT;
          CREATE UNIQUE INDEX modelBySlug ON model (project, slug) WHERE trashed IS NULL;
          CREATE INDEX modelByAge ON model (project, created, fileBytes) WHERE trashed IS NULL;
          CREATE INDEX modelByAccount ON model (account, created) WHERE trashed IS NULL;
          CREATE INDEX modelByProject ON model (project);
          CREATE INDEX trashedModel ON model (trashed) WHERE trashed IS NOT NULL;
          CREATE INDEX modelByOrigin ON model (clonedFrom) WHERE clonedFrom IS NOT NULL;
          CREATE TABLE star (
            resource TEXT NOT NULL,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            PRIMARY KEY (resource, account)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX starByAccount ON star (account);
          CREATE TRIGGER projectDeleted AFTER DELETE ON project
            BEGIN DELETE FROM star WHERE resource = OLD.id; END;
          CREATE TRIGGER modelDeleted AFTER DELETE ON model BEGIN
            DELETE FROM star WHERE resource = OLD.id;
            DELETE FROM reference WHERE kind = 'models' AND owner = OLD.id;
          END;
          CREATE TABLE event (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            type TEXT NOT NULL,
            action TEXT NOT NULL,
            resource TEXT,
            resourceName TEXT,
            message TEXT NOT NULL,
            metadata TEXT NOT NULL DEFAULT '{}',
            isSeen INTEGER NOT NULL DEFAULT 0,
            isArchived INTEGER NOT NULL DEFAULT 0,
            at INTEGER NOT NULL
          ) STRICT;
          CREATE INDEX eventByAccount ON event (account, isArchived, number);
          """)
    }
  }

  /// Finds what was done with one resource: the order of the trash is that of its events.
  mutating func registerEventsOfResources() {
    registerMigration("events of resources") { database in
      try database.execute(
        sql: """
          CREATE INDEX eventByResource ON event (resource, action, number)
            WHERE resource IS NOT NULL;
          """)
    }
  }
}
#endif
