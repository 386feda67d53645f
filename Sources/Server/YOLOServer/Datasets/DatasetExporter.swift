#if Server
import GRDB
import YOLODatasets
import YOLOGeometry

/// Writes datasets as lines of JSON, whose images are fetched from signed addresses.
struct DatasetExporter: Sendable {
  /// How long the images of an export can be fetched, in seconds: 7 days.
  static let imageLifetime = 7 * 86_400
  /// How long an export is given out again: images stay for 6 days at least.
  static let reuse = 86_400
  /// How long the address of an export can be used.
  static let lifetime = 3600
  private static let pageSize = 1000
  private static let tries = 5

  let store: ObjectStore
  let signer: AddressSigner
  let clock: @Sendable () -> Int

  /// An export that can be downloaded.
  struct Export: Sendable {
    let address: String
    let expires: Int
    /// Whether it was there.
    let isCached: Bool
    /// The state of the dataset, or the number of the version.
    let version: Int
  }

  /// Exports the dataset as it is.
  ///
  /// - Parameters:
  ///   - dataset: The dataset.
  ///   - account: Whose it is.
  ///   - origin: What addresses begin with.
  /// - Returns: Where the export is.
  /// - Throws: `PlatformError.busyDataset` while files are taken in, `PlatformError.changedDataset`
  ///   if it is changed again and again meanwhile.
  func export(
    _ dataset: DatasetRow, of account: Account, origin: String
  ) async throws -> Export {
    var dataset = dataset
    var tries = 0
    while true {
      let now = clock()
      let cached = try await store.database.read { [dataset] database in
        try DatasetTable.checkQuiet(database, dataset, now: now)
        return try String.fetchOne(
          database,
          sql: """
            SELECT name FROM datasetExport
            WHERE dataset = ? AND origin = ? AND revision = ? AND created > ?
            """, arguments: [dataset.id, origin, dataset.revision, now - Self.reuse])
      }
      if let file = try Self.file(cached, of: dataset) {
        return export(file, origin: origin, isCached: true, version: dataset.revision, now)
      }
      do {
        let file = try await write(dataset, of: account, origin: origin, now: now)
        return export(file, origin: origin, isCached: false, version: dataset.revision, now)
      } catch PlatformError.changedDataset(let slug) {
        tries += 1
        guard tries < Self.tries else { throw PlatformError.changedDataset(slug) }
        dataset = try await store.database.read { [id = dataset.id] database in
          try DatasetTable.row(database, .id(id), of: account)
        }
      }
    }
  }

  /// Exports a version of a dataset.
  func export(
    _ version: DatasetVersionRow, of dataset: DatasetRow, _ account: Account, origin: String
  ) async throws -> Export {
    let now = clock()
    let cached = try await store.database.read { database in
      try String.fetchOne(
        database,
        sql: """
          SELECT name FROM versionExport
          WHERE dataset = ? AND number = ? AND origin = ? AND created > ?
          """, arguments: [dataset.id, version.number, origin, now - Self.reuse])
    }
    if let file = try Self.file(cached, of: dataset) {
      return export(file, origin: origin, isCached: true, version: version.number, now)
    }
    let file = try await write(version, of: dataset, account, origin: origin, now: now)
    return export(file, origin: origin, isCached: false, version: version.number, now)
  }

  private func export(
    _ file: ExportFile, origin: String, isCached: Bool, version: Int, _ now: Int
  ) -> Export {
    let expires = now + Self.lifetime
    return Export(
      address: signer.address(of: file.reference, for: .get, expires: expires, origin: origin),
      expires: expires, isCached: isCached, version: version)
  }

  private func write(
    _ dataset: DatasetRow, of account: Account, origin: String, now: Int
  ) async throws -> ExportFile {
    let writer = try await store.begin(for: account)
    let header = DatasetLines.Header(
      task: dataset.task, classNames: dataset.classNames,
      keypointShape: Self.shape(dataset.task, dataset.keypointShape),
      keypointFlip: dataset.task == .pose ? dataset.keypointFlip : nil, name: dataset.name,
      description: dataset.description, url: Self.page(of: dataset, origin: origin),
      version: dataset.revision, created: Timestamp(dataset.created).text,
      updated: Timestamp(dataset.updated).text)
    try await writer.append(DatasetLines.line(header))
    var filter = ImageFilter(limit: Self.pageSize)
    while true {
      let page = try await store.database.read { [filter] database in
        try Self.check(database, dataset)
        return try ImageTable.rows(database, of: dataset.id, filter)
      }
      var bytes: [UInt8] = []
      for image in page {
        bytes += line(
          of: try image.reference, image.name, Size(width: image.width, height: image.height),
          image.split, image.numbers, task: dataset.task, origin: origin, now: now)
      }
      try await writer.append(bytes)
      guard let last = page.last, page.count == Self.pageSize else { break }
      filter.cursor = last.id
    }
    let staged = try await writer.finish()
    let file = try ExportFile(staged, of: dataset, state: "\(dataset.revision)")
    try await store.put([(staged: staged, reference: file.reference)], of: account) { database in
      try Self.check(database, dataset)
      let old = try String.fetchOne(
        database, sql: "SELECT name FROM datasetExport WHERE dataset = ? AND origin = ?",
        arguments: [dataset.id, origin])
      try Self.release(database, old, except: file)
      try database.execute(
        sql: """
          INSERT INTO datasetExport (dataset, origin, revision, name, created)
          VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (dataset, origin) DO UPDATE SET revision = excluded.revision,
            name = excluded.name, created = excluded.created
          """, arguments: [dataset.id, origin, dataset.revision, file.text, now])
    }
    return file
  }

