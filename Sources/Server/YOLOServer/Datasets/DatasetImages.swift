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
  /// Tells images of one content in a dataset apart; empty for the first.
  let copy: String
  let bytes: Int
  /// What the file was called.
  let name: String
  let split: String
  let width: Int
  let height: Int
  /// The labels: rows of numbers, the class first.
  let rows: StoredJSON
  let labels: Int
  let metadata: StoredJSON?
  /// Whether a version of the dataset has it.
  let isVersioned: Bool
  let created: Int
  let updated: Int?

  /// The name of the file in addresses: 32 digits of its digest, which clients know it by, and the
  /// suffix.
  var objectName: String { Self.objectName(sha: sha, name: name) }

  static func objectName(sha: String, name: String) -> String {
    "\(sha.prefix(32)).\(suffix(of: name))"
  }

  /// The suffix that addresses have.
  static func suffix(of name: String) -> String {
    let suffix = FilePath.suffix(name)
    return ObjectName.plain(suffix.isEmpty ? "jpg" : suffix)
  }

  /// Where the file is in the store.
  var reference: ObjectReference {
    get throws(PlatformError) { try ObjectReference(.images, owner: id, name: objectName) }
  }

  /// The numbers of the labels.
  var numbers: [[Float]] { ImageTable.numbers(of: rows.value) }
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

/// What becomes of an image that the dataset has already, by its content or its name.
enum ConflictPolicy: String, Sendable, Hashable, CaseIterable, Codable {
  /// The new one is left out.
  case skip
  /// Both are kept.
  case keepBoth = "keep_both"
  /// The new one takes the place of the other.
  case replace

  /// The names, as requests have them.
  static let names = allCases.map(\.rawValue)
}

/// The orders that images are listed in.
enum ImageOrder: String, Sendable, Hashable, CaseIterable {
  case newest
  case oldest
  case nameAscending = "name-asc"
  case nameDescending = "name-desc"
  case heightAscending = "height-asc"
  case heightDescending = "height-desc"
  case widthAscending = "width-asc"
  case widthDescending = "width-desc"
  case sizeAscending = "size-asc"
  case sizeDescending = "size-desc"
  case labelsAscending = "labels-asc"
  case labelsDescending = "labels-desc"

  /// The column, beside the identifier; nil for the order of the identifiers alone.
  fileprivate var column: String? {
    switch self {
    case .newest, .oldest: nil
    case .nameAscending, .nameDescending: "name"
    case .heightAscending, .heightDescending: "height"
    case .widthAscending, .widthDescending: "width"
    case .sizeAscending, .sizeDescending: "bytes"
    case .labelsAscending, .labelsDescending: "labels"
    }
  }

  fileprivate var isDescending: Bool {
    switch self {
    case .newest, .nameDescending, .heightDescending, .widthDescending, .sizeDescending,
      .labelsDescending:
      true
    case .oldest, .nameAscending, .heightAscending, .widthAscending, .sizeAscending,
      .labelsAscending:
      false
    }
  }
}

/// Which images of a dataset are listed.
struct ImageFilter: Sendable, Hashable {
  /// The part: train, val or test; nil for all.
  var split: String?
  /// Whether those with labels or those without are meant; nil for both.
  var isLabeled: Bool?
  /// Of which classes one must be among the labels; nil for any.
  var classes: [Int]?
  /// What the name of the file must have, whatever its case.
  var search: String?
  /// The images that are asked for; nil for all.
  var ids: [String]?
  var order = ImageOrder.oldest
  /// The last image of the page before.
  var cursor: String?
  /// How many come before.
  var offset = 0
  /// The maximum number.
  var limit = 100

  /// Whether all images of a part, or of all, are meant, which are counted already.
  var isPlain: Bool { isLabeled == nil && classes == nil && search == nil && ids == nil }
}

