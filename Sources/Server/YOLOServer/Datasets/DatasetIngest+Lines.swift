#if Server
import GRDB
import JSONText
import YOLODatasets
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOSystem

/// Taking in NDJSON, as exports have it: a line about the dataset, then one for each image.
///
/// An image is told by the content that its address or its member `hash` names, if the account has
/// it or a public dataset does; else it is fetched from its address, where the operator allows it.
extension DatasetIngest {
  /// The maximum number of bytes of a line, and of images.
  private static let maximumLineBytes = 64 << 20
  private static let maximumImages = 1_000_000
  private static let lineBatch = 128
  private static let fetchesAtOnce = 8

  /// The first line.
  private struct Header {
    let task: VisionTask
    let names: [String]
    let shape: [Int]?
    let flip: [Int]?
  }

  /// The line of an image.
  private struct Line: Sendable {
    let number: Int
    let name: String
    let split: String
    let rows: [[Float]]
    /// What the digest of the content begins with.
    let hash: String?
    let url: String?
  }

  /// What a line says that it must not.
  private struct LineFailure: Error {
    let kind: DatasetFault.Kind
    let reason: String
  }

  /// Adds the images of a file.
  func storeLines(
    _ path: String, _ outcome: inout IngestRepository.Outcome
  ) async throws {
    var reader = try LineReader(path, maximumBytes: Self.maximumLineBytes)
    let isFirst = work.dataset.images == 0 && work.dataset.classNames.isEmpty
    let header: Header
    do throws(LineFailure) {
      guard let first = try? reader.next() else {
        throw LineFailure(kind: .description, reason: "the file is empty")
      }
      header = try Self.header(first)
      guard !work.dataset.isTaskGiven && isFirst || header.task == work.dataset.task else {
        throw LineFailure(
          kind: .description,
          reason: "the task is \(header.task.rawValue), that of the dataset "
            + work.dataset.task.rawValue)
      }
      if let shape = header.shape, let expected = work.dataset.keypointShape, shape != expected {
        throw LineFailure(
          kind: .description,
          reason: "keypoints have the shape \(shape), those of the dataset \(expected)")
      }
    } catch {
      outcome.failure = "\(work.job.name), line 1: \(error.reason)"
      outcome.add(fault(error, line: 1))
      return
    }
    let classes = try await classes(
      header.names, task: header.task, shape: header.shape, flip: header.flip, isFirst: isFirst)
    var waiting: [Line] = []
    var count = 0
    while let bytes = try reader.next() {
      let number = reader.number
      guard !bytes.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) else { continue }
      count += 1
      guard count <= Self.maximumImages else {
        outcome.failure = "\(work.job.name) has more than \(Self.maximumImages) images"
        return
      }
      do throws(LineFailure) {
        waiting.append(try line(bytes, number, header))
      } catch {
        outcome.faulty += 1
        outcome.add(fault(error, line: number))
      }
      if waiting.count == Self.lineBatch {
        try await store(waiting, from: count - waiting.count, classes, &outcome)
        waiting = []
      }
    }
    try await store(waiting, from: count - waiting.count, classes, &outcome)
    if outcome.sound == 0 {
      outcome.failure = "\(work.job.name) has no image that can be used"
    }
  }

  private func fault(_ failure: LineFailure, line: Int) -> IngestFault {
    IngestFault(
      severity: "error", kind: failure.kind.rawValue, file: work.job.name, line: line,
      message: "\(work.job.name), line \(line): \(failure.reason)")
  }

  // MARK: Lines

  private static func parse(_ bytes: ArraySlice<UInt8>) throws(LineFailure) -> JSONValue {
    guard let value = try? JSONParser.parse(String(decoding: bytes, as: UTF8.self)),
      value.members != nil
    else { throw LineFailure(kind: .description, reason: "it is no object of JSON") }
    return value
  }

  private static func header(_ bytes: ArraySlice<UInt8>) throws(LineFailure) -> Header {
    let value = try parse(bytes)
    func invalid(_ reason: String) -> LineFailure {
      LineFailure(kind: .description, reason: reason)
    }
    guard value["type"]?.string == "dataset" else {
      throw invalid(#"it must be that of the dataset, with "type":"dataset""#)
    }
    let text = value["task"]?.string ?? VisionTask.detect.rawValue
    guard let task = VisionTask(rawValue: text), !task.isDense else {
      throw invalid(
        "the task must be one of \(VisionTask.labeled.map(\.rawValue).joined(separator: ", "))")
    }
    let shape = value["kpt_shape"]?.elements?.compactMap(\.int)
    let flip = value["flip_idx"]?.elements?.compactMap(\.int)
    do throws(PlatformError) {
      try DatasetDraft.check(keypointShape: shape, flip: flip)
    } catch {
      throw invalid("\(error)")
    }
    guard task != .pose || shape != nil else {
      throw invalid("kpt_shape is missing, which keypoints need")
    }
    return Header(
      task: task, names: try names(value), shape: task == .pose ? shape : nil,
      flip: task == .pose ? flip : nil)
  }

  private static func names(_ value: JSONValue) throws(LineFailure) -> [String] {
    var names: [String] = []
    if let list = value["class_names"]?.elements {
      names = list.compactMap(\.string)
      guard names.count == list.count else {
        throw LineFailure(kind: .description, reason: "class_names must be names")
      }
    } else if let members = value["class_names"]?.members {
      for member in members {
        guard let index = Int(member.key), (0..<Dataset.maximumClasses).contains(index),
          let name = member.value.string
        else {
          throw LineFailure(
            kind: .description,
            reason: "class_names must be names by the indices 0, 1, 2 …, but there is "
              + member.key.excerpt())
        }
        // Clients call gaps so.
        while names.count <= index { names.append("class\(names.count)") }
        names[index] = name
      }
    }
    guard (1...Dataset.maximumClasses).contains(names.count) else {
      throw LineFailure(kind: .description, reason: "class_names is missing")
    }
    return names
  }

  private func line(
    _ bytes: ArraySlice<UInt8>, _ number: Int, _ header: Header
  ) throws(LineFailure) -> Line {
    let value = try Self.parse(bytes)
    guard value["type"]?.string == "image" else {
      throw LineFailure(kind: .description, reason: #"it must have "type":"image""#)
    }
    guard let file = value["file"]?.string, !file.isEmpty, file.utf8.count <= 1000 else {
      throw LineFailure(kind: .description, reason: "file must be the name of the image")
    }
    let split = work.job.split ?? value["split"]?.string ?? "train"
    guard Dataset.splits.contains(split) else {
      throw LineFailure(
        kind: .description, reason: "split must be train, val or test, but it is \(split.excerpt())"
      )
    }
    let url = value["url"]?.string
    let named = value["hash"]?.string ?? url.flatMap(Self.hash)
    return Line(
      number: number, name: FilePath.name(of: file), split: split,
      rows: try Self.rows(value["annotations"], header),
      hash: named.flatMap { Self.isHash($0) ? $0 : nil }, url: url)
  }

  /// The stem of the last part of an address.
  private static func hash(of url: String) -> String {
    String(SourceFetcher.fileName(of: url).prefix { $0 != "." })
  }

  private static func isHash(_ text: String) -> Bool {
    [32, 64].contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private static func rows(
    _ annotations: JSONValue?, _ header: Header
  ) throws(LineFailure) -> [[Float]] {
    guard let members = annotations?.members, let first = members.first else { return [] }
    let key = DatasetLines.annotationKey(header.task)
    guard first.key == key, members.count == 1, let elements = first.value.elements else {
      throw LineFailure(
        kind: .invalidLabel,
        reason: "annotations must have the list \(key) alone, but there is "
          + members.map { $0.key.excerpt() }.joined(separator: ", "))
    }
    let rows: [[Float]]
    if header.task == .classify {
      // The first one counts.
      rows = elements.prefix(1).map { [Self.number($0)] }
    } else {
      rows = elements.map { ($0.elements ?? []).map(Self.number) }
    }
    do throws(PlatformError) {
      try DatasetRow.check(
        rows: rows, task: header.task, classCount: header.names.count,
        keypointShape: header.shape)
    } catch {
      throw LineFailure(kind: .invalidLabel, reason: "\(error)")
    }
    return rows
  }

  private static func number(_ value: JSONValue) -> Float {
    switch value {
    case .int(let integer): Float(integer)
    case .double(let number): Float(number)
    default: .nan
    }
  }

  // MARK: Images

  /// An image of a line: one that is in the store, or that was fetched.
  private struct Found: Sendable {
    let image: NewImage
    let staged: StagedObject?
  }

  private func store(
    _ lines: [Line], from number: Int, _ classes: [Int?],
    _ outcome: inout IngestRepository.Outcome
  ) async throws {
    guard !lines.isEmpty else { return }
    let known = try await jobs.contents(
      of: lines.compactMap(\.hash), visibleTo: work.account)
    var found: [Found] = []
    for start in stride(from: 0, to: lines.count, by: Self.fetchesAtOnce) {
      let part = Array(lines[start..<min(start + Self.fetchesAtOnce, lines.count)].enumerated())
      let results = try await withThrowingTaskGroup(
        of: (Int, Result<Found, LineFailure>).self
      ) { group in
        for (offset, line) in part {
          group.addTask {
            let id = ResourceID.numbered(number + start + offset, now: work.job.created)
            return (
              offset, try await find(line, id: id, known: known[line.hash ?? ""], classes)
            )
          }
        }
        var results: [Int: Result<Found, LineFailure>] = [:]
        for try await (offset, result) in group { results[offset] = result }
        return results
      }
      for (offset, line) in part {
        switch results[offset] {
        case .success(let image):
          outcome.sound += 1
          found.append(image)
        case .failure(let failure):
          outcome.faulty += 1
          outcome.add(fault(failure, line: line.number))
        case nil: break
        }
      }
    }
    try await jobs.add(
      fetched: found.compactMap { found in found.staged.map { (found.image, $0) } },
      known: found.filter { $0.staged == nil }.map(\.image), of: work)
  }

  private func find(
    _ line: Line, id: String, known: IngestRepository.Content?, _ classes: [Int?]
  ) async throws -> Result<Found, LineFailure> {
    let rows = line.rows.compactMap { row in
      classes[Int(row[0])].map { [Float($0)] + row.dropFirst() }
    }
    func image(_ object: StoredObject, _ size: Size, _ name: String) -> NewImage {
      NewImage(id: id, object: object, name: name, split: line.split, size: size, rows: rows)
    }
    if let known {
      return .success(Found(image: image(known.object, known.size, line.name), staged: nil))
    }
    func failure(_ reason: String) -> Result<Found, LineFailure> {
      .failure(
        LineFailure(kind: .unreadableImage, reason: "\(line.name.excerpt()): \(reason)"))
    }
    guard let fetcher else {
      return failure(
        "it is none of the account or of a public dataset, and this server fetches nothing from "
          + "addresses")
    }
    guard let url = line.url else { return failure("it has no address") }
    let bytes: [UInt8]
    do throws(SourceFetcher.Failure) {
      bytes = try await fetcher.image(at: url, maximumBytes: Self.maximumImageBytes)
    } catch {
      return failure("\(error)")
    }
    let size: Size
    do {
      size = try await onThread { try ImageReader.decode(bytes, named: line.name).size }
      try Dataset.check(size, ofImage: line.name)
    } catch {
      return failure("\(error)")
    }
    let writer = try await jobs.store.begin(for: work.account)
    try await writer.append(bytes)
    let staged = try await writer.finish()
    return .success(Found(image: image(staged.object, size, line.name), staged: staged))
  }
}

extension IngestRepository {
  /// An image of the store that somebody may see.
  struct Content: Sendable {
    let object: StoredObject
    let size: Size
  }

  /// Returns the contents that digests begin with, of images that an account may see.
  ///
  /// These are its own, and those of public datasets: that somebody knows a digest is no reason to
  /// be given what is private to others.
  func contents(
    of hashes: [String], visibleTo account: Account
  ) async throws(PlatformError) -> [String: Content] {
    try await database.read { database in
      var contents: [String: Content] = [:]
      let statement = try database.makeStatement(
        sql: """
          SELECT image.sha, image.bytes, image.width, image.height FROM image
          JOIN dataset ON dataset.id = image.dataset
          WHERE image.sha >= :low AND image.sha < :high AND (dataset.account = :account
            OR dataset.visibility = 'public' AND dataset.trashed IS NULL)
          LIMIT 1
          """)
      for hash in Set(hashes) {
        let row = try Row.fetchOne(
          statement, arguments: ["low": hash, "high": hash + "g", "account": account.id])
        guard let row, let digest = ObjectDigest(row["sha"]) else { continue }
        contents[hash] = Content(
          object: StoredObject(digest: digest, bytes: row["bytes"]),
          size: Size(width: row["width"], height: row["height"]))
      }
      return contents
    }
  }

  /// Adds images of lines, all in one transaction: some were fetched, some are in the store.
  func add(
    fetched: [(NewImage, StagedObject)], known: [NewImage], of work: Work
  ) async throws(PlatformError) {
    let now = clock()
    let objects = try fetched.map { (image, staged) throws(PlatformError) in
      (staged: staged, reference: try image.reference)
    }
    let images = fetched.map(\.0)
    try await store.put(objects, of: work.account) { database in
      for image in known {
        try ObjectTable.adopt(
          database, image.object.digest, as: image.reference, of: work.account)
      }
      for image in (images + known).sorted(by: { $0.id < $1.id }) {
        try ImageTable.insert(
          database, image, to: work.dataset.id, ingest: work.job.id, policy: work.job.policy,
          now: now)
      }
      try database.execute(
        sql: "UPDATE ingest SET added = added + ?, updated = ? WHERE id = ?",
        arguments: [images.count + known.count, now, work.job.id])
    }
  }
}
#endif
