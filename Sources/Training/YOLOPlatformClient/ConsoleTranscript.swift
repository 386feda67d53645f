#if Server
import YOLOGeometry
import YOLOMetrics
import YOLOSystem
import YOLOTraining

/// What a training prints, in the chunks that a Platform is sent.
struct ConsoleTranscript {
  /// A piece of the console.
  struct Chunk: Sendable, Hashable {
    /// What chunks are sorted by: milliseconds since 1970, and never the same one twice.
    let number: Int
    let content: String
    let lines: Int
  }

  /// The lines of a chunk, and the seconds after which it is sent with fewer.
  private static let size = 5
  private static let interval = Duration.seconds(5)
  /// The maximum length of a line in characters.
  private static let maximumLine = 2000

  private var lines: [String] = []
  private var first = ContinuousClock.now
  private var number = 0
  private var console: TrainingConsole?
  private var task = VisionTask.detect
  private var start = ContinuousClock.now

  /// Notes what a training tells; returns the chunks that are full.
  mutating func take(_ update: TrainingUpdate) -> [Chunk] {
    switch update {
    case .event(let event): take(event)
    case .batch(let batch): take(batch)
    case .evaluated(_, let report, _):
      if let console, let report {
        add(console.evaluationHeader)
        add(console.evaluationRow(report))
      }
    case .evaluation: break
    }
    return full()
  }

  private mutating func take(_ event: TrainingEvent) {
    switch event {
    case .started(let begin):
      start = .now
      task = VisionTask(rawValue: begin.task) ?? .detect
      add(TrainingConsole.beginning(begin))
    case .warning(let message): add("warning: \(message.sanitized())")
    case .completed(let epochs, let seconds, _, _, _, let reason):
      add(TrainingConsole.completion(epochs: epochs, seconds: seconds))
      if reason != .epochs { add("It ended early: \(reason.rawValue).") }
    case .cancelled(_, let message), .failed(_, let message): add(message)
    // The next epoch begins.
    case .epoch: start = .now
    case .progress, .checkpoint: break
    }
  }

  private mutating func take(_ batch: BatchProgress) {
    if console == nil { console = TrainingConsole(task: task, lossNames: batch.losses.map(\.name)) }
    guard let console else { return }
    guard batch.batch == batch.batches else { return }
    add(console.header)
    let duration = (ContinuousClock.now - start).components
    add(
      console.progress(
        epoch: batch.epoch, epochs: batch.epochs, losses: batch.losses.map(\.value),
        instances: batch.instances, side: batch.imageSize, batch: batch.batch,
        batches: batch.batches,
        seconds: Double(duration.seconds) + Double(duration.attoseconds) * 1e-18))
  }

  /// Adds the lines of a text that are not empty.
  mutating func add(_ text: String) {
    let stamp = Self.stamp()
    for line in text.split(separator: "\n") where !line.allSatisfy(\.isWhitespace) {
      if lines.isEmpty { first = .now }
      lines.append("[\(stamp)] \(line.prefix(Self.maximumLine))")
    }
  }

  private mutating func full() -> [Chunk] {
    guard !lines.isEmpty, lines.count >= Self.size || ContinuousClock.now - first >= Self.interval
    else { return [] }
    return rest()
  }

  /// Returns the lines that are left as chunks.
  mutating func rest() -> [Chunk] {
    guard !lines.isEmpty else { return [] }
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    number = max(number + 1, now.tv_sec * 1000 + now.tv_nsec / 1_000_000)
    defer { lines = [] }
    return [Chunk(number: number, content: lines.joined(separator: "\n"), lines: lines.count)]
  }

  /// The time as the lines have it: local, without fractions.
  private static func stamp() -> String {
    var seconds = time(nil)
    var parts = tm()
    localtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
  }
}
#endif