/// Reads and writes rows of the table of images, in a transaction of the caller's.
enum ImageTable {
  /// Returns images of a dataset in the order that is asked for.
  static func rows(
    _ database: Database, of dataset: String, _ filter: ImageFilter
  ) throws -> [ImageRow] {
    let direction = filter.order.isDescending ? "DESC" : "ASC"
    let keys = [filter.order.column, "id"].compactMap(\.self)
    let order = keys.map { "\($0) \(direction)" }.joined(separator: ", ")
    let condition = condition(filter, isSorted: true)
    let sql =
      filter.offset < 1000
      ? "SELECT * FROM image WHERE \(condition) ORDER BY \(order) LIMIT :limit OFFSET :offset"
      // The index alone passes over what comes before.
      : """
      SELECT image.* FROM (SELECT id AS wanted FROM image WHERE \(condition)
        ORDER BY \(order) LIMIT :limit OFFSET :offset)
      JOIN image ON image.id = wanted ORDER BY \(order)
      """
    return try ImageRow.fetchAll(
      database, sql: sql,
      arguments: arguments(of: dataset, filter)
        + ["cursor": filter.cursor, "limit": filter.limit, "offset": filter.offset])
  }

  /// Returns how many images of a dataset there are.
  static func count(
    _ database: Database, of dataset: String, _ filter: ImageFilter
  ) throws -> Int {
    var filter = filter
    filter.cursor = nil
    return try Int.fetchOne(
      database, sql: "SELECT count(*) FROM image WHERE \(condition(filter, isSorted: false))",
      arguments: arguments(of: dataset, filter)) ?? 0
  }

  /// Returns the conditions; of a sorted list those that an index is not to be chosen for have a
  /// plus, as the list ends soon in its own order.
  private static func condition(_ filter: ImageFilter, isSorted: Bool) -> String {
    let plus = isSorted ? "+" : ""
    var conditions = ["image.dataset = :dataset"]
    if filter.split != nil {
      conditions.append("\(filter.order.column == nil ? "" : plus)image.split = :split")
    }
    if let isLabeled = filter.isLabeled {
      conditions.append("\(plus)image.labels \(isLabeled ? ">" : "=") 0")
    }
    if let classes = filter.classes {
      let list = classes.map(String.init).joined(separator: ",")
      conditions.append(
        """
        image.id IN (SELECT imageClass.image FROM imageClass
          WHERE imageClass.dataset = :dataset AND imageClass.class IN (\(list)))
        """)
    }
    if filter.search != nil { conditions.append("image.name LIKE :search ESCAPE '\\'") }
    if filter.ids != nil {
      conditions.append("image.id IN (SELECT value FROM json_each(:ids))")
    }
    if filter.cursor != nil {
      let comparison = filter.order.isDescending ? "<" : ">"
      if let column = filter.order.column {
        conditions.append(
          """
          (image.\(column), image.id) \(comparison)
            (SELECT last.\(column), last.id FROM image AS last WHERE last.id = :cursor)
          """)
      } else {
        conditions.append("image.id \(comparison) :cursor")
      }
    }
    return conditions.joined(separator: " AND ")
  }

  private static func arguments(of dataset: String, _ filter: ImageFilter) -> StatementArguments {
    var arguments: StatementArguments = ["dataset": dataset]
    if let split = filter.split { arguments += ["split": split] }
    if let search = filter.search {
      arguments += ["search": LikePattern.containing(search)]
    }
    if let ids = filter.ids { arguments += ["ids": StoredJSON(texts: ids)] }
    return arguments
  }

  /// What has become of an image that was to be added.
  enum Insertion: Sendable {
    case added
    /// It has taken the place of another one.
    case replaced
    /// The dataset has it already.
    case repeated
  }

