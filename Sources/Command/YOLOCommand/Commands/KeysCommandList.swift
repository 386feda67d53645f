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
    if let accounts = try location.platform() {
      return try await list(try await accounts.allKeys())
    }
    let records = try await location.open(creates: false).list()
    switch format {
    case .text: StandardOutput.write(text(of: records))
    case .json:
      StandardOutput.write(JSONWriter.text(.array(records.map(\.json))) + "\n")
    }
  }

  private func list(_ records: [KeyRecord]) async throws {
    switch format {
    case .text:
      var table = TextTable(
        ["id", "account", "created", "last used", "revoked", "scopes", "begins with", "name"],
        leftColumns: 8)
      for record in records {
        table.append([
          record.publicID ?? "", record.account?.username ?? "", Self.day(record.created),
          record.lastUsed.map(Self.day) ?? "never", record.revoked.map(Self.day) ?? "no",
          record.scopes.names.joined(separator: ","), record.prefix ?? "", record.name,
        ])
      }
      StandardOutput.write(table.text)
    case .json:
      StandardOutput.write(JSONWriter.text(.array(records.map(\.platformJSON))) + "\n")
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
  static func time(_ seconds: Int) -> String {
    Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
  }

  /// The record of a key of a platform as an object.
  fileprivate var platformJSON: JSONValue {
    func time(_ seconds: Int?) -> JSONValue { seconds.map { .string(Self.time($0)) } ?? .null }
    return .object([
      JSONMember("id", .string(publicID ?? "")), JSONMember("name", .string(name)),
      JSONMember("account", account.map { .string($0.username) } ?? .null),
      JSONMember("scopes", .array(scopes.names.map(JSONValue.string))),
      JSONMember("prefix", .string(prefix ?? "")), JSONMember("created", time(created)),
      JSONMember("lastUsed", time(lastUsed)), JSONMember("revoked", time(revoked)),
    ])
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
