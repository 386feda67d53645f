import Synchronization

/// Waits for the end of a program's time, and remembers that it came.
final class ProgramTimer: Sendable {
  private let time: Duration
  private let deadline: Mutex<ContinuousClock.Instant>
  private let hasEnded = Atomic(false)

  init(seconds: Double) {
    time = .seconds(min(max(seconds, 0), 1e8))
    deadline = Mutex(.now + time)
  }

  /// Whether the time came to its end.
  var wasUp: Bool { hasEnded.load(ordering: .acquiring) }

  /// Starts the time again: the program is at work.
  func restart() { deadline.withLock { $0 = .now + time } }

  /// Waits; false if the task was cancelled before the end.
  func isUp() async -> Bool {
    while true {
      let end = deadline.withLock { $0 }
      guard end > .now else { break }
      do { try await Task.sleep(until: end, clock: .continuous) } catch { return false }
    }
    hasEnded.store(true, ordering: .releasing)
    return true
  }
}
