#if Server
import GRDB
import JSONText
import YOLOSystem

/// How far an export is.
enum ExportStatus: String, Sendable, Hashable, CaseIterable, Codable {
  case queued
  case starting
  case running
  case completed
  case failed
  case cancelled

  /// Whether something is still to be done.
  var isActive: Bool { [.queued, .starting, .running].contains(self) }
}

/// An export of a model: a row of the table of exports, with the names of the model.
struct ExportRow: Decodable, FetchableRecord, Sendable {
  /// What grows with each export.
  let number: Int
  let id: String
  let account: String
  let model: String
  let owner: String
  let projectSlug: String
  let modelSlug: String
  let modelName: String
  /// The format by its name in the later documents.
  let format: String
  /// The name that was sent.
  let formatGiven: String
  let arguments: StoredJSON
  let gpuType: String?
  /// The SHA-256 of the weights that are exported.
  let weights: String
  let status: ExportStatus
  let attempts: Int
  /// The name of the result.
  let fileName: String?
  let fileBytes: Int?
  let failure: String?
  let created: Int
  let started: Int?
  let completed: Int?
  let updated: Int

  /// Where the result is.
  var result: ObjectReference? {
    get throws(PlatformError) {
      guard let fileName else { return nil }
      return try ObjectReference(.exports, owner: id, name: fileName)
    }
  }

  /// Where the weights are as long as they are needed.
  static func source(of id: String) throws(PlatformError) -> ObjectReference {
    // No result is called so: nobody is given an address of it.
    try ObjectReference(.exports, owner: id, name: "source-weights")
  }
}

/// What a model is to be exported as.
struct ExportDraft: Sendable {
  let format: ExportFormatName
  let arguments: StoredJSON
  let gpuType: String?
}

/// A format by the name that was sent for it.
struct ExportFormatName: Sendable, Hashable {
  /// The name that was sent.
  let given: String
  /// The name in the later documents.
  let name: String
}

/// What may be said of an export besides its format, as the later documents have it.
enum ExportArguments {
  private static let flags: Set = [
    "dynamic", "simplify", "nms", "end2end", "optimize", "keras", "half", "int8",
  ]
  private static let integers = ["imgsz": 32...8192, "opset": 9...23, "batch": 1...32]
  private static let numbers = ["conf": 0.0...1, "iou": 0.0...1, "workspace": 1.0...16]
  private static let precisions: Set = [
    "8", "16", "32", "int8", "fp16", "fp32", "w8a8", "w16a16", "w32a32", "w8a16", "w8a32",
  ]
  /// The chips that files are made for.
  private static let targets: Set = [
    "rk3588", "rk3576", "rk3566", "rk3568", "rk3562", "rv1103", "rv1106", "rv1103b", "rv1106b",
    "rk2118", "rv1126b", "68", "69", "73", "75", "79", "81", "iq-8275", "qcs8275", "hailo8",
    "hailo8l", "hailo10h", "hailo15h", "hailo15l", "Ascend310P3", "Ascend310P1", "Ascend310B4",
    "Ascend310B1",
  ]

  /// The names of all arguments.
  static var names: [String] {
    (flags.union(integers.keys).union(numbers.keys).union(["quantize", "name"])).sorted()
  }

  /// Checks arguments; those that are null are left out.
  ///
  /// - Throws: `PlatformError.invalid` for one that there is not, or of another value.
  static func checked(_ arguments: StoredJSON?) throws(PlatformError) -> StoredJSON {
    guard let arguments, arguments.value != .null else { return .emptyObject }
    guard let members = arguments.value.members else {
      throw .invalid(
        argument: "args", given: JSONWriter.text(arguments.value).excerpt(), expected: "an object")
    }
    let given = members.filter { $0.value != .null }
    for member in given {
      guard let expected = objection(to: member) else { continue }
      throw .invalid(
        argument: "args.\(member.key.excerpt())", given: JSONWriter.text(member.value).excerpt(),
        expected: expected)
    }
    return StoredJSON(.object(given))
  }

  /// Returns what an argument must be; nil if it is that.
  private static func objection(to member: JSONMember) -> String? {
    let value = member.value
    if flags.contains(member.key) {
      if case .bool = value { return nil }
      return "true or false"
    }
    if let range = integers[member.key] {
      if case .int(let number) = value, range.contains(number) { return nil }
      return "an integer from \(range.lowerBound) to \(range.upperBound)"
    }
    if let range = numbers[member.key] {
      switch value {
      case .int(let number) where range.contains(Double(number)): return nil
      case .double(let number) where range.contains(number): return nil
      default: return "a number from \(range.lowerBound) to \(range.upperBound)"
      }
    }
    let text: String? = if case .int(let number) = value { "\(number)" } else { value.string }
    switch member.key {
    case "quantize":
      return text.map(precisions.contains) == true
        ? nil : "one of \(precisions.sorted().joined(separator: ", "))"
    case "name":
      return text.map(targets.contains) == true
        ? nil : "one of \(targets.sorted().joined(separator: ", "))"
    default: return "one of the arguments \(names.joined(separator: ", "))"
    }
  }

  /// Returns the arguments as Ultralytics' command line has them, `name=value`.
  static func words(_ arguments: StoredJSON) -> [String] {
    (arguments.value.members ?? []).map { member in
      switch member.value {
      case .bool(let flag): "\(member.key)=\(flag ? "True" : "False")"
      case .string(let text): "\(member.key)=\(text)"
      case let value: "\(member.key)=\(JSONWriter.text(value))"
      }
    }
  }
}
#endif
