#if Server
import Foundation
import Synchronization

/// How serious a line of a log is, as the documents name it.
enum LogSeverity: String, Sendable, Hashable, CaseIterable, Codable {
  case `default` = "DEFAULT"
  case debug = "DEBUG"
  case info = "INFO"
  case notice = "NOTICE"
  case warning = "WARNING"
  case error = "ERROR"
  case critical = "CRITICAL"
  case alert = "ALERT"
  case emergency = "EMERGENCY"

  /// Reads a name, in any case; the German names of the first documents count, too.
  init?(name: String) {
    let name = name.uppercased()
    switch name {
    case "WARNUNG": self = .warning
    case "FEHLER": self = .error
    default:
      guard let severity = LogSeverity(rawValue: name) else { return nil }
      self = severity
    }
  }
}

/// A line of a log.
struct LogEntry: Sendable, Encodable {
  /// A request that a line tells of.
  struct Call: Sendable, Encodable {
    let method: String
    let url: String
    let status: Int
    let latencyMs: Double
  }

  let number: Int
  let timestamp: Timestamp
  let severity: LogSeverity
  let message: String
  let httpRequest: Call?

  private enum Key: CodingKey { case timestamp, severity, message, httpRequest }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(timestamp, forKey: .timestamp)
    try container.encode(severity, forKey: .severity)
    try container.encode(message, forKey: .message)
    try container.encodeIfPresent(httpRequest, forKey: .httpRequest)
  }
}

/// The last lines that the instances of a deployment wrote, and what happened to them.
final class DeploymentLog: Sendable {
  /// The maximum number of lines.
  static let maximumLines = 10_000
  /// The maximum number of bytes of all messages.
  static let maximumBytes = 4 << 20

  private struct State {
    var entries: [LogEntry] = []
    /// How many of the first entries do not count any more.
    var dropped = 0
    var next = 1
    var bytes = 0
    /// The bytes of the entries that do not count any more.
    var droppedBytes = 0
  }

  private let state = Mutex(State())

  /// Adds a line.
  func add(
    _ severity: LogSeverity, _ message: String, at time: Int = SystemTime.now(),
    call: LogEntry.Call? = nil
  ) {
    state.withLock { state in
      state.entries.append(
        LogEntry(
          number: state.next, timestamp: Timestamp(time), severity: severity, message: message,
          httpRequest: call))
      state.next += 1
      state.bytes += message.utf8.count
      while state.entries.count - state.dropped > Self.maximumLines
        || state.bytes > Self.maximumBytes && state.dropped < state.entries.count
      {
        let bytes = state.entries[state.dropped].message.utf8.count
        state.bytes -= bytes
        state.droppedBytes += bytes
        state.dropped += 1
      }
      // Moving all of them once in a while costs little a line.
      if state.dropped > Self.maximumLines || state.droppedBytes > Self.maximumBytes {
        state.entries.removeFirst(state.dropped)
        state.dropped = 0
        state.droppedBytes = 0
      }
    }
  }

  /// Adds a line that an instance of `yolo serve` wrote.
  func add(line: String, at time: Int = SystemTime.now()) {
    let (severity, message) = Self.parsed(line)
    add(severity, message, at: time, call: Self.call(in: message))
  }

  /// Returns lines, the newest first.
  ///
  /// - Parameters:
  ///   - severities: Which are meant; nil for all.
  ///   - limit: The maximum number.
  ///   - number: Only those before this one; nil for all.
  /// - Returns: The lines, and the number to ask for those before them; nil if there are none.
  func entries(
    _ severities: Set<LogSeverity>?, limit: Int, before number: Int?
  ) -> (entries: [LogEntry], next: Int?) {
    let all = state.withLock { $0.entries[$0.dropped...] }
    var found: [LogEntry] = []
    for entry in all.reversed()
    where entry.number < number ?? .max && severities?.contains(entry.severity) ?? true {
      if found.count == limit { return (found, found.last?.number) }
      found.append(entry)
    }
    return (found, nil)
  }

  /// Splits a line of swift-log: the time, the level, the name, what belongs to it, the message.
  private static func parsed(_ line: String) -> (LogSeverity, String) {
    let parts = line.split(separator: " ", maxSplits: 3)
    guard parts.count == 4, parts[0].first?.isNumber == true else { return (.default, line) }
    let severity: LogSeverity? =
      switch parts[1] {
      case "trace", "debug": .debug
      case "info": .info
      case "notice": .notice
      case "warning": .warning
      case "error": .error
      case "critical": .critical
      default: nil
      }
    guard let severity else { return (.default, line) }
    return (severity, String(parts[3]))
  }

  /// Reads what a line of the access log says of a request.
  private static func call(in message: String) -> LogEntry.Call? {
    var values: [Substring: Substring] = [:]
    for word in message.split(separator: " ") {
      let parts = word.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[parts[0]] = parts[1] }
    }
    guard let method = values["method"], let path = values["path"],
      let status = values["status"].flatMap({ Int($0) }),
      let time = values["ms"].flatMap({ Double($0) })
    else { return nil }
    return LogEntry.Call(
      method: String(method), url: String(path), status: status, latencyMs: time)
  }
}
#endif
