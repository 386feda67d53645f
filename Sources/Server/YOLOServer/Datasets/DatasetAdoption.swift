#if Server
import GRDB
import JSONText
import YOLOGeometry

/// Copying and moving images from other datasets.
extension DatasetRepository {
  /// How images are adopted.
  struct Adoption: Sendable {
    let ids: [String]
    /// Whether the images leave their dataset; nil to adopt them without labels.
    let releases: Bool?
    /// What classes become, by their names.
    let classMapping: [String: ClassTarget?]?

    /// Whether labels, parts and metadata come along from the account's own datasets.
    var isWhole: Bool { releases != nil || classMapping != nil }
  }

  /// Adds images that an account may see to a dataset of its own; the files are shared.
  ///
  /// What the dataset has already is left out, and never leaves the other one.
  ///
  /// - Returns: How many were added.
  /// - Throws: `PlatformError.unknownImage` for one that there is not; then none is added.
  func adopt(
    _ adoption: Adoption, into locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> Int {
    try IngestOptions(classMapping: adoption.classMapping).check()
    let now = clock()
    let count = try await database.write { database in
      let target = try Self.quiet(database, locator, of: account, now: now)
      var classes = ClassTable(target.classNames)
      var count = 0
      for (number, id) in adoption.ids.enumerated() {
        let (image, source) = try ImageTable.row(database, id, viewer: account)
        guard let digest = ObjectDigest(image.sha), source.id != target.id else { continue }
        let isThere = try Bool.fetchOne(
          database, sql: "SELECT EXISTS (SELECT 1 FROM image WHERE dataset = ? AND sha = ?)",
          arguments: [target.id, image.sha])
        guard isThere != true else { continue }
        let isWhole = adoption.isWhole && source.account == account.id
        let rows =
          isWhole && source.task == target.task
          ? try classes.rows(image.numbers, of: source, adoption.classMapping ?? [:], in: target)
          : []
        let new = NewImage(
          id: ResourceID.numbered(number, now: now),
          object: StoredObject(digest: digest, bytes: image.bytes), name: image.name,
          split: isWhole ? image.split : "train",
          size: Size(width: image.width, height: image.height), rows: rows)
        try ObjectTable.adopt(database, digest, as: new.reference, of: account)
        let insertion = try ImageTable.insert(
          database, new, to: target.id, ingest: new.id, now: now)
        guard case .added = insertion else { continue }
        count += 1
        if isWhole, let metadata = image.metadata {
          try database.execute(
            sql: "UPDATE image SET metadata = ? WHERE id = ?", arguments: [metadata, new.id])
        }
        if adoption.releases == true, source.account == account.id {
          try database.execute(sql: "DELETE FROM image WHERE id = ?", arguments: [image.id])
          try DatasetTable.touch(database, source.id, now: now)
        }
      }
      if classes.names.count > target.classNames.count {
        try DatasetTable.update(
          database, id: target.id, [("classNames", StoredJSON(texts: classes.names))])
      }
      if count > 0 { try Self.noteImages(database, target, "adopted", count: count, now: now) }
      return count
    }
    await store.collectQuietly()
    return count
  }
}

/// The classes of a dataset, to which those of others are added by their names.
private struct ClassTable {
  private(set) var names: [String]
  private var positions: [String: Int]

  init(_ names: [String]) {
    self.names = names
    positions = Dictionary(
      names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Returns labels with the classes that those of another dataset become.
  mutating func rows(
    _ rows: [[Float]], of source: DatasetRow, _ mapping: [String: ClassTarget?],
    in target: DatasetRow
  ) throws(PlatformError) -> [[Float]] {
    var result: [[Float]] = []
    for row in rows {
      guard let index = row.first.map({ Int($0) }), source.classNames.indices.contains(index)
      else { continue }
      let name = source.classNames[index]
      let position: Int?
      switch mapping[name] ?? .name(name) {
      case nil: position = nil
      case .index(let index):
        guard target.classNames.indices.contains(index) else {
          throw .invalid(
            argument: "classMapping", given: "\(index)",
            expected: "a class of the dataset, which has \(target.classNames.count)")
        }
        position = index
      case .name(let name): position = self.position(of: name)
      }
      if let position { result.append([Float(position)] + row.dropFirst()) }
    }
    return result
  }

  private mutating func position(of name: String) -> Int {
    if let position = positions[name] { return position }
    names.append(name)
    positions[name] = names.count - 1
    return names.count - 1
  }
}

/// The answer of `POST …/images/adopt`.
struct AdoptedImages: Encodable {
  let adopted: Int
}
#endif