  /// Adds an image whose file is in the store at its reference; where the dataset has the file
  /// already, the reference is removed.
  ///
  /// - Parameters:
  ///   - database: The transaction.
  ///   - image: The image.
  ///   - dataset: The dataset.
  ///   - ingest: What adds it; what it has added before is no conflict of names, and added no second
  ///     time.
  ///   - policy: What becomes of those that the dataset has; nil to leave equal contents out.
  ///   - now: The time.
  /// - Returns: What has become of it.
  /// - Throws: What the database throws.
  @discardableResult
  static func insert(
    _ database: Database, _ image: NewImage, to dataset: String, ingest: String,
    policy: ConflictPolicy? = nil, now: Int
  ) throws -> Insertion {
    let sha = image.object.digest.description
    let same = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT id, max(ingest IS ?) AS isOwn FROM image WHERE dataset = ? AND sha = ?
          """), arguments: [ingest, dataset, sha])
    let sameID = same?["id"] as String?
    func release() throws -> Insertion {
      try ObjectTable.release(database, image.reference)
      return .repeated
    }
    var copy = ""
    switch policy {
    case nil: if sameID != nil { return try release() }
    case .skip:
      if try sameID != nil || !namesakes(database, image, in: dataset, ingest).isEmpty {
        return try release()
      }
    case .keepBoth:
      if let same, sameID != nil {
        if same["isOwn"] { return try release() }
        copy = ingest
      }
    case .replace:
      for other in try namesakes(database, image, in: dataset, ingest) where other != sameID {
        try database.execute(sql: "DELETE FROM image WHERE id = ?", arguments: [other])
      }
      if let sameID {
        try database.execute(
          sql: """
            UPDATE image SET split = ?, rows = ?, labels = ?, ingest = ?, updated = ? WHERE id = ?
            """,
          arguments: [image.split, text(of: image.rows), image.rows.count, ingest, now, sameID])
        try ObjectTable.release(database, image.reference)
        return .replaced
      }
    }
    try add(database, image, copy: copy, to: dataset, ingest: ingest, now: now)
    return .added
  }

  /// Adds an image that the dataset does not have.
  static func add(
    _ database: Database, _ image: NewImage, copy: String, metadata: StoredJSON? = nil,
    to dataset: String, ingest: String, now: Int
  ) throws {
    try database.cachedStatement(
      sql: """
        INSERT INTO image (id, dataset, sha, copy, bytes, name, split, width, height, rows, labels,
          metadata, ingest, created)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      image.id, dataset, image.object.digest.description, copy, image.object.bytes, image.name,
      image.split, image.size.width, image.size.height, text(of: image.rows), image.rows.count,
      metadata, ingest, now,
    ])
  }

  /// Returns the images of a name that something else has added.
  private static func namesakes(
    _ database: Database, _ image: NewImage, in dataset: String, _ ingest: String
  ) throws -> [String] {
    try String.fetchAll(
      database.cachedStatement(
        sql: "SELECT id FROM image WHERE dataset = ? AND name = ? AND ingest IS NOT ?"),
      arguments: [dataset, image.name, ingest])
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

  /// Returns images of one dataset that somebody may see, and the dataset.
  ///
  /// - Throws: `PlatformError.unknownImage` for one that there is not, `PlatformError.invalid` for
  ///   those of several datasets.
  static func rows(
    _ database: Database, _ ids: [String], viewer: Account?
  ) throws -> (images: [ImageRow], dataset: DatasetRow) {
    let images = try ImageRow.fetchAll(
      database, sql: "SELECT * FROM image WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
      arguments: [StoredJSON(texts: ids)])
    let found = Set(images.map(\.id))
    if let missing = ids.first(where: { !found.contains($0) }) {
      throw PlatformError.unknownImage(missing.excerpt())
    }
    guard let first = images.first else { throw PlatformError.unknownImage("") }
    let (_, dataset) = try row(database, first.id, viewer: viewer)
    for image in images where image.dataset != dataset.id {
      // What somebody may not see is not there.
      _ = try row(database, image.id, viewer: viewer)
      throw PlatformError.invalid(
        argument: "imageIds", given: image.id, expected: "images of one dataset")
    }
    return (images, dataset)
  }

  /// The numbers of labels of the table.
  static func numbers(of rows: JSONValue) -> [[Float]] {
    (rows.elements ?? []).map { row in
      (row.elements ?? []).map { value in
        switch value {
        case .int(let integer): Float(integer)
        case .double(let number): Float(number)
        default: 0
        }
      }
    }
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
