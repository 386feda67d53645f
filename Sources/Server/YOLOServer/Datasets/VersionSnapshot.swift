#if Server
import GRDB
import JSONText
import YOLODatasets
import YOLOGeometry
import YOLOSystem

/// The images of a dataset as they were: a file of lines of JSON, the first one about the classes.
///
/// It has no addresses, so that it stays the same; an export of it has.
enum VersionSnapshot {
  /// The maximum number of bytes of a line: the labels of an image.
  static let maximumLineBytes = 256 << 20
  private static let pageSize = 1000

  /// What the labels of a version are of.
  struct Header: Sendable, Hashable {
    let task: VisionTask
    let classNames: [String]
    let keypointShape: [Int]?
    let keypointFlip: [Int]?
  }

  /// An image of a version.
  struct Image: Sendable, Hashable {
    let id: String
    let sha: String
    let copy: String
    let bytes: Int
    let name: String
    let split: String
    let width: Int
    let height: Int
    /// The labels, as the table of images has them.
    let rows: String
    let metadata: String?

    /// The numbers of the labels.
    var numbers: [[Float]] {
      (try? JSONParser.parse(rows)).map(ImageTable.numbers) ?? []
    }

    /// Where the file is in the store.
    var reference: ObjectReference {
      get throws(PlatformError) {
        try ObjectReference(
          .images, owner: id, name: ImageRow.objectName(sha: sha, name: name))
      }
    }
  }

  /// Writes the images of a dataset.
  ///
  /// - Throws: `PlatformError.changedDataset` if they were changed meanwhile.
  static func write(
    _ dataset: DatasetRow, of account: Account, to store: ObjectStore
  ) async throws -> StagedObject {
    let writer = try await store.begin(for: account)
    var json = JSONWriter()
    json.value(header(of: dataset))
    try await writer.append(json.takeBytes() + [UInt8(ascii: "\n")])
    var cursor = ""
    while true {
      let page = try await store.database.read { [cursor] database in
        let revision = try Int.fetchOne(
          database, sql: "SELECT revision FROM dataset WHERE id = ?", arguments: [dataset.id])
        guard revision == dataset.revision else {
          throw PlatformError.changedDataset(dataset.slug)
        }
        return try Image.fetchAll(
          database,
          sql: """
            SELECT id, sha, copy, bytes, name, split, width, height, rows, metadata FROM image
            WHERE dataset = ? AND id > ? ORDER BY id LIMIT ?
            """, arguments: [dataset.id, cursor, pageSize])
      }
      try await writer.append(page.flatMap(line))
      guard let last = page.last, page.count == pageSize else { break }
      cursor = last.id
    }
    return try await writer.finish()
  }

  private static func header(of dataset: DatasetRow) -> JSONValue {
    func list(_ name: String, _ values: [Int]?) -> [JSONMember] {
      values.map { [JSONMember(name, .array($0.map { .int($0) }))] } ?? []
    }
    return .object(
      [
        JSONMember("task", .string(dataset.task.rawValue)),
        JSONMember("classNames", .array(dataset.classNames.map { .string($0) })),
      ] + list("keypointShape", dataset.keypointShape)
        + list("keypointFlip", dataset.keypointFlip))
  }

  private static func line(_ image: Image) -> [UInt8] {
    var json = JSONWriter()
    json.beginArray()
    for text in [image.id, image.sha, image.copy, image.name, image.split] { json.string(text) }
    for number in [image.bytes, image.width, image.height] { json.integer(number) }
    json.string(image.metadata ?? "")
    json.endArray()
    // The labels are JSON as they are.
    return json.takeBytes() + [UInt8(ascii: "\t")] + Array(image.rows.utf8)
      + [UInt8(ascii: "\n")]
  }
}

/// Reads the images of a version one by one.
struct VersionReader: ~Copyable {
  /// What the labels are of.
  let header: VersionSnapshot.Header
  private let path: String
  private var lines: LineReader

  /// Opens the file of a version.
  ///
  /// - Throws: `StorageError.inaccessible` for a file that is none.
  init(_ path: String) throws {
    var lines = try LineReader(path, maximumBytes: VersionSnapshot.maximumLineBytes)
    guard let first = try lines.next(), let header = Self.header(first) else {
      throw Self.damaged(path, line: 1)
    }
    self.path = path
    self.header = header
    self.lines = lines
  }

  /// Returns the next image; nil after the last one.
  mutating func next() throws -> VersionSnapshot.Image? {
    guard let line = try lines.next() else { return nil }
    guard let image = Self.image(line) else { throw Self.damaged(path, line: lines.number) }
    return image
  }

  private static func damaged(_ path: String, line: Int) -> StorageError {
    .inaccessible(path: path, reason: "line \(line) is not one of a version")
  }

  private static func header(_ line: ArraySlice<UInt8>) -> VersionSnapshot.Header? {
    guard let value = try? JSONParser.parse(String(decoding: line, as: UTF8.self)),
      let task = value["task"]?.string.flatMap(VisionTask.init(rawValue:)),
      let names = value["classNames"]?.elements
    else { return nil }
    func integers(_ name: String) -> [Int]? { value[name]?.elements?.compactMap(\.int) }
    return VersionSnapshot.Header(
      task: task, classNames: names.compactMap(\.string),
      keypointShape: integers("keypointShape"), keypointFlip: integers("keypointFlip"))
  }

  private static func image(_ line: ArraySlice<UInt8>) -> VersionSnapshot.Image? {
    guard let tab = line.firstIndex(of: UInt8(ascii: "\t")),
      let values = try? JSONParser.parse(String(decoding: line[..<tab], as: UTF8.self)).elements,
      values.count == 9
    else { return nil }
    let texts = values.prefix(5).compactMap(\.string)
    let numbers = values[5..<8].compactMap(\.int)
    guard texts.count == 5, numbers.count == 3, let metadata = values[8].string else { return nil }
    return VersionSnapshot.Image(
      id: texts[0], sha: texts[1], copy: texts[2], bytes: numbers[0], name: texts[3],
      split: texts[4], width: numbers[1], height: numbers[2],
      rows: String(decoding: line[(tab + 1)...], as: UTF8.self),
      metadata: metadata.isEmpty ? nil : metadata)
  }
}

extension VersionSnapshot.Image: Decodable, FetchableRecord {}
#endif
