#if Server
import GRDB
import JSONText
import YOLODatasets
import YOLOGeometry

/// The datasets of accounts.
struct DatasetRepository: Sendable {
  /// The maximum number of datasets of an account, those in the trash among them.
  static let maximumCount = 10_000

  let store: ObjectStore
  let clock: @Sendable () -> Int

  var database: PlatformDatabase { store.database }

  /// Which datasets are listed.
  struct Filter: Sendable, Hashable {
    /// What their labels are for; nil for all.
    var task: VisionTask?
    /// What the name must have, whatever its case.
    var search: String?
  }

  /// Returns the datasets of an owner that somebody may see, the newest first, and how many there
  /// are in all.
  func list(
    of owner: Account, viewer: Account?, _ filter: Filter = Filter(), page: Page
  ) async throws(PlatformError) -> (datasets: [DatasetRow], total: Int) {
    try await database.read { database in
      let condition =
        "dataset.account = :account AND (:task IS NULL OR dataset.task = :task)"
        + " AND (:search IS NULL OR dataset.name LIKE :search ESCAPE '\\')"
        + (owner.id == viewer?.id ? "" : " AND dataset.visibility = 'public'")
      let arguments: StatementArguments = [
        "account": owner.id, "task": filter.task?.rawValue,
        "search": filter.search.map(LikePattern.containing),
      ]
      let datasets = try DatasetTable.rows(
        database,
        where: """
          \(condition) ORDER BY dataset.created DESC, dataset.rowid DESC
          LIMIT :limit OFFSET :offset
          """, arguments + ["limit": page.limit, "offset": page.offset], viewer: viewer)
      let total = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM dataset WHERE trashed IS NULL AND \(condition)",
        arguments: arguments)
      return (datasets, total ?? 0)
    }
  }

  /// Returns a dataset that somebody may see.
  func dataset(
    _ locator: ResourceLocator, viewer: Account?
  ) async throws(PlatformError) -> DatasetRow {
    try await database.read { try DatasetTable.row($0, locator, viewer: viewer) }
  }

  /// Returns a dataset of an account.
  ///
  /// - Throws: `PlatformError.foreignResource` for one that it may only see.
  func dataset(
    _ locator: ResourceLocator, of account: Account
  ) async throws(PlatformError) -> DatasetRow {
    try await database.read { try DatasetTable.row($0, locator, of: account) }
  }

  /// Adds a dataset to an account.
  func create(
    _ draft: DatasetDraft, of account: Account
  ) async throws(PlatformError) -> DatasetRow {
    try draft.check()
    let now = clock()
    return try await database.write { database in
      try Self.checkCount(database, of: account)
      let row = try DatasetTable.insert(database, draft, account: account, now: now)
      try Self.note(database, row, .created, now: now)
      return row
    }
  }

  /// Changes a dataset of an account; a new name means a new slug, too.
  ///
  /// - Throws: `PlatformError.invalid` for names of fewer classes than the labels have.
  func update(
    _ locator: ResourceLocator, _ changes: DatasetChanges, by account: Account
  ) async throws(PlatformError) -> DatasetRow {
    try changes.check()
    let now = clock()
    return try await database.write { database in
      let row = try DatasetTable.row(database, locator, of: account)
      var columns = changes.columns
      guard !columns.isEmpty else { return row }
      if let names = changes.classNames, names.count < row.classNames.count {
        throw PlatformError.invalid(
          argument: "classNames", given: "\(names.count) names",
          expected: "at least \(row.classNames.count) names, as the labels have so many classes")
      }
      if let name = changes.name, name != row.name {
        let slug = try DatasetTable.freeSlug(
          database, given: nil, name: name, account: account.id, except: row.id)
        columns.append(("slug", slug))
      }
      columns.append(("updated", now))
      // What an export tells of.
      if changes.classNames != nil || changes.name != nil || changes.description != nil {
        columns.append(("revision", row.revision + 1))
      }
      try DatasetTable.update(database, id: row.id, columns)
      let changed = try DatasetTable.row(database, .id(row.id), of: account)
      if changed.visibility != row.visibility {
        try Self.note(
          database, changed, changed.visibility == .public ? .shared : .unshared, now: now)
      } else {
        try Self.note(database, changed, .updated, now: now)
      }
      return changed
    }
  }

  /// Notes whether an account likes a dataset that it may see; returns how many do.
  func star(
    _ locator: ResourceLocator, _ isStarred: Bool, by account: Account
  ) async throws(PlatformError) -> Int {
    try await database.write { database in
      let row = try DatasetTable.row(database, locator, viewer: account)
      return try StarTable.set(database, isStarred, resource: row.id, by: account)
    }
  }

  /// Moves a dataset into the trash.
  ///
  /// - Throws: `PlatformError.busyDataset` while files are taken in.
  func trash(
    _ locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> DatasetRow {
    let now = clock()
    return try await database.write { database in
      let row = try DatasetTable.row(database, locator, of: account)
      try DatasetTable.checkQuiet(database, row, now: now)
      guard try !TrainingTable.reads(database, dataset: row.id) else {
        throw PlatformError.datasetInTraining(row.slug)
      }
      try database.execute(
        sql: "UPDATE dataset SET trashed = ? WHERE id = ?", arguments: [now, row.id])
      try Self.note(database, row, .trashed, now: now)
      return row
    }
  }

  /// Copies a dataset that an account may see into the account; the files of the images are
  /// shared.
  func clone(
    _ locator: ResourceLocator, to account: Account,
    drafting: @escaping @Sendable (DatasetRow) -> DatasetDraft
  ) async throws(PlatformError) -> DatasetRow {
    let now = clock()
    return try await database.write { database in
      let source = try DatasetTable.row(database, locator, viewer: account)
      try DatasetTable.checkQuiet(database, source, now: now)
      let draft = drafting(source)
      try draft.check()
      try Self.checkCount(database, of: account)
      let copy = try DatasetTable.insert(
        database, draft, account: account, clonedFrom: source.id, now: now)
      let images = try ImageRow.fetchCursor(
        database, sql: "SELECT * FROM image WHERE dataset = ? ORDER BY id", arguments: [source.id])
      var number = 0
      while let image = try images.next() {
        guard let digest = ObjectDigest(image.sha) else { continue }
        let new = NewImage(
          id: ResourceID.numbered(number, now: now),
          object: StoredObject(digest: digest, bytes: image.bytes), name: image.name,
          split: image.split, size: Size(width: image.width, height: image.height),
          rows: image.numbers)
        number += 1
        try ObjectTable.adopt(database, digest, as: new.reference, of: account)
        try ImageTable.add(
          database, new, copy: image.copy, metadata: image.metadata, to: copy.id,
          ingest: copy.id, now: now)
      }
      let complete = try DatasetTable.row(database, .id(copy.id), of: account)
      try Self.note(database, complete, .cloned, now: now)
      return complete
    }
  }

  private static func checkCount(_ database: Database, of account: Account) throws {
    let count = try Int.fetchOne(
      database, sql: "SELECT count(*) FROM dataset WHERE account = ?", arguments: [account.id])
    guard let count, count < maximumCount else {
      throw PlatformError.planLimit(what: "datasets", maximum: maximumCount)
    }
  }

  /// Adds an event of a dataset.
  static func note(
    _ database: Database, _ row: DatasetRow, _ action: EventAction, now: Int,
    _ metadata: [JSONMember] = []
  ) throws {
    try EventRepository.add(
      database, to: row.account, .dataset, action, resource: row.id, name: row.name, now: now,
      metadata: metadata)
  }
}

