import Synchronization

/// Waits for the end of a program's time, and remembers that it came.
final class ProgramTimer: Sendable {
  private let seconds: Double
  private let hasEnded = Atomic(false)

  init(seconds: Double) { self.seconds = min(max(seconds, 0), 1e8) }

  /// Whether the time came to its end.
  var wasUp: Bool { hasEnded.load(ordering: .acquiring) }

  /// Waits; false if the task was cancelled before the end.
  func isUp() async -> Bool {
    do { try await Task.sleep(for: .seconds(seconds)) } catch { return false }
    hasEnded.store(true, ordering: .releasing)
    return true
  }
}
