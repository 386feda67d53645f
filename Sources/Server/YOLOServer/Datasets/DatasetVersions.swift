#if Server
import GRDB
import JSONText
import YOLOGeometry

/// A version of a dataset: a row of the table of versions.
struct DatasetVersionRow: Decodable, FetchableRecord, Sendable {
  let dataset: String
  /// 1 for the first one of the dataset.
  let number: Int
  let description: String?
  /// The state of the dataset that it is of.
  let revision: Int
  /// What the dataset was called, and what was said about it.
  let name: String
  let datasetDescription: String?
  /// The digest of the file with its images.
  let content: String
  /// The size of that file.
  let bytes: Int
  let images: Int
  let classes: Int
  let labels: Int
  let trainImages: Int
  let valImages: Int
  let testImages: Int
  let labeledImages: Int
  /// When the dataset was created, and changed last.
  let sourceCreated: Int
  let sourceUpdated: Int
  let created: Int

  /// Where the file with its images is.
  var reference: ObjectReference {
    get throws(PlatformError) { try Self.reference(dataset: dataset, number: number) }
  }

  static func reference(dataset: String, number: Int) throws(PlatformError) -> ObjectReference {
    try ObjectReference(.datasets, owner: dataset, name: "version-\(number).ndjson")
  }
}

/// The versions of datasets, which stay as they are whatever becomes of the dataset.
struct VersionRepository: Sendable {
  /// The maximum number of versions of a dataset.
  static let maximumCount = 1000
  /// The maximum length of a description in Unicode scalars.
  static let descriptionLimit = 200
  private static let tries = 5

  let store: ObjectStore
  let clock: @Sendable () -> Int

  private var database: PlatformDatabase { store.database }

  /// Creates a version of what a dataset is now, unless the last one is of the same.
  ///
  /// - Returns: The version, and whether it was there.
  /// - Throws: `PlatformError.busyDataset` while files are taken in, `PlatformError.planLimit` for
  ///   too many, `PlatformError.changedDataset` if it is changed again and again meanwhile.
  func create(
    _ locator: ResourceLocator, description: String?, by account: Account
  ) async throws -> (version: DatasetVersionRow, isReused: Bool) {
    try ResourceName.check("description", description, limit: Self.descriptionLimit)
    var tries = 0
    while true {
      let now = clock()
      let (dataset, last) = try await database.read { database in
        let dataset = try DatasetRepository.quiet(database, locator, of: account, now: now)
        return (dataset, try Self.last(database, of: dataset.id))
      }
      if let last, last.revision == dataset.revision { return (last, true) }
      do {
        let staged = try await VersionSnapshot.write(dataset, of: account, to: store)
        return try await add(staged, of: dataset, description: description, by: account)
      } catch PlatformError.changedDataset(let slug) {
        tries += 1
        guard tries < Self.tries else { throw PlatformError.changedDataset(slug) }
      }
    }
  }

