#if Server
import GRDB
import JSONText
import YOLODatasets
import YOLOGeometry

/// Whether a file has been taken into a dataset.
enum IngestStatus: String, Sendable, Hashable, Codable {
  case queued
  case running
  case completed
  case failed
}

/// A file that is taken into a dataset: a row of the table of such work.
struct IngestRow: Decodable, FetchableRecord, Sendable {
  let id: String
  let dataset: String
  /// What the file was called.
  let name: String
  /// The part that all images become; nil for those that the file tells.
  let split: String?
  /// What becomes of images that the dataset has.
  let policy: ConflictPolicy?
  /// What the classes of the file become.
  let classMapping: [String: ClassTarget?]?
  /// The address that the file is fetched from; nil for one that was uploaded.
  let source: String?
  let status: IngestStatus
  /// The images that were added.
  let added: Int
  /// The images that the dataset had.
  let repeated: Int
  /// The images that were left out because they or their labels are damaged.
  let faulty: Int
  let faults: [IngestFault]
  let omittedFaults: Int
  let failure: String?
  let created: Int
  let updated: Int

  /// Where the file is until it has been taken in.
  var reference: ObjectReference {
    get throws(PlatformError) { try Self.reference(dataset: dataset, job: id) }
  }

  static func reference(dataset: String, job: String) throws(PlatformError) -> ObjectReference {
    try ObjectReference(.datasets, owner: dataset, name: job)
  }
}

/// What a class of a file becomes in a dataset.
enum ClassTarget: Codable, Sendable, Hashable {
  /// A class that there is, by its index.
  case index(Int)
  /// A class by its name, which is added if there is none.
  case name(String)

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let index = try? container.decode(Int.self) {
      self = .index(index)
    } else {
      self = .name(try container.decode(String.self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .index(let index): try container.encode(index)
    case .name(let name): try container.encode(name)
    }
  }
}

/// How a file is taken into a dataset.
struct IngestOptions: Sendable {
  /// The part that all images become; nil for those that the file tells.
  var split: String?
  /// What becomes of images that the dataset has; nil to leave equal contents out.
  var policy: ConflictPolicy?
  /// What the classes of the file become, by their names; those that are not named are told by
  /// their names.
  var classMapping: [String: ClassTarget?]?

  /// Checks that a file may be taken in so.
  func check() throws(PlatformError) {
    guard let classMapping else { return }
    guard classMapping.count <= 25_000 else {
      throw .invalid(
        argument: "classMapping", given: "\(classMapping.count) classes",
        expected: "at most 25000 classes")
    }
    for (name, target) in classMapping {
      try ResourceName.check("classMapping", name, limit: 255)
      switch target {
      case nil: break
      case .index(let index):
        guard index >= 0 else {
          throw .invalid(
            argument: "classMapping", given: "\(index)", expected: "classes from 0 on")
        }
      case .name(let name):
        guard !name.allSatisfy(\.isWhitespace) else {
          throw .invalid(argument: "classMapping", given: name, expected: "names of classes")
        }
        try ResourceName.check("classMapping", name, limit: 100)
      }
    }
  }
}

/// Something that is wrong in a file that was taken in.
struct IngestFault: Codable, Sendable, Hashable {
  /// Whether it is an error or a warning.
  let severity: String
  /// What is the matter, as `yolo check` calls it.
  let kind: String
  /// The file in the archive.
  let file: String
  /// The line in it, which counts from 1.
  let line: Int?
  /// One sentence.
  let message: String
}

/// The files that are taken into datasets.
struct IngestRepository: Sendable {
  /// The maximum number of faults that are kept of a file.
  static let maximumFaults = 2000

  let store: ObjectStore
  let clock: @Sendable () -> Int

  var database: PlatformDatabase { store.database }

  /// Puts a file of the store into the queue; the dataset is in processing from then on.
  ///
  /// - Parameters:
  ///   - file: The file at a reference of the dataset, which is removed.
  ///   - name: What the file was called.
  ///   - locator: The dataset.
  ///   - options: How it is taken in.
  ///   - account: Whose the dataset is.
  /// - Returns: The work in the queue.
  /// - Throws: `PlatformError.storage(.unknown)` if there is no such file.
  func add(
    _ file: ObjectReference, named name: String, to locator: ResourceLocator,
    _ options: IngestOptions, by account: Account
  ) async throws -> IngestRow {
    try await add(named: name, source: nil, to: locator, options, by: account) {
      database, dataset, id in
      guard file.owner == dataset.id, let object = try ObjectTable.object(database, at: file) else {
        throw PlatformError.storage(.unknown("file \(file) of the dataset \(dataset.slug)"))
      }
      try ObjectTable.adopt(
        database, object.digest, as: IngestRow.reference(dataset: dataset.id, job: id),
        of: account)
      try ObjectTable.release(database, file)
    }
  }

