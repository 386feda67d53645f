#if Server
import Foundation
import JSONText
package import Logging
import YOLOSystem

/// Writes each event of the log as one line of JSON: `time`, `level`, `message`, and its metadata,
/// the request's id among them.
package struct JSONLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel = Logger.Level.info
  package var metadataProvider: Logger.MetadataProvider?

  private let write: @Sendable ([UInt8]) -> Void

  /// Creates a handler that writes to standard error, a line at once.
  package init() {
    self.init { line in
      _ = line.withUnsafeBytes { FileSystem.write($0, to: STDERR_FILENO) }
    }
  }

  /// Creates a handler that hands on each line.
  package init(write: @escaping @Sendable ([UInt8]) -> Void) { self.write = write }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var members = [
      JSONMember(
        "time",
        .string(
          Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))),
      JSONMember("level", .string(event.level.rawValue)),
      JSONMember("message", .string("\(event.message)")),
    ]
    if let error = event.error { members.append(JSONMember("error", .string("\(error)"))) }
    let all = (metadataProvider?.get() ?? [:]).merging(metadata) { $1 }
      .merging(event.metadata ?? [:]) { $1 }
    let taken = Set(members.map(\.key))
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      members.append(JSONMember(taken.contains(key) ? "metadata.\(key)" : key, Self.json(value)))
    }
    var json = JSONWriter()
    json.value(.object(members))
    write(json.takeBytes() + [UInt8(ascii: "\n")])
  }

  private static func json(_ value: Logger.MetadataValue) -> JSONValue {
    switch value {
    case .string(let text): .string(text)
    case .array(let values): .array(values.map(json))
    case .dictionary(let values):
      .object(
        values.sorted { $0.key < $1.key }.map { JSONMember($0.key, json($0.value)) })
    default: .string("\(value)")
    }
  }
}
#endif