  private func add(
    _ staged: StagedObject, of dataset: DatasetRow, description: String?, by account: Account
  ) async throws -> (version: DatasetVersionRow, isReused: Bool) {
    let now = clock()
    let content = staged.object.digest.description
    let passing = try ObjectReference(
      .datasets, owner: dataset.id, name: ResourceID.new("version-", now: now))
    return try await store.put([(staged: staged, reference: passing)], of: account) { database in
      let current = try DatasetRepository.quiet(
        database, .id(dataset.id), of: account, now: now)
      guard current.revision == dataset.revision else {
        throw PlatformError.changedDataset(dataset.slug)
      }
      let last = try Self.last(database, of: dataset.id)
      if let last, last.content == content {
        // What was changed was changed back.
        try ObjectTable.release(database, passing)
        return (last, true)
      }
      let number = (last?.number ?? 0) + 1
      guard number <= Self.maximumCount else {
        throw PlatformError.planLimit(what: "versions", maximum: Self.maximumCount)
      }
      try ObjectTable.adopt(
        database, staged.object.digest,
        as: DatasetVersionRow.reference(dataset: dataset.id, number: number), of: account)
      try ObjectTable.release(database, passing)
      try database.execute(
        sql: """
          INSERT INTO datasetVersion (dataset, number, description, revision, name,
            datasetDescription, content, bytes, images, classes, labels, trainImages, valImages,
            testImages, labeledImages, sourceCreated, sourceUpdated, created)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          dataset.id, number, description, current.revision, current.name, current.description,
          content, staged.object.bytes, current.images, current.classNames.count, current.labels,
          current.trainImages, current.valImages, current.testImages, current.labeledImages,
          current.created, current.updated, now,
        ])
      try database.execute(
        sql: "UPDATE image SET isVersioned = 1 WHERE dataset = ? AND NOT isVersioned",
        arguments: [dataset.id])
      try DatasetRepository.note(
        database, current, .exported, now: now, [JSONMember("version", .int(number))])
      return (try Self.row(database, current, number), false)
    }
  }

  /// Returns the versions of a dataset, the newest first.
  func list(of dataset: String) async throws(PlatformError) -> [DatasetVersionRow] {
    try await database.read { database in
      try DatasetVersionRow.fetchAll(
        database, sql: "SELECT * FROM datasetVersion WHERE dataset = ? ORDER BY number DESC",
        arguments: [dataset])
    }
  }

  /// Returns a version of a dataset.
  ///
  /// - Throws: `PlatformError.storage(.unknown)` if there is none of the number.
  func version(
    _ number: Int, of dataset: DatasetRow
  ) async throws(PlatformError) -> DatasetVersionRow {
    try await database.read { try Self.row($0, dataset, number) }
  }

  /// Changes what is said about a version.
  func describe(
    _ number: Int, of locator: ResourceLocator, _ description: String, by account: Account
  ) async throws(PlatformError) {
    try ResourceName.check("description", description, limit: Self.descriptionLimit)
    let now = clock()
    try await database.write { database in
      let dataset = try DatasetTable.row(database, locator, of: account)
      let version = try Self.row(database, dataset, number)
      try database.execute(
        sql: "UPDATE datasetVersion SET description = ? WHERE dataset = ? AND number = ?",
        arguments: [description, dataset.id, version.number])
      try DatasetRepository.note(
        database, dataset, .updated, now: now, [JSONMember("version", .int(number))])
    }
  }

  /// Restores what a dataset was in a version: its images, their labels and parts, and its classes.
  ///
  /// - Returns: The dataset as it is then.
  /// - Throws: `PlatformError.busyDataset` while files are taken in.
  func restore(
    _ number: Int, of locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> DatasetRow {
    let now = clock()
    let restored = try await database.writeDurably { [store] database in
      let dataset = try DatasetRepository.quiet(database, locator, of: account, now: now)
      let version = try Self.row(database, dataset, number)
      guard let object = try ObjectTable.object(database, at: version.reference) else {
        throw PlatformError.storage(.unknown("file of version \(number)"))
      }
      let header = try Self.restore(
        database, store.path(of: object.digest), to: dataset, now: now)
      try DatasetTable.update(
        database, id: dataset.id,
        [
          ("task", header.task.rawValue), ("classNames", StoredJSON(texts: header.classNames)),
          ("keypointShape", header.keypointShape.map { StoredJSON(integers: $0) }),
          ("keypointFlip", header.keypointFlip.map { StoredJSON(integers: $0) }),
        ])
      try DatasetTable.touch(database, dataset.id, now: now)
      let restored = try DatasetTable.row(database, .id(dataset.id), of: account)
      try DatasetRepository.note(
        database, restored, .restored, now: now, [JSONMember("version", .int(number))])
      return restored
    }
    await store.collectQuietly()
    return restored
  }

  private static func restore(
    _ database: Database, _ path: String, to dataset: DatasetRow, now: Int
  ) throws -> VersionSnapshot.Header {
    try database.execute(
      sql: """
        CREATE TEMP TABLE IF NOT EXISTS restoredImage (id TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID;
        DELETE FROM temp.restoredImage;
        """)
    let note = try database.makeStatement(
      sql: "INSERT INTO temp.restoredImage (id) VALUES (?) ON CONFLICT DO NOTHING")
    var listed = try VersionReader(path)
    while let image = try listed.next() { try note.execute(arguments: [image.id]) }
    try database.execute(
      sql: """
        DELETE FROM image WHERE dataset = ? AND id NOT IN (SELECT id FROM temp.restoredImage)
        """, arguments: [dataset.id])
    let change = try database.makeStatement(
      sql: """
        UPDATE image SET split = :split, rows = :rows, labels = :labels, metadata = :metadata,
          updated = :now WHERE id = :id AND dataset = :dataset
          AND (split <> :split OR rows <> :rows OR metadata IS NOT :metadata)
        """)
    let add = try database.makeStatement(
      sql: """
        INSERT INTO image (id, dataset, sha, copy, bytes, name, split, width, height, rows, labels,
          metadata, isVersioned, ingest, created)
        SELECT :id, :dataset, :sha, :copy, :bytes, :name, :split, :width, :height, :rows, :labels,
          :metadata, 1, NULL, :now
        WHERE NOT EXISTS (SELECT 1 FROM image WHERE id = :id)
        """)
    var reader = try VersionReader(path)
    while let image = try reader.next() {
      let common: StatementArguments = [
        "id": image.id, "dataset": dataset.id, "split": image.split, "rows": image.rows,
        "labels": image.numbers.count, "metadata": image.metadata, "now": now,
      ]
      try change.execute(arguments: common)
      try add.execute(
        arguments: common + [
          "sha": image.sha, "copy": image.copy, "bytes": image.bytes, "name": image.name,
          "width": image.width, "height": image.height,
        ])
    }
    try database.execute(
      sql: """
        DELETE FROM retainedImage WHERE dataset = ?
          AND image IN (SELECT id FROM image WHERE dataset = ?)
        """, arguments: [dataset.id, dataset.id])
    try database.execute(sql: "DELETE FROM temp.restoredImage")
    return reader.header
  }

  private static func last(_ database: Database, of dataset: String) throws -> DatasetVersionRow? {
    try DatasetVersionRow.fetchOne(
      database,
      sql: "SELECT * FROM datasetVersion WHERE dataset = ? ORDER BY number DESC LIMIT 1",
      arguments: [dataset])
  }

  private static func row(
    _ database: Database, _ dataset: DatasetRow, _ number: Int
  ) throws -> DatasetVersionRow {
    let row = try DatasetVersionRow.fetchOne(
      database, sql: "SELECT * FROM datasetVersion WHERE dataset = ? AND number = ?",
      arguments: [dataset.id, number])
    guard let row else {
      throw PlatformError.storage(
        .unknown("version \(number) of the dataset \(dataset.owner)/\(dataset.slug)"))
    }
    return row
  }
}
#endif
