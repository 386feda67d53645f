#if Server
import GRDB

extension DatabaseMigrator {
  /// Versions of datasets, the images that only versions still have, the classes of images, and the
  /// orders that images are listed in.
  mutating func registerDatasetVersions() {
    registerMigration("dataset versions") { database in
      try database.execute(sql: Self.imageColumns)
      try database.execute(sql: Self.imageClasses)
      try database.execute(sql: Self.versions)
    }
  }

  /// Forgets the exports of datasets that have the owner and the name that these had at first: they
  /// are made anew when they are asked for.
  mutating func registerDatasetExportNames() {
    registerMigration("names of dataset exports") { database in
      try database.execute(
        sql: """
          DELETE FROM reference WHERE kind = 'exports' AND owner IN (SELECT id FROM dataset);
          DELETE FROM datasetExport WHERE instr(name, '/') = 0;
          DELETE FROM versionExport WHERE instr(name, '/') = 0;
          """)
    }
  }

  /// `copy` tells images of one content apart that a dataset has several times; `isVersioned` are
  /// those that a version has.
  ///
  /// The indexes have what lists are filtered by, so that what an offset passes over is read from
  /// them alone.
  private static var imageColumns: String {
    """
    ALTER TABLE image ADD COLUMN copy TEXT NOT NULL DEFAULT '';
    ALTER TABLE image ADD COLUMN isVersioned INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE image ADD COLUMN metadata TEXT;
    ALTER TABLE image ADD COLUMN updated INTEGER;
    DROP INDEX imageByContent;
    CREATE UNIQUE INDEX imageByContent ON image (dataset, sha, copy);
    CREATE INDEX imageBySha ON image (sha);
    DROP INDEX imageByAge;
    CREATE INDEX imageByAge ON image (dataset, id, split, labels, name);
    CREATE INDEX imageByName ON image (dataset, name, id, split, labels);
    CREATE INDEX imageByWidth ON image (dataset, width, id, split, labels);
    CREATE INDEX imageByHeight ON image (dataset, height, id, split, labels);
    CREATE INDEX imageByBytes ON image (dataset, bytes, id, split, labels);
    CREATE INDEX imageByLabels ON image (dataset, labels, id, split);
    CREATE INDEX modelByDataset ON model (dataset) WHERE dataset IS NOT NULL;
    ALTER TABLE ingest ADD COLUMN policy TEXT CHECK (policy IN ('skip', 'keep_both', 'replace'));
    ALTER TABLE ingest ADD COLUMN classMapping TEXT;
    ALTER TABLE ingest ADD COLUMN source TEXT;
    """
  }

  private static var imageClasses: String {
    let labels = """
      SELECT NEW.dataset, CAST(json_extract(label.value, '$[0]') AS INTEGER), NEW.id, count(*)
        FROM json_each(NEW.rows) AS label GROUP BY 2
      """
    let former = """
      DELETE FROM imageClass WHERE dataset = OLD.dataset AND image = OLD.id AND class IN (
        SELECT CAST(json_extract(label.value, '$[0]') AS INTEGER) FROM json_each(OLD.rows) AS label)
      """
    return """
      CREATE TABLE imageClass (
        dataset TEXT NOT NULL,
        class INTEGER NOT NULL,
        image TEXT NOT NULL,
        labels INTEGER NOT NULL,
        PRIMARY KEY (dataset, class, image)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO imageClass (dataset, class, image, labels)
        SELECT image.dataset, CAST(json_extract(label.value, '$[0]') AS INTEGER), image.id, count(*)
        FROM image, json_each(image.rows) AS label GROUP BY 1, 2, 3;
      CREATE TRIGGER imageClassesAdded AFTER INSERT ON image WHEN NEW.labels > 0 BEGIN
        INSERT INTO imageClass (dataset, class, image, labels) \(labels);
      END;
      CREATE TRIGGER imageClassesRemoved AFTER DELETE ON image WHEN OLD.labels > 0 BEGIN
        \(former);
      END;
      CREATE TRIGGER imageClassesChanged AFTER UPDATE OF rows ON image
        WHEN OLD.rows <> NEW.rows BEGIN
        \(former);
        INSERT INTO imageClass (dataset, class, image, labels) \(labels);
      END;
      """
  }

  /// An image that a version has keeps the reference of its file when it is deleted; it goes with
  /// the dataset.
  private static var versions: String {
    """
    CREATE TABLE retainedImage (
      image TEXT PRIMARY KEY NOT NULL,
      dataset TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX retainedImageByDataset ON retainedImage (dataset);
    DROP TRIGGER imageRemoved;
    CREATE TRIGGER imageRemoved AFTER DELETE ON image BEGIN
      UPDATE dataset SET images = images - 1, labels = labels - OLD.labels,
        imageBytes = imageBytes - OLD.bytes,
        labeledImages = labeledImages - (OLD.labels > 0),
        trainImages = trainImages - (OLD.split = 'train'),
        valImages = valImages - (OLD.split = 'val'),
        testImages = testImages - (OLD.split = 'test')
        WHERE id = OLD.dataset;
      INSERT INTO retainedImage (image, dataset)
        SELECT OLD.id, OLD.dataset WHERE OLD.isVersioned
          AND EXISTS (SELECT 1 FROM dataset WHERE id = OLD.dataset)
        ON CONFLICT (image) DO NOTHING;
      DELETE FROM reference WHERE kind = 'images' AND owner = OLD.id
        AND NOT EXISTS (SELECT 1 FROM retainedImage WHERE image = OLD.id);
    END;
    CREATE TABLE datasetVersion (
      dataset TEXT NOT NULL REFERENCES dataset ON DELETE CASCADE,
      number INTEGER NOT NULL,
      description TEXT,
      revision INTEGER NOT NULL,
      name TEXT NOT NULL,
      datasetDescription TEXT,
      content TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      images INTEGER NOT NULL,
      classes INTEGER NOT NULL,
      labels INTEGER NOT NULL,
      trainImages INTEGER NOT NULL,
      valImages INTEGER NOT NULL,
      testImages INTEGER NOT NULL,
      labeledImages INTEGER NOT NULL,
      sourceCreated INTEGER NOT NULL,
      sourceUpdated INTEGER NOT NULL,
      created INTEGER NOT NULL,
      PRIMARY KEY (dataset, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE versionExport (
      dataset TEXT NOT NULL REFERENCES dataset ON DELETE CASCADE,
      number INTEGER NOT NULL,
      origin TEXT NOT NULL,
      name TEXT NOT NULL,
      created INTEGER NOT NULL,
      PRIMARY KEY (dataset, number, origin)
    ) STRICT, WITHOUT ROWID;
    DROP TRIGGER datasetDeleted;
    CREATE TRIGGER datasetDeleted AFTER DELETE ON dataset BEGIN
      DELETE FROM star WHERE resource = OLD.id;
      DELETE FROM reference WHERE kind = 'images'
        AND owner IN (SELECT image FROM retainedImage WHERE dataset = OLD.id);
      DELETE FROM retainedImage WHERE dataset = OLD.id;
      DELETE FROM reference WHERE kind = 'datasets' AND owner = OLD.id;
      DELETE FROM reference WHERE kind = 'exports'
        AND owner > OLD.id || '-' AND owner < OLD.id || '.';
    END;
    """
  }
}
#endif
