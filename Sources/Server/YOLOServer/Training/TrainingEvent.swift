#if Server
import JSONText
import YOLOSystem

/// What a report of a training is about.
enum TrainingEventKind: String, Sendable, Hashable, CaseIterable {
  case started = "training_started"
  case progress = "training_progress"
  case epochEnd = "epoch_end"
  case console = "console_output"
  case system = "system_metrics"
  case checkpoint = "checkpoint_saved"
  case complete = "training_complete"
  case failed = "training_failed"
}

/// A report of a training, as clients send it.
struct TrainingEvent: Sendable {
  /// The maximum size of a report in bytes.
  static let byteLimit = 64 << 20
  /// The maximum number of values in a report: the confusion matrix of 1700 classes has 2.9 million.
  static let valueLimit = 4_000_000

  let kind: TrainingEventKind
  /// The members of `data`.
  let data: JSONValue
  /// The identifier of the model; nil if the project and the name tell which is meant.
  let model: String?
  let project: String?
  let name: String?
  /// The number of the run; nil for the last one.
  let run: Int?

  /// Names the model of something else than a report.
  init(
    _ kind: TrainingEventKind, model: String?, project: String?, name: String?, run: Int?
  ) {
    self.kind = kind
    data = .null
    self.model = model
    self.project = project
    self.name = name
    self.run = run
  }

  /// Reads a report.
  ///
  /// - Throws: `APIError` of status 400 that names what is wrong.
  init(_ bytes: UnsafeRawBufferPointer) throws(APIError) {
    let value: JSONValue
    do {
      value = try JSONParser.parse(bytes, valueLimit: Self.valueLimit)
    } catch {
      throw .invalidField(
        "body", expected: "JSON", "The body is no JSON: \(error.reason), at byte \(error.offset).")
    }
    guard value.members != nil else {
      throw .invalidField("body", expected: "an object", "The body must be an object.")
    }
    let names = TrainingEventKind.allCases.map(\.rawValue).joined(separator: ", ")
    guard let text = value["event"]?.string, let kind = TrainingEventKind(rawValue: text) else {
      throw .invalidField(
        "event", given: value["event"]?.string?.excerpt(), expected: "one of \(names)",
        "event must be one of \(names).")
    }
    let data = value["data"] ?? .null
    guard data.members != nil || data == .null else {
      throw .invalidField("data", expected: "an object", "data must be an object.")
    }
    self.kind = kind
    self.data = data
    model = try Self.text(value, "modelId")
    project = try Self.text(value, "project")
    name = try Self.text(value, "name")
    run = (data["runId"] ?? value["runId"])?.wholeNumber
  }

  /// Returns text of a reasonable length; nil if it is missing, null or empty.
  private static func text(_ value: JSONValue, _ name: String) throws(APIError) -> String? {
    guard let member = value[name], member != .null else { return nil }
    guard let text = member.string, text.utf8.count <= 1000 else {
      throw .invalidField(
        name, expected: "a string of at most 1000 bytes",
        "\(name) must be a string of at most 1000 bytes.")
    }
    return text.isEmpty ? nil : text
  }

  /// Returns an integer of `data`.
  ///
  /// - Throws: `PlatformError.invalid`: it is called in transactions.
  func integer(_ name: String, in range: ClosedRange<Int>) throws(PlatformError) -> Int {
    guard let value = data[name]?.wholeNumber, range.contains(value) else {
      throw .invalid(
        argument: "data.\(name)",
        given: data[name].map { JSONWriter.text($0).excerpt() } ?? "nothing",
        expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// Returns an object of `data` that is to be kept; nil if it is missing or longer than `limit`.
  func object(_ name: String, limit: Int) -> StoredJSON? {
    guard let value = data[name], value.members != nil, JSONWriter.text(value).utf8.count <= limit
    else { return nil }
    return StoredJSON(value)
  }
}

/// Which resource `ul://…` names.
enum PlatformAddress {
  private static let scheme = "ul://"

  /// The owner and the slug of `ul://owner/datasets/slug`.
  static func dataset(_ text: String?) -> ResourceLocator? {
    guard let parts = parts(text), parts.count == 3, parts[1] == "datasets" else { return nil }
    return .path([parts[0], parts[2]])
  }

  /// The owner and the slugs of `ul://owner/project/model`.
  static func model(_ text: String?) -> ResourceLocator? {
    guard let parts = parts(text), parts.count == 3, parts[1] != "datasets" else { return nil }
    return .path(parts)
  }

  private static func parts(_ text: String?) -> [String]? {
    guard let text, text.hasPrefix(scheme) else { return nil }
    return text.dropFirst(scheme.count).split(separator: "/", omittingEmptySubsequences: false)
      .map(String.init)
  }
}
#endif
