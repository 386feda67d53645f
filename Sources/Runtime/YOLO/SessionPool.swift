import YOLOGraph
import YOLOKernels

/// The sessions of a model that wait for the next prediction, and how many are acquired.
struct SessionPool {
  private var idle: [Session] = []
  private var acquiredCount = 0
  /// The largest session that came back, in bytes.
  private var largest = 0

  /// The memory of all sessions in bytes; one that is acquired counts as the largest that came
  /// back.
  var byteCount: Int { idle.reduce(acquiredCount * largest) { $0 + $1.byteCount } }

  /// Acquires a session, if one is idle; a new one counts as acquired, too.
  mutating func acquire() -> Session? {
    acquiredCount += 1
    return idle.popLast()
  }

  /// Puts a session in.
  mutating func release(_ session: Session) {
    acquiredCount -= 1
    largest = max(largest, session.byteCount)
    // A burst of predictions must not keep its memory for good.
    if idle.count < Processors.usable { idle.append(session) }
  }

  /// Removes all idle sessions.
  mutating func removeIdle() -> [Session] {
    defer { (idle, largest) = ([], 0) }
    return idle
  }
}
