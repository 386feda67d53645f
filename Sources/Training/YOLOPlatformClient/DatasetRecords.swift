#if Server
import JSONText
import YOLOCryptography
import YOLODatasets
import YOLOGeometry
import YOLOSystem

/// What a Platform's export of a dataset has: NDJSON, the dataset in the first line and an image in
/// each further one.
struct DatasetRecords: Sendable {
  /// An image of the dataset.
  struct ImageRecord: Sendable {
    /// The address of its file.
    let url: String
    /// What its content is known by: 32 hexadecimal digits.
    let hash: String
    /// The suffix of its file.
    let suffix: String
    /// The line of the export.
    let line: Int
    var split: String
    /// The content of its file of labels; nil for none.
    let labels: String?
    /// The class, of a set for classification.
    let classIndex: Int?

    /// What the file is called in the pool of all images.
    var pooledName: String { "\(hash).\(suffix)" }
    /// What it is called in the dataset, without its suffix.
    var stem: String { "\(hash)_\(line)" }
  }

  /// What the labels are for.
  let task: VisionTask
  /// The names of the classes by their indices.
  let names: [String]
  let keypointShape: [Int]?
  let flip: [Int]?
  private(set) var images: [ImageRecord] = []
  /// What names the state of the dataset: nothing that changes with each export counts.
  let identity: String
  /// What a user should know.
  private(set) var notes: [String] = []

  private static let maximumLine = 256 << 20
  private static let maximumImages = 20_000_000

  /// Reads an export.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - name: The address of the dataset, for errors.
  /// - Throws: `PlatformClientError.line`.
  init(file path: String, name: String) throws(PlatformClientError) {
    func failure(_ line: Int, _ reason: String) -> PlatformClientError {
      .line(name, number: line, reason: reason)
    }
    var lines: LineReader
    do throws(FileError) {
      lines = try LineReader(path, maximumBytes: Self.maximumLine)
    } catch {
      throw PlatformClientError(error)
    }
    func next() throws(PlatformClientError) -> String? {
      do throws(FileError) {
        return try lines.next().map { String(decoding: $0, as: UTF8.self) }
      } catch {
        throw PlatformClientError(error)
      }
    }
    guard let first = try next(),
      let header = try? JSONParser.parse(first), header["type"]?.string == "dataset"
    else { throw failure(1, "this is no dataset: its first line must be one of type dataset") }
    let taskName = header["task"]?.string ?? "detect"
    guard let task = VisionTask(rawValue: taskName), !task.isDense else {
      throw failure(1, "datasets for \(taskName.excerpt()) cannot be trained here")
    }
    self.task = task
    guard let classes = header["class_names"]?.members else {
      throw failure(1, "class_names must be an object of names by their indices")
    }
    var names: [Int: String] = [:]
    for member in classes {
      guard let index = Int(member.key), (0..<Dataset.maximumClasses).contains(index),
        let text = member.value.string, !text.isEmpty
      else { throw failure(1, "class_names has \(member.key.excerpt()), which is no class") }
      names[index] = text
    }
    var all = (0..<((names.keys.max() ?? -1) + 1)).map { names[$0] ?? "class\($0)" }
    keypointShape = header["kpt_shape"]?.elements?.compactMap(\.int)
    flip = header["flip_idx"]?.elements?.compactMap(\.int)
    if task == .pose, keypointShape?.count != 2 {
      throw failure(1, "kpt_shape must be the number of keypoints and of their values")
    }
    var digest = SHA256()
    digest.update(Array(JSONWriter.text(header).utf8).span.bytes)
    var unlabeled = 0
    while let text = try next() {
      let number = lines.number
      if text.allSatisfy(\.isWhitespace) { continue }
      guard let value = try? JSONParser.parse(text), value.members != nil else {
        throw failure(number, "this is no JSON object")
      }
      guard value["type"]?.string == "image" else {
        throw failure(number, "type must be image, not \((value["type"]?.string ?? "").excerpt())")
      }
      guard images.count < Self.maximumImages else {
        throw failure(number, "there are more than \(Self.maximumImages) images")
      }
      let image: ImageRecord?
      do throws(RecordFailure) {
        image = try Self.image(value, task: task, line: number, classCount: &all)
      } catch {
        throw failure(number, error.reason)
      }
      guard let image else {
        unlabeled += 1
        continue
      }
      let members = (value.members ?? []).filter { $0.key != "url" }
      let plain = String(image.url.prefix { $0 != "?" })
      let record = JSONValue.object(members + [JSONMember("url", .string(plain))])
      digest.update(Array("\n\(JSONWriter.text(record))".utf8).span.bytes)
      images.append(image)
    }
    self.names = all
    identity = String(digest.digest().hexadecimal.prefix(16))
    if unlabeled > 0 { notes.append("\(name): \(unlabeled) images without a class are left out") }
    guard images.contains(where: { $0.split == "train" }) else {
      throw .resource(name, reason: "it has no images for training")
    }
    if !images.contains(where: { $0.split == "val" }) { try splitOff(name) }
  }