  private func write(
    _ version: DatasetVersionRow, of dataset: DatasetRow, _ account: Account, origin: String,
    now: Int
  ) async throws -> ExportFile {
    let object = try await store.database.read { database in
      try ObjectTable.object(database, at: version.reference)
    }
    guard let object else {
      throw PlatformError.storage(.unknown("file of version \(version.number)"))
    }
    let writer = try await store.begin(for: account)
    var reader = try VersionReader(store.path(of: object.digest))
    let header = reader.header
    try await writer.append(
      DatasetLines.line(
        DatasetLines.Header(
          task: header.task, classNames: header.classNames,
          keypointShape: Self.shape(header.task, header.keypointShape),
          keypointFlip: header.task == .pose ? header.keypointFlip : nil, name: version.name,
          description: version.datasetDescription,
          url: Self.page(of: dataset, origin: origin), version: version.number,
          created: Timestamp(version.sourceCreated).text,
          updated: Timestamp(version.sourceUpdated).text)))
    var bytes: [UInt8] = []
    while let image = try reader.next() {
      bytes += line(
        of: try image.reference, image.name, Size(width: image.width, height: image.height),
        image.split, image.numbers, task: header.task, origin: origin, now: now)
      if bytes.count > 1 << 20 {
        try await writer.append(bytes)
        bytes = []
      }
    }
    try await writer.append(bytes)
    let staged = try await writer.finish()
    let file = try ExportFile(staged, of: dataset, state: "v\(version.number)")
    try await store.put([(staged: staged, reference: file.reference)], of: account) { database in
      let old = try String.fetchOne(
        database,
        sql: "SELECT name FROM versionExport WHERE dataset = ? AND number = ? AND origin = ?",
        arguments: [dataset.id, version.number, origin])
      try Self.release(database, old, except: file)
      try database.execute(
        sql: """
          INSERT INTO versionExport (dataset, number, origin, name, created)
          VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (dataset, number, origin) DO UPDATE SET name = excluded.name,
            created = excluded.created
          """, arguments: [dataset.id, version.number, origin, file.text, now])
    }
    return file
  }

  private func line(
    of reference: ObjectReference, _ name: String, _ size: Size, _ split: String,
    _ rows: [[Float]], task: VisionTask, origin: String, now: Int
  ) -> [UInt8] {
    let address = signer.address(
      of: reference, for: .get, expires: now + Self.imageLifetime, origin: origin)
    return DatasetLines.line(
      DatasetLines.Image(file: name, url: address, size: size, split: split, rows: rows),
      task: task)
  }

  private static func page(of dataset: DatasetRow, origin: String) -> String {
    "\(origin)/\(dataset.owner)/datasets/\(dataset.slug)"
  }

  /// Returns the file of a cached export; nil if there is none, or the dataset was renamed since.
  private static func file(_ cached: String?, of dataset: DatasetRow) throws -> ExportFile? {
    let file = try cached.map { try ExportFile($0) }
    return file?.reference.name == ExportFile.name(of: dataset) ? file : nil
  }

  private static func shape(_ task: VisionTask, _ shape: [Int]?) -> KeypointShape? {
    guard task == .pose, let shape, shape.count == 2 else { return nil }
    return KeypointShape(count: shape[0], values: shape[1])
  }

  /// Checks that what is being read has not been changed.
  private static func check(_ database: Database, _ dataset: DatasetRow) throws {
    let revision = try Int.fetchOne(
      database, sql: "SELECT revision FROM dataset WHERE id = ?", arguments: [dataset.id])
    guard revision == dataset.revision else { throw PlatformError.changedDataset(dataset.slug) }
  }

  private static func release(
    _ database: Database, _ old: String?, except file: ExportFile
  ) throws {
    guard let old, old != file.text else { return }
    try ObjectTable.release(database, ExportFile(old).reference)
  }
}

/// Where the lines of an export are.
///
/// Clients name their directory after the last segment of the address, which is that of the
/// dataset. What tells one export from another is in the segment before it: the state, and a
/// digest, since the origin is part of the content.
private struct ExportFile {
  let reference: ObjectReference

  init(_ staged: StagedObject, of dataset: DatasetRow, state: String) throws(PlatformError) {
    reference = try ObjectReference(
      .exports, owner: "\(dataset.id)-\(state)-\(staged.object.digest.description.prefix(12))",
      name: Self.name(of: dataset))
  }

  /// Reads what tables have.
  init(_ text: String) throws(PlatformError) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    reference = try ObjectReference(
      .exports, owner: String(parts[0]), name: parts.count == 2 ? String(parts[1]) : "")
  }

  /// What tables have: both segments.
  var text: String { "\(reference.owner)/\(reference.name)" }

  static func name(of dataset: DatasetRow) -> String { "\(ObjectName.plain(dataset.slug)).ndjson" }
}
#endif
