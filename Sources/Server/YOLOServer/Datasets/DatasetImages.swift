#if Server
import GRDB
import JSONText
import YOLOGeometry
import YOLOSystem

/// A row of the table of images.
struct ImageRow: Decodable, FetchableRecord, Sendable {
  let id: String
  let dataset: String
  /// The digest of the file.
  let sha: String
  let bytes: Int
  /// What the file was called.
  let name: String
  let split: String
  let width: Int
  let height: Int
  /// The labels: rows of numbers, the class first.
  let rows: StoredJSON
  let labels: Int
  let created: Int

  /// The name of the file in addresses: 32 digits of its digest, which clients know it by, and the
  /// suffix.
  var objectName: String { Self.objectName(sha: sha, name: name) }

  static func objectName(sha: String, name: String) -> String {
    let suffix = FilePath.suffix(name)
    return "\(sha.prefix(32)).\(ObjectName.plain(suffix.isEmpty ? "jpg" : suffix))"
  }

  /// Where the file is in the store.
  var reference: ObjectReference {
    get throws(PlatformError) { try ObjectReference(.images, owner: id, name: objectName) }
  }

  /// The numbers of the labels.
  var numbers: [[Float]] {
    (rows.value.elements ?? []).map { row in
      (row.elements ?? []).map { value in
        switch value {
        case .int(let integer): Float(integer)
        case .double(let number): Float(number)
        default: 0
        }
      }
    }
  }
}

/// An image that is to be added to a dataset.
struct NewImage: Sendable {
  /// The identifier.
  let id: String
  let object: StoredObject
  let name: String
  let split: String
  let size: Size
  /// The labels: rows of numbers, the class first.
  let rows: [[Float]]

  /// Where its file is in the store.
  var reference: ObjectReference {
    get throws(PlatformError) {
      let name = ImageRow.objectName(sha: object.digest.description, name: name)
      return try ObjectReference(.images, owner: id, name: name)
    }
  }
}

/// Which images of a dataset are listed.
struct ImageFilter: Sendable, Hashable {
  /// The part: train, val or test; nil for all.
  var split: String?
  /// Whether those with labels or those without are meant; nil for both.
  var isLabeled: Bool?
  /// What the name of the file must have, whatever its case.
  var search: String?
  /// The last image of the page before.
  var cursor: String?
  /// How many come before.
  var offset = 0
  /// The maximum number.
  var limit = 100
}

/// Reads and writes rows of the table of images, in a transaction of the caller's.
enum ImageTable {
  /// Returns images of a dataset in the order in which they were added.
  static func rows(
    _ database: Database, of dataset: String, _ filter: ImageFilter
  ) throws -> [ImageRow] {
    try ImageRow.fetchAll(
      database,
      sql: """
        SELECT * FROM image WHERE dataset = :dataset AND \(condition(filter))
        ORDER BY id LIMIT :limit OFFSET :offset
        """, arguments: arguments(of: dataset, filter))
  }

  /// Returns how many images of a dataset there are.
  static func count(
    _ database: Database, of dataset: String, _ filter: ImageFilter
  ) throws -> Int {
    try Int.fetchOne(
      database,
      sql: """
        SELECT count(*) FROM image WHERE dataset = :dataset AND \(condition(filter))
          AND :limit = :limit AND :offset = :offset
        """, arguments: arguments(of: dataset, filter)) ?? 0
  }

  private static func condition(_ filter: ImageFilter) -> String {
    // Each condition stands alone, so that the index of what is asked for is used.
    let labeled = filter.isLabeled.map { $0 ? "labels > 0" : "labels = 0" }
    return [
      filter.cursor == nil ? ":cursor IS NULL" : "id > :cursor",
      filter.split == nil ? ":split IS NULL" : "split = :split",
      filter.search == nil ? ":search IS NULL" : "name LIKE :search ESCAPE '\\'",
      labeled ?? "1",
    ].joined(separator: " AND ")
  }

  private static func arguments(of dataset: String, _ filter: ImageFilter) -> StatementArguments {
    [
      "dataset": dataset, "cursor": filter.cursor, "split": filter.split,
      "search": filter.search.map(LikePattern.containing), "limit": filter.limit,
      "offset": filter.offset,
    ]
  }

  /// Adds an image whose file is in the store at its reference; where the dataset has the file
  /// already, the reference is removed.
  static func insert(
    _ database: Database, _ image: NewImage, to dataset: String, ingest: String, now: Int
  ) throws {
    try database.cachedStatement(
      sql: """
        INSERT INTO image (id, dataset, sha, bytes, name, split, width, height, rows, labels,
          ingest, created)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dataset, sha) DO NOTHING
        """
    ).execute(arguments: [
      image.id, dataset, image.object.digest.description, image.object.bytes, image.name,
      image.split, image.size.width, image.size.height, text(of: image.rows), image.rows.count,
      ingest, now,
    ])
    if database.changesCount == 0 { try ObjectTable.release(database, image.reference) }
  }

  /// Returns an image and its dataset, if somebody may see it.
  ///
  /// - Throws: `PlatformError.unknownImage`.
  static func row(
    _ database: Database, _ id: String, viewer: Account?
  ) throws -> (image: ImageRow, dataset: DatasetRow) {
    guard
      let image = try ImageRow.fetchOne(
        database, sql: "SELECT * FROM image WHERE id = ?", arguments: [id]),
      let dataset = try? DatasetTable.row(database, .id(image.dataset), viewer: viewer)
    else { throw PlatformError.unknownImage(id.excerpt()) }
    return (image, dataset)
  }

  /// The rows of labels as the table has them; each number as short as it is read back the same.
  static func text(of rows: [[Float]]) -> String {
    let lists = rows.map { row in
      let numbers = row.map { value in
        value == value.rounded() && abs(value) < 1e6 ? "\(Int(value))" : "\(value)"
      }
      return "[\(numbers.joined(separator: ","))]"
    }
    return "[\(lists.joined(separator: ","))]"
  }
}
#endif
