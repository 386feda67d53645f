#if Server
import JSONText
import YOLOSystem
import YOLOTraining

/// What a run's directory keeps of the Platform, so that a resumed training is reported to the same
/// model: `platform_model_id.txt`, which Ultralytics' client reads, too, and `platform.json`.
///
/// Neither has the key.
struct PlatformRun: Sendable {
  private static let modelFile = "platform_model_id.txt"
  private static let file = "platform.json"

  var model: String?
  var project: String?
  var name: String?
  /// The arguments that were addresses of the Platform, by their names.
  var addresses: [String: String] = [:]
  /// The epochs that the Platform has taken, counted from the first.
  var epochs = 0

  init() {}

  /// Reads what the directory of a run keeps; nil if it was never reported.
  init?(directory: String) {
    func text(_ name: String) -> String? {
      UnrecordedFile.bytes("\(directory)/\(name)").map {
        String(decoding: $0, as: UTF8.self).trimmed
      }
    }
    model = text(Self.modelFile).flatMap { $0.isEmpty ? nil : $0 }
    if let kept = text(Self.file), let value = try? JSONParser.parse(kept) {
      project = value["project"]?.string
      name = value["name"]?.string
      epochs = max(0, value["epochs"]?.int ?? 0)
      for member in value["arguments"]?.members ?? [] {
        if let address = member.value.string { addresses[member.key] = address }
      }
    } else if model == nil {
      return nil
    }
  }

  /// Writes it.
  ///
  /// - Throws: `PlatformClientError.file`.
  func write(to directory: String) throws(PlatformClientError) {
    var members: [JSONMember] = []
    if let project { members.append(JSONMember("project", .string(project))) }
    if let name { members.append(JSONMember("name", .string(name))) }
    if epochs > 0 { members.append(JSONMember("epochs", .int(epochs))) }
    if !addresses.isEmpty {
      members.append(
        JSONMember(
          "arguments",
          .object(
            addresses.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) })))
    }
    do throws(FileError) {
      if let model {
        try Self.replace("\(directory)/\(Self.modelFile)", model)
      }
      try Self.replace("\(directory)/\(Self.file)", JSONWriter.text(.object(members)) + "\n")
    } catch {
      throw PlatformClientError(error)
    }
  }

  private static func replace(_ path: String, _ text: String) throws(FileError) {
    try AtomicFile.write(Array(text.utf8), to: path, rewrites: true)
  }
}

/// Files that are read beside what a run reads: it may write them again.
enum UnrecordedFile {
  private static let maximumBytes = 4 << 20

  /// Returns what is in a file; nil if it cannot be read.
  static func bytes(_ path: String) -> [UInt8]? {
    let descriptor = open(path.pathCharacters, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return try? FileSystem.read(
      descriptor: descriptor, named: path, maximumBytes: maximumBytes)
  }
}
#endif
