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

  let store: ObjectStore
  let signer: AddressSigner
  let clock: @Sendable () -> Int

  /// An export that can be downloaded.
  struct Export: Sendable {
    let address: String
    let expires: Int
    /// Whether it was there.
    let isCached: Bool
    /// The state of the dataset.
    let version: Int
  }

  /// Exports the dataset as it is.
  ///
  /// - Parameters:
  ///   - dataset: The dataset.
  ///   - account: Whose it is.
  ///   - origin: What addresses begin with.
  /// - Returns: Where the export is.
  /// - Throws: `PlatformError.busyDataset` while files are taken in.
  func export(
    _ dataset: DatasetRow, of account: Account, origin: String
  ) async throws -> Export {
    guard dataset.status != .processing else { throw PlatformError.busyDataset(dataset.slug) }
    let now = clock()
    let cached = try await store.database.read { database in
      try String.fetchOne(
        database,
        sql: """
          SELECT name FROM datasetExport
          WHERE dataset = ? AND origin = ? AND revision = ? AND created > ?
          """, arguments: [dataset.id, origin, dataset.revision, now - Self.reuse])
    }
    let reference: ObjectReference
    if let cached {
      reference = try ObjectReference(.exports, owner: dataset.id, name: cached)
    } else {
      reference = try await write(dataset, of: account, origin: origin, now: now)
    }
    let expires = now + Self.lifetime
    return Export(
      address: signer.address(of: reference, for: .get, expires: expires, origin: origin),
      expires: expires, isCached: cached != nil, version: dataset.revision)
  }

  private func write(
    _ dataset: DatasetRow, of account: Account, origin: String, now: Int
  ) async throws -> ObjectReference {
    let writer = try await store.begin(for: account)
    let header = DatasetLines.Header(
      task: dataset.task, classNames: dataset.classNames,
      keypointShape: dataset.task == .pose
        ? dataset.keypointShape.map { KeypointShape(count: $0[0], values: $0[1]) } : nil,
      keypointFlip: dataset.task == .pose ? dataset.keypointFlip : nil, name: dataset.name,
      description: dataset.description,
      url: "\(origin)/\(dataset.owner)/datasets/\(dataset.slug)", version: dataset.revision,
      created: Timestamp(dataset.created).text, updated: Timestamp(dataset.updated).text)
    try await writer.append(DatasetLines.line(header))
    var filter = ImageFilter(limit: Self.pageSize)
    while true {
      let page = try await store.database.read { [filter] in
        try ImageTable.rows($0, of: dataset.id, filter)
      }
      var bytes: [UInt8] = []
      for image in page {
        let address = signer.address(
          of: try image.reference, for: .get, expires: now + Self.imageLifetime, origin: origin)
        bytes += DatasetLines.line(
          DatasetLines.Image(
            file: image.name, url: address, size: Size(width: image.width, height: image.height),
            split: image.split, rows: image.numbers), task: dataset.task)
      }
      try await writer.append(bytes)
      guard let last = page.last, page.count == Self.pageSize else { break }
      filter.cursor = last.id
    }
    let staged = try await writer.finish()
    // The name differs with the origin, which is part of the content.
    let name =
      "\(ObjectName.plain(dataset.slug))-\(dataset.revision)-"
      + "\(staged.object.digest.description.prefix(12)).ndjson"
    let reference = try ObjectReference(.exports, owner: dataset.id, name: name)
    try await store.put([(staged: staged, reference: reference)], of: account) { database in
      let old = try String.fetchOne(
        database, sql: "SELECT name FROM datasetExport WHERE dataset = ? AND origin = ?",
        arguments: [dataset.id, origin])
      if let old, old != name {
        try ObjectTable.release(
          database, ObjectReference(.exports, owner: dataset.id, name: old))
      }
      try database.execute(
        sql: """
          INSERT INTO datasetExport (dataset, origin, revision, name, created)
          VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (dataset, origin) DO UPDATE SET revision = excluded.revision,
            name = excluded.name, created = excluded.created
          """, arguments: [dataset.id, origin, dataset.revision, name, now])
    }
    return reference
  }
}
#endif
