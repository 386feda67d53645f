#if Server
import GRDB
import JSONText
import YOLODatasets
import YOLOGeometry

/// Whether the images of a dataset are complete.
enum DatasetStatus: String, Sendable, Hashable, Codable {
  /// Nothing is taken in.
  case ready
  /// Images are taken in.
  case processing
  /// The last file could not be taken in.
  case failed
}

/// A row of the table of datasets.
struct DatasetRow: ResourceRow {
  let id: String
  let account: String
  /// The name of the account.
  let owner: String
  let slug: String
  let name: String
  let description: String?
  let task: VisionTask
  /// Whether the task was named when the set was created; else the first file tells.
  let isTaskGiven: Bool
  let visibility: Visibility
  let tags: [String]?
  let license: String?
  let metadata: StoredJSON
  let classNames: [String]
  let keypointShape: [Int]?
  let keypointFlip: [Int]?
  let status: DatasetStatus
  let failure: String?
  let failedAt: Int?
  /// Grows with every change of an image or of labels.
  let revision: Int
  let images: Int
  let trainImages: Int
  let valImages: Int
  let testImages: Int
  let labeledImages: Int
  let labels: Int
  let imageBytes: Int
  let clonedFrom: String?
  let starCount: Int
  let isStarred: Bool
  let created: Int
  let updated: Int
}

/// What a dataset is to be.
struct DatasetDraft: Sendable {
  let name: String
  /// The slug; nil for one of the name.
  let slug: String?
  /// What labels are for; nil if the first file is to tell.
  var task: VisionTask?
  var description: String?
  var visibility = Visibility.private
  var tags: [String]?
  var license: String?
  var metadata: StoredJSON?
  var classNames: [String] = []
  var keypointShape: [Int]?
  var keypointFlip: [Int]?

  /// Checks that a dataset may be so.
  func check() throws(PlatformError) {
    try ResourceName.check(name: name)
    if let slug { try ResourceName.check(slug: slug, "dataset") }
    try ResourceName.check("description", description)
    try ResourceName.check(tags: tags)
    try ResourceName.check("license", license, limit: 100)
    try metadata?.checkObject("metadata")
    try Self.check(classNames: classNames)
    try Self.check(keypointShape: keypointShape, flip: keypointFlip)
  }

  /// Checks names of classes.
  static func check(classNames: [String]) throws(PlatformError) {
    guard classNames.count <= Dataset.maximumClasses else {
      throw .invalid(
        argument: "classNames", given: "\(classNames.count) names",
        expected: "at most \(Dataset.maximumClasses) names")
    }
    for name in classNames { try ResourceName.check("classNames", name, limit: 255) }
  }

  /// Checks what is said about keypoints.
  static func check(keypointShape: [Int]?, flip: [Int]?) throws(PlatformError) {
    guard let keypointShape else { return }
    guard keypointShape.count == 2, (1...10_000).contains(keypointShape[0]),
      (2...3).contains(keypointShape[1])
    else {
      throw .invalid(
        argument: "kptShape", given: "\(keypointShape)",
        expected: "a number of keypoints and the numbers of each, 2 or 3")
    }
    guard let flip else { return }
    guard flip.count == keypointShape[0], flip.allSatisfy({ flip.indices.contains($0) }) else {
      throw .invalid(
        argument: "flipIdx", given: "\(flip.count) indices",
        expected: "\(keypointShape[0]) indices of keypoints")
    }
  }
}

/// What of a dataset is to change; nil for what stays.
struct DatasetChanges: Sendable {
  var name: String?
  var description: String?
  var visibility: Visibility?
  var tags: [String]?
  var license: String?
  var metadata: StoredJSON?
  var classNames: [String]?

  /// Checks that a dataset may be so.
  func check() throws(PlatformError) {
    if let name { try ResourceName.check(name: name) }
    try ResourceName.check("description", description)
    try ResourceName.check(tags: tags)
    try ResourceName.check("license", license, limit: 100)
    try metadata?.checkObject("metadata")
    if let classNames { try DatasetDraft.check(classNames: classNames) }
  }

  /// The columns that change, with their values.
  var columns: [(column: String, value: (any DatabaseValueConvertible)?)] {
    var columns: [(column: String, value: (any DatabaseValueConvertible)?)] = []
    if let name { columns.append(("name", name)) }
    if let description { columns.append(("description", description)) }
    if let visibility { columns.append(("visibility", visibility.rawValue)) }
    if let tags { columns.append(("tags", StoredJSON(texts: tags))) }
    if let license { columns.append(("license", license)) }
    if let metadata { columns.append(("metadata", metadata)) }
    if let classNames { columns.append(("classNames", StoredJSON(texts: classNames))) }
    return columns
  }
}

extension StoredJSON {
  /// A list of texts.
  init(texts: [String]) { self.init(.array(texts.map { .string($0) })) }

  /// A list of integers.
  init(integers: [Int]) { self.init(.array(integers.map { .int($0) })) }
}

/// Reads and writes rows of the table of datasets, in a transaction of the caller's.
enum DatasetTable: ResourceTable {
  typealias Row = DatasetRow

  static let kind = ResourceKind.dataset
  static let selection = """
    SELECT dataset.*, owner.username AS owner,
      (SELECT count(*) FROM star WHERE star.resource = dataset.id) AS starCount,
      EXISTS (SELECT 1 FROM star WHERE star.resource = dataset.id AND star.account = :viewer)
        AS isStarred
    FROM dataset JOIN account AS owner ON owner.id = dataset.account
    """

  /// Checks that no file is taken into a dataset.
  ///
  /// - Throws: `PlatformError.busyDataset` with the time since the oldest file was sent.
  static func checkQuiet(_ database: Database, _ row: DatasetRow, now: Int) throws {
    guard row.status == .processing else { return }
    let queued = try Int.fetchOne(
      database,
      sql: """
        SELECT min(created) FROM ingest WHERE dataset = ? AND status IN ('queued', 'running')
        """, arguments: [row.id])
    throw PlatformError.busyDataset(row.slug, seconds: max(0, now - (queued ?? now)))
  }

  /// Adds a dataset.
  static func insert(
    _ database: Database, _ draft: DatasetDraft, account: Account, clonedFrom: String? = nil,
    now: Int
  ) throws -> DatasetRow {
    let id = ResourceID.new("dataset_", now: now)
    let slug = try freeSlug(database, given: draft.slug, name: draft.name, account: account.id)
    try database.execute(
      sql: """
        INSERT INTO dataset (id, account, slug, name, description, task, isTaskGiven, visibility,
          tags, license, metadata, classNames, keypointShape, keypointFlip, status, clonedFrom,
          created, updated)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'ready', ?, ?, ?)
        """,
      arguments: [
        id, account.id, slug, draft.name, draft.description,
        (draft.task ?? .detect).rawValue, draft.task != nil, draft.visibility.rawValue,
        draft.tags.map { StoredJSON(texts: $0) }, draft.license, draft.metadata ?? .emptyObject,
        StoredJSON(texts: draft.classNames),
        draft.keypointShape.map { StoredJSON(integers: $0) },
        draft.keypointFlip.map { StoredJSON(integers: $0) }, clonedFrom, now, now,
      ])
    return try row(database, .id(id), of: account)
  }

  /// Notes that the images or labels of a dataset have changed.
  static func touch(_ database: Database, _ id: String, now: Int) throws {
    try database.execute(
      sql: "UPDATE dataset SET revision = revision + 1, updated = ? WHERE id = ?",
      arguments: [now, id])
  }
}
#endif