/// The images of datasets.
extension DatasetRepository {
  /// Returns a part of the images of a dataset, and how many there are in all of the filter; nil
  /// for the latter if it is not asked for.
  func images(
    of locator: ResourceLocator, _ filter: ImageFilter, counts: Bool = true, viewer: Account?
  ) async throws(PlatformError) -> (dataset: DatasetRow, images: [ImageRow], total: Int?) {
    try await database.read { database in
      let row = try DatasetTable.row(database, locator, viewer: viewer)
      let images = try ImageTable.rows(database, of: row.id, filter)
      guard counts else { return (row, images, nil) }
      // What is counted for the dataset need not be counted again.
      let total =
        filter.isPlain
        ? row.count(of: filter.split) : try ImageTable.count(database, of: row.id, filter)
      return (row, images, total)
    }
  }

  /// Returns an image that somebody may see, and its dataset.
  func image(
    _ id: String, viewer: Account?
  ) async throws(PlatformError) -> (image: ImageRow, dataset: DatasetRow) {
    try await database.read { try ImageTable.row($0, id, viewer: viewer) }
  }

  /// Returns images of one dataset that somebody may see.
  func images(
    _ ids: [String], viewer: Account?
  ) async throws(PlatformError) -> [ImageRow] {
    try await database.read { try ImageTable.rows($0, ids, viewer: viewer).images }
  }

  /// What of an image is to change; nil for what stays.
  struct ImageChanges: Sendable {
    var split: String?
    var labels: [LabelInput]?
    var metadata: StoredJSON?
  }