  /// Puts the file at an address into the queue.
  func add(
    source: String, to locator: ResourceLocator, _ options: IngestOptions, by account: Account
  ) async throws -> IngestRow {
    try await add(
      named: SourceFetcher.fileName(of: source), source: source, to: locator, options, by: account
    ) { _, _, _ in }
  }

  private func add(
    named name: String, source: String?, to locator: ResourceLocator, _ options: IngestOptions,
    by account: Account,
    _ adopt: @escaping @Sendable (Database, DatasetRow, String) throws -> Void
  ) async throws -> IngestRow {
    try options.check()
    let mapping = try options.classMapping.map { try JSONColumn.text($0) }
    let now = clock()
    return try await database.writeDurably { database in
      let dataset = try DatasetTable.row(database, locator, of: account)
      let id = ResourceID.new("job_", now: now)
      try adopt(database, dataset, id)
      try database.execute(
        sql: """
          INSERT INTO ingest (id, dataset, name, split, policy, classMapping, source, status,
            created, updated)
          VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)
          """,
        arguments: [
          id, dataset.id, name, options.split, options.policy?.rawValue, mapping, source, now,
          now,
        ])
      try database.execute(
        sql: """
          UPDATE dataset SET status = 'processing', failure = NULL, failedAt = NULL, updated = ?
          WHERE id = ?
          """, arguments: [now, dataset.id])
      return try Self.row(database, id)
    }
  }