  private struct RecordFailure: Error { let reason: String }

  private static func image(
    _ value: JSONValue, task: VisionTask, line: Int, classCount names: inout [String]
  ) throws(RecordFailure) -> ImageRecord? {
    guard let file = value["file"]?.string, let url = value["url"]?.string, !file.isEmpty else {
      throw RecordFailure(reason: "file and url must be there")
    }
    let suffix = FilePath.suffix(file)
    guard Dataset.suffixes.contains(suffix) else {
      throw RecordFailure(reason: "\(file.excerpt()) is no image")
    }
    guard let split = value["split"]?.string, Dataset.splits.contains(split) else {
      throw RecordFailure(
        reason: "split must be one of \(Dataset.splits.joined(separator: ", "))")
    }
    let plain = String(url.prefix { $0 != "?" && $0 != "#" })
    let stem = FilePath.name(of: plain).prefix { $0 != "." }
    let isHash =
      stem.utf8.count == 32 && stem.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    let digest = SHA256.digest(of: Array(plain.utf8).span.bytes).hexadecimal
    let hash = isHash ? String(stem) : String(digest.prefix(32))
    // The first list counts, whatever it is called.
    let rows = value["annotations"]?.members?.first?.value.elements ?? []
    func classIndex(_ value: JSONValue?) throws(RecordFailure) -> Int {
      var index = value?.int
      if case .double(let number)? = value { index = Int(exactly: number) }
      guard let index, (0..<Dataset.maximumClasses).contains(index) else {
        throw RecordFailure(reason: "a class must be an integer from 0 on")
      }
      while names.count <= index { names.append("class\(names.count)") }
      return index
    }
    if task == .classify {
      guard let first = rows.first else { return nil }
      return ImageRecord(
        url: url, hash: hash, suffix: suffix, line: line, split: split, labels: nil,
        classIndex: try classIndex(first))
    }
    var text = ""
    for row in rows {
      guard let numbers = row.elements, !numbers.isEmpty else {
        throw RecordFailure(reason: "a row of annotations must be a list of numbers")
      }
      text += "\(try classIndex(numbers[0]))"
      for number in numbers.dropFirst() {
        switch number {
        case .int(let value): text += " \(value)"
        case .double(let value) where value.isFinite: text += " \(value)"
        default: throw RecordFailure(reason: "a row of annotations must be a list of numbers")
        }
      }
      text += "\n"
    }
    return ImageRecord(
      url: url, hash: hash, suffix: suffix, line: line, split: split,
      labels: text.isEmpty ? nil : text, classIndex: nil)
  }

  /// Lets a tenth of the images for training, told by their contents, be those of the evaluation.
  private mutating func splitOff(_ name: String) throws(PlatformClientError) {
    let training = images.indices.filter { images[$0].split == "train" }
      .sorted { images[$0].stem < images[$1].stem }
    guard training.count >= 2 else {
      throw .resource(
        name, reason: "it has no images for the evaluation, and too few to take some from training")
    }
    let count = max(1, training.count / 10)
    for index in training.prefix(count) { images[index].split = "val" }
    notes.append(
      "\(name) has no images for the evaluation: \(count) of its \(training.count) for training are "
        + "evaluated on instead")
  }
}
#endif
