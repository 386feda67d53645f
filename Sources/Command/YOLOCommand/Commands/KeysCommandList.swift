import ArgumentParser

#if Server
import Foundation
import JSONText
import YOLOServer
#endif

/// `yolo keys list`: lists all keys, those revoked too.
struct KeysCommandList: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the keys: what they are called, not what they are.")

  /// How keys are printed.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    /// A table for people.
    case text
    /// One list of objects.
    case json
  }

  @Option(help: "How keys are printed: text, json.")
  var format = Format.text

  @OptionGroup var location: KeysCommandDatabase
}

#if Server
extension KeysCommandList {
  func perform() async throws {
    let records = try await location.open(creates: false).list()
    switch format {
    case .text: StandardOutput.write(text(of: records))
    case .json:
      StandardOutput.write(JSONWriter.text(.array(records.map(\.json))) + "\n")
    }
  }

  private func text(of records: [KeyRecord]) -> String {
    var table = TextTable(
      ["id", "created", "last used", "revoked", "models", "name"], leftColumns: 6)
    for record in records {
      table.append([
        "\(record.id)", Self.day(record.created), record.lastUsed.map(Self.day) ?? "never",
        record.revoked.map(Self.day) ?? "no",
        record.models.map { $0.sorted().joined(separator: ",") } ?? "all", record.name,
      ])
    }
    return table.text
  }

  private static func day(_ seconds: Int) -> String {
    String(KeyRecord.time(seconds).prefix(10))
  }
}

extension KeyRecord {
  /// A time of day and date in the form of ISO 8601.
  fileprivate static func time(_ seconds: Int) -> String {
    Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
  }

  /// The record as an object.
  fileprivate var json: JSONValue {
    func time(_ seconds: Int?) -> JSONValue { seconds.map { .string(Self.time($0)) } ?? .null }
    return .object([
      JSONMember("id", .int(id)), JSONMember("name", .string(name)),
      JSONMember("models", models.map { .array($0.sorted().map(JSONValue.string)) } ?? .null),
      JSONMember("created", time(created)), JSONMember("lastUsed", time(lastUsed)),
      JSONMember("revoked", time(revoked)),
    ])
  }
}
#endif