  /// Changes the part, the labels or the metadata of an image of an account.
  ///
  /// - Throws: `PlatformError.invalid` for labels that are none of the task, or of a class that the
  ///   dataset does not have.
  func updateImage(
    _ id: String, _ changes: ImageChanges, by account: Account
  ) async throws(PlatformError) -> (image: ImageRow, dataset: DatasetRow) {
    let now = clock()
    return try await database.write { database in
      let (image, dataset) = try Self.editable(database, [id], of: account)
      let rows = changes.labels?.map { $0.row(dataset.task) }
      if let rows { try dataset.check(rows: rows) }
      try database.execute(
        sql: """
          UPDATE image SET split = coalesce(?, split), rows = coalesce(?, rows),
            labels = coalesce(?, labels), metadata = coalesce(?, metadata), updated = ?
          WHERE id = ?
          """,
        arguments: [
          changes.split, rows.map(ImageTable.text), rows?.count, changes.metadata, now, id,
        ])
      try Self.noteImages(database, dataset, "updated", count: image.count, now: now)
      return try ImageTable.row(database, id, viewer: account)
    }
  }

  /// Deletes images of one dataset of an account for ever.
  func deleteImages(
    _ ids: [String], by account: Account
  ) async throws(PlatformError) -> Int {
    let now = clock()
    let count = try await database.write { database in
      let (images, dataset) = try Self.editable(database, ids, of: account)
      for image in images {
        try database.execute(sql: "DELETE FROM image WHERE id = ?", arguments: [image.id])
      }
      try Self.noteImages(database, dataset, "deleted", count: images.count, now: now)
      return images.count
    }
    await store.collectQuietly()
    return count
  }

  /// Returns images of one dataset of an account, which may be changed.
  static func editable(
    _ database: Database, _ ids: [String], of account: Account
  ) throws -> (images: [ImageRow], dataset: DatasetRow) {
    let (images, dataset) = try ImageTable.rows(database, ids, viewer: account)
    guard dataset.account == account.id else {
      throw PlatformError.foreignResource(.dataset, dataset.slug)
    }
    return (images, dataset)
  }

  /// Notes that images or labels of a dataset have changed.
  static func noteImages(
    _ database: Database, _ dataset: DatasetRow, _ what: String, count: Int, now: Int
  ) throws {
    try DatasetTable.touch(database, dataset.id, now: now)
    try note(
      database, dataset, .updated, now: now,
      [JSONMember("images", .string(what)), JSONMember("count", .int(count))])
  }
}

extension DatasetRow {
  /// The images of a part, or of all.
  func count(of split: String?) -> Int {
    switch split {
    case "train": trainImages
    case "val": valImages
    case "test": testImages
    default: images
    }
  }

  /// Checks labels that a client has sent.
  ///
  /// - Throws: `PlatformError.invalid` that names the row.
  func check(rows: [[Float]]) throws(PlatformError) {
    try Self.check(
      rows: rows, task: task, classCount: classNames.count, keypointShape: keypointShape)
  }

  /// Checks labels of a task.
  static func check(
    rows: [[Float]], task: VisionTask, classCount: Int, keypointShape: [Int]?
  ) throws(PlatformError) {
    let expected: String =
      switch task {
      case .classify: "a class"
      case .detect: "a class, the center and the size of a box"
      case .semantic, .depth: "nothing"
      case .segment: "a class and at least three points"
      case .obb: "a class and four corners"
      case .pose:
        "a class, the center and the size of a box, and \((keypointShape ?? [0])[0]) keypoints"
      }
    guard rows.count <= 10_000, task != .classify || rows.count <= 1 else {
      throw .invalid(
        argument: "labels", given: "\(rows.count) rows",
        expected: task == .classify ? "one class" : "at most 10000 rows")
    }
    for (index, row) in rows.enumerated() {
      let isComplete =
        switch task {
        case .classify: row.count == 1
        case .detect: row.count == 5
        case .semantic, .depth: false
        case .segment: row.count >= 7 && row.count % 2 == 1
        case .obb: row.count == 9
        case .pose: row.count == 5 + (keypointShape ?? []).reduce(1, *)
        }
      let isClass = row.first.map { $0 >= 0 && $0 < Float(classCount) && $0 == $0.rounded() }
      let coordinates = task == .pose ? row.dropFirst().prefix(4) : row.dropFirst()
      guard isComplete, isClass == true,
        coordinates.allSatisfy({ (-0.01...1.01).contains($0) }), row.allSatisfy(\.isFinite)
      else {
        throw .invalid(
          argument: "labels", given: "row \(index)",
          expected: "\(expected), the class below \(classCount), coordinates from 0 to 1")
      }
    }
  }
}
#endif
