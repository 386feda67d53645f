#if Server
import GRDB

extension DatabaseMigrator {
  /// Datasets, their images, and what is taken into them.
  ///
  /// Triggers keep what is counted of the images of a dataset, so that lists do not count.
  mutating func registerDatasets() {
    registerMigration("datasets") { database in
      try database.execute(
        sql: """
          CREATE TABLE dataset (
            id TEXT PRIMARY KEY NOT NULL,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            slug TEXT NOT NULL,
            name TEXT NOT NULL,
            description TEXT,
            task TEXT NOT NULL,
            isTaskGiven INTEGER NOT NULL,
            visibility TEXT NOT NULL CHECK (visibility IN ('private', 'public')),
            tags TEXT,
            license TEXT,
            metadata TEXT NOT NULL DEFAULT '{}',
            classNames TEXT NOT NULL DEFAULT '[]',
            keypointShape TEXT,
            keypointFlip TEXT,
            status TEXT NOT NULL CHECK (status IN ('ready', 'processing', 'failed')),
            failure TEXT,
            failedAt INTEGER,
            revision INTEGER NOT NULL DEFAULT 1,
            images INTEGER NOT NULL DEFAULT 0,
            trainImages INTEGER NOT NULL DEFAULT 0,
            valImages INTEGER NOT NULL DEFAULT 0,
            testImages INTEGER NOT NULL DEFAULT 0,
            labeledImages INTEGER NOT NULL DEFAULT 0,
            labels INTEGER NOT NULL DEFAULT 0,
            imageBytes INTEGER NOT NULL DEFAULT 0,
            clonedFrom TEXT,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            trashed INTEGER
          ) STRICT;
          CREATE UNIQUE INDEX datasetBySlug ON dataset (account, slug) WHERE trashed IS NULL;
          CREATE INDEX datasetByAge ON dataset (account, created) WHERE trashed IS NULL;
          CREATE INDEX publicDataset ON dataset (updated)
            WHERE trashed IS NULL AND visibility = 'public';
          CREATE INDEX trashedDataset ON dataset (trashed) WHERE trashed IS NOT NULL;
          CREATE TABLE image (
            id TEXT PRIMARY KEY NOT NULL,
            dataset TEXT NOT NULL REFERENCES dataset ON DELETE CASCADE,
            sha TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            name TEXT NOT NULL,
            split TEXT NOT NULL CHECK (split IN ('train', 'val', 'test')),
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            rows TEXT NOT NULL,
            labels INTEGER NOT NULL,
            ingest TEXT,
            created INTEGER NOT NULL
          ) STRICT;
          CREATE UNIQUE INDEX imageByContent ON image (dataset, sha);
          CREATE INDEX imageByAge ON image (dataset, id);
          CREATE INDEX imageBySplit ON image (dataset, split, id);
          CREATE TRIGGER imageAdded AFTER INSERT ON image BEGIN
            UPDATE dataset SET images = images + 1, labels = labels + NEW.labels,
              imageBytes = imageBytes + NEW.bytes,
              labeledImages = labeledImages + (NEW.labels > 0),
              trainImages = trainImages + (NEW.split = 'train'),
              valImages = valImages + (NEW.split = 'val'),
              testImages = testImages + (NEW.split = 'test')
              WHERE id = NEW.dataset;
          END;
          CREATE TRIGGER imageRemoved AFTER DELETE ON image BEGIN
            UPDATE dataset SET images = images - 1, labels = labels - OLD.labels,
              imageBytes = imageBytes - OLD.bytes,
              labeledImages = labeledImages - (OLD.labels > 0),
              trainImages = trainImages - (OLD.split = 'train'),
              valImages = valImages - (OLD.split = 'val'),
              testImages = testImages - (OLD.split = 'test')
              WHERE id = OLD.dataset;
            DELETE FROM reference WHERE kind = 'images' AND owner = OLD.id;
          END;
          CREATE TRIGGER imageChanged AFTER UPDATE OF split, labels ON image BEGIN
            UPDATE dataset SET labels = labels + NEW.labels - OLD.labels,
              labeledImages = labeledImages + (NEW.labels > 0) - (OLD.labels > 0),
              trainImages = trainImages + (NEW.split = 'train') - (OLD.split = 'train'),
              valImages = valImages + (NEW.split = 'val') - (OLD.split = 'val'),
              testImages = testImages + (NEW.split = 'test') - (OLD.split = 'test')
              WHERE id = NEW.dataset;
          END;
          CREATE TABLE ingest (
            id TEXT PRIMARY KEY NOT NULL,
            dataset TEXT NOT NULL REFERENCES dataset ON DELETE CASCADE,
            name TEXT NOT NULL,
            split TEXT CHECK (split IN ('train', 'val', 'test')),
            status TEXT NOT NULL
              CHECK (status IN ('queued', 'running', 'completed', 'failed')),
            added INTEGER NOT NULL DEFAULT 0,
            repeated INTEGER NOT NULL DEFAULT 0,
            faulty INTEGER NOT NULL DEFAULT 0,
            faults TEXT NOT NULL DEFAULT '[]',
            omittedFaults INTEGER NOT NULL DEFAULT 0,
            failure TEXT,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL
          ) STRICT;
          CREATE INDEX ingestByDataset ON ingest (dataset, created);
          CREATE INDEX openIngest ON ingest (created) WHERE status IN ('queued', 'running');
          CREATE TABLE datasetExport (
            dataset TEXT NOT NULL REFERENCES dataset ON DELETE CASCADE,
            origin TEXT NOT NULL,
            revision INTEGER NOT NULL,
            name TEXT NOT NULL,
            created INTEGER NOT NULL,
            PRIMARY KEY (dataset, origin)
          ) STRICT, WITHOUT ROWID;
          CREATE TRIGGER datasetDeleted AFTER DELETE ON dataset BEGIN
            DELETE FROM star WHERE resource = OLD.id;
            DELETE FROM reference WHERE kind IN ('datasets', 'exports') AND owner = OLD.id;
          END;
          """)
    }
  }
}
#endif
