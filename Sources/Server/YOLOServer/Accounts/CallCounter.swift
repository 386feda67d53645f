#if Server
import GRDB

/// How many calls there may be in a time.
package struct CallWindow: Sendable, Hashable {
  /// What the table calls it.
  package let kind: String
  /// Its length in seconds.
  package let length: Int
  /// The calls in it.
  package let limit: Int

  /// The windows of a plan: a minute, and a day.
  package static func windows(of limits: PlanLimits) -> [CallWindow] {
    [
      CallWindow(kind: "minute", length: 60, limit: limits.callsPerMinute),
      CallWindow(kind: "day", length: 86_400, limit: limits.callsPerDay),
    ]
  }

  /// The window of reports of trainings and of transfers, for each key.
  package static let events = CallWindow(kind: "events", length: 60, limit: 600)
}

/// Counts calls in windows, which begin with their first call; all processes of a database share
/// them.
package struct CallCounter: Sendable {
  let database: PlatformDatabase

  /// Counts in the table of a database.
  package init(database: PlatformDatabase) { self.database = database }

  /// The calls of a window, as they are after a call.
  struct Count: Sendable {
    let window: CallWindow
    let start: Int
    let calls: Int

    /// What the headers of an answer tell of it.
    func state(isAllowed: Bool) -> RateState {
      RateState(
        limit: window.limit, remaining: max(0, window.limit - calls), reset: start + window.length,
        isAllowed: isAllowed)
    }
  }

  private struct CountRow: Decodable, FetchableRecord {
    let start: Int
    let calls: Int
  }

  /// Counts a call against all windows; one that any of them refuses is counted in none.
  ///
  /// - Parameters:
  ///   - owner: Whose calls these are.
  ///   - windows: The windows, the shortest first.
  ///   - now: The time in seconds since 1970.
  /// - Returns: The state of the longest window that is used up, or else of the shortest.
  /// - Throws: `PlatformError.database` if the calls cannot be written.
  package func count(
    of owner: String, in windows: [CallWindow], now: Int
  ) async throws(PlatformError) -> (state: RateState, window: CallWindow) {
    let counts = try await database.write { database -> (counts: [Count], isAllowed: Bool) in
      let before = try windows.map { try Self.current(database, owner, $0, now: now) }
      let isAllowed = before.allSatisfy { $0.calls < $0.window.limit }
      let after =
        isAllowed
        ? before.map { Count(window: $0.window, start: $0.start, calls: $0.calls + 1) } : before
      // A refused call is not counted, but a beginning that a clock has moved back is kept: else the
      // window would begin anew with each refused call, and never end.
      for count in after where isAllowed || count.calls > 0 && count.start == now {
        try database.cachedStatement(
          sql: """
            INSERT INTO callWindow (owner, kind, start, calls) VALUES (?, ?, ?, ?)
            ON CONFLICT (owner, kind) DO UPDATE SET start = excluded.start, calls = excluded.calls
            """
        ).execute(arguments: [owner, count.window.kind, count.start, count.calls])
      }
      return (after, isAllowed)
    }
    let usedUp = counts.counts.last { $0.calls >= $0.window.limit }
    guard let told = usedUp ?? counts.counts.first else {
      return (
        RateState(limit: 0, remaining: .max, reset: now, isAllowed: true), CallWindow.events
      )
    }
    return (told.state(isAllowed: counts.isAllowed), told.window)
  }

  /// Returns the calls of the windows as they are, without counting one.
  func counts(
    of owner: String, in windows: [CallWindow], now: Int
  ) async throws(PlatformError) -> [Count] {
    try await database.read { database in
      try windows.map { try Self.current(database, owner, $0, now: now) }
    }
  }

  /// A clock that has gone back moves the beginning of a window, but forgives no call.
  private static func current(
    _ database: Database, _ owner: String, _ window: CallWindow, now: Int
  ) throws -> Count {
    let row = try CountRow.fetchOne(
      database.cachedStatement(
        sql: "SELECT start, calls FROM callWindow WHERE owner = ? AND kind = ?"),
      arguments: [owner, window.kind])
    guard let row, now - row.start < window.length else {
      return Count(window: window, start: now, calls: 0)
    }
    return Count(window: window, start: min(row.start, now), calls: row.calls)
  }
}
#endif