  /// Returns the last file that was to be taken into a dataset; nil if there was none.
  func last(
    of locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> IngestRow? {
    try await database.read { database in
      let dataset = try DatasetTable.row(database, locator, of: account)
      return try IngestRow.fetchOne(
        database,
        sql: "SELECT * FROM ingest WHERE dataset = ? ORDER BY created DESC, rowid DESC LIMIT 1",
        arguments: [dataset.id])
    }
  }

  /// Returns the files that are waiting or under way, the oldest first.
  func open() async throws(PlatformError) -> [IngestRow] {
    try await database.read { database in
      try IngestRow.fetchAll(
        database,
        sql: """
          SELECT * FROM ingest WHERE status IN ('queued', 'running') ORDER BY created, rowid LIMIT 100
          """)
    }
  }

  /// What is needed to take a file in.
  struct Work: Sendable {
    let job: IngestRow
    let dataset: DatasetRow
    let account: Account
    /// The file; nil if it is still to be fetched.
    let object: StoredObject?
  }

  /// Notes that a file is under way; nil if it is not to be taken in any longer.
  func start(_ id: String) async throws(PlatformError) -> Work? {
    let now = clock()
    return try await database.write { database in
      let job = try IngestRow.fetchOne(
        database, sql: "SELECT * FROM ingest WHERE id = ?", arguments: [id])
      guard let job, job.status == .queued || job.status == .running,
        let owner = try AccountRow.fetchOne(
          database,
          sql: """
            SELECT account.* FROM account JOIN dataset ON dataset.account = account.id
            WHERE dataset.id = ?
            """, arguments: [job.dataset])
      else { return nil }
      let account = owner.account
      let dataset = try DatasetTable.row(database, .id(job.dataset), of: account)
      let object = try ObjectTable.object(database, at: job.reference)
      guard object != nil || job.source != nil else {
        throw PlatformError.storage(.unknown("file \(try job.reference)"))
      }
      try database.execute(
        sql: """
          UPDATE ingest SET status = 'running', added = 0, repeated = 0, faulty = 0, updated = ?
          WHERE id = ?
          """, arguments: [now, id])
      return Work(job: job, dataset: dataset, account: account, object: object)
    }
  }

  /// What the file says about the dataset that it is taken into.
  struct Description: Sendable {
    var task: VisionTask
    var classNames: [String]
    var keypointShape: [Int]?
    var keypointFlip: [Int]?
  }

  /// Notes what the first file of a dataset, or one with more classes, says about it.
  func describe(_ dataset: DatasetRow, _ description: Description) async throws(PlatformError) {
    try await database.write { database in
      try DatasetTable.update(
        database, id: dataset.id,
        [
          ("task", description.task.rawValue),
          ("classNames", StoredJSON(texts: description.classNames)),
          ("keypointShape", description.keypointShape.map { StoredJSON(integers: $0) }),
          ("keypointFlip", description.keypointFlip.map { StoredJSON(integers: $0) }),
        ])
    }
  }

  /// Adds images whose files are written, all in one transaction.
  func add(
    _ images: [(image: NewImage, staged: StagedObject)], of work: Work
  ) async throws(PlatformError) {
    let now = clock()
    let objects = try images.map { (image, staged) throws(PlatformError) in
      (staged: staged, reference: try image.reference)
    }
    let rows = images.map(\.image)
    try await store.put(objects, of: work.account) { database in
      for image in rows {
        try ImageTable.insert(
          database, image, to: work.dataset.id, ingest: work.job.id, policy: work.job.policy,
          now: now)
      }
      try database.execute(
        sql: "UPDATE ingest SET added = added + ?, updated = ? WHERE id = ?",
        arguments: [rows.count, now, work.job.id])
    }
  }

  /// What became of a file.
  struct Outcome: Sendable {
    /// The images that are as they should be.
    var sound = 0
    var faulty = 0
    var faults: [IngestFault] = []
    var omittedFaults = 0
    /// Why nothing of it could be taken in; nil if it could.
    var failure: String?

    mutating func add(_ fault: IngestFault) {
      guard faults.count < maximumFaults else {
        omittedFaults += 1
        return
      }
      faults.append(fault)
    }
  }

  /// Notes what became of a file, which is not needed any longer.
  func finish(_ work: Work, _ outcome: Outcome) async throws(PlatformError) {
    let now = clock()
    try await database.writeDurably { database in
      let faults = StoredJSON(.array(outcome.faults.map(\.json)))
      // Those of an earlier try are added, too; the others the dataset had, or the file has twice.
      let added = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM image WHERE dataset = ? AND ingest = ?",
        arguments: [work.dataset.id, work.job.id])
      try database.execute(
        sql: """
          UPDATE ingest SET status = ?, added = ?, repeated = ?, faulty = ?, faults = ?,
            omittedFaults = ?, failure = ?, source = NULL, updated = ? WHERE id = ?
          """,
        arguments: [
          (outcome.failure == nil ? IngestStatus.completed : .failed).rawValue, added,
          max(0, outcome.sound - (added ?? 0)), outcome.faulty, faults, outcome.omittedFaults,
          outcome.failure, now, work.job.id,
        ])
      try ObjectTable.release(database, work.job.reference)
      // Another file may be waiting.
      let isWaiting = try Bool.fetchOne(
        database,
        sql: """
          SELECT EXISTS (SELECT 1 FROM ingest
            WHERE dataset = ? AND status IN ('queued', 'running'))
          """, arguments: [work.dataset.id])
      let status: DatasetStatus =
        isWaiting == true ? .processing : outcome.failure == nil ? .ready : .failed
      try database.execute(
        sql: """
          UPDATE dataset SET status = ?, failure = ?, failedAt = ?, revision = revision + 1,
            updated = ? WHERE id = ?
          """,
        arguments: [
          status.rawValue, outcome.failure, outcome.failure == nil ? nil : now, now,
          work.dataset.id,
        ])
      try EventRepository.add(
        database, to: work.account.id, .dataset, outcome.failure == nil ? .uploaded : .failed,
        resource: work.dataset.id, name: work.dataset.name, now: now)
    }
    await store.collectQuietly()
  }

  private static func row(_ database: Database, _ id: String) throws -> IngestRow {
    guard
      let row = try IngestRow.fetchOne(
        database, sql: "SELECT * FROM ingest WHERE id = ?", arguments: [id])
    else { throw PlatformError.storage(.unknown("ingest \(id)")) }
    return row
  }
}

extension IngestFault {
  fileprivate var json: JSONValue {
    var members = [
      JSONMember("severity", .string(severity)), JSONMember("kind", .string(kind)),
      JSONMember("file", .string(file)),
    ]
    if let line { members.append(JSONMember("line", .int(line))) }
    members.append(JSONMember("message", .string(message)))
    return .object(members)
  }
}
#endif
