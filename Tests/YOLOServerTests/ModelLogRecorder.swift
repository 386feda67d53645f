#if Server
import Logging
import Synchronization

/// Keeps the lines of a log.
final class ModelLogRecorder: Sendable {
  private struct Handler: LogHandler {
    let recorder: ModelLogRecorder
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let details = (event.metadata ?? [:]).sorted { $0.key < $1.key }
        .map { "\($0.key)=\($0.value)" }
      recorder.recorded.withLock {
        $0.append(([event.level.rawValue, "\(event.message)"] + details).joined(separator: " "))
      }
    }
  }

  private let recorded = Mutex<[String]>([])

  /// The lines so far: level, message, metadata.
  var lines: [String] { recorded.withLock { $0 } }

  /// A logger that writes here.
  var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

  /// The lines that contain all of some texts.
  func lines(with parts: String...) -> [String] {
    lines.filter { line in parts.allSatisfy { line.contains($0) } }
  }
}
#endif
