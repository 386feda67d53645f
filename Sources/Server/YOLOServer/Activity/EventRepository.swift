#if Server
import GRDB
import JSONText

/// What an event is about.
enum EventType: String, Sendable, Hashable, CaseIterable, Codable {
  case project
  case dataset
  case model
  case training
  case settings
  case apiKey = "api_key"
  case export
  case deployment
}

/// What was done.
enum EventAction: String, Sendable, Hashable, CaseIterable, Codable {
  case created
  case updated
  case deleted
  case trashed
  case restored
  case started
  case completed
  case failed
  case cancelled
  case uploaded
  case shared
  case unshared
  case exported
  case cloned
}

/// Something that happened to a resource of an account: a row of the table of events.
struct EventRow: Decodable, FetchableRecord, Sendable {
  let id: String
  let type: EventType
  let action: EventAction
  let resource: String?
  let resourceName: String?
  let message: String
  let metadata: StoredJSON
  let isSeen: Bool
  let isArchived: Bool
  let at: Int
}

/// What happened to the resources of accounts.
///
/// Events are written in the transaction of what they tell of, and stay.
struct EventRepository: Sendable {
  let database: PlatformDatabase

  /// Which events are listed.
  struct Filter: Sendable, Hashable {
    /// The first second.
    var start: Int?
    /// The last second.
    var end: Int?
    /// What the message or the name of the resource must have, whatever its case.
    var search: String?
    /// Whether those that were put aside are listed, or all others.
    var isArchived = false
  }

  /// Returns events of an account, the newest first, and how many there are in all.
  func list(
    of account: Account, _ filter: Filter, page: Page
  ) async throws(PlatformError) -> (events: [EventRow], total: Int) {
    try await database.read { database in
      let condition = """
        account = :account AND isArchived = :isArchived AND (:start IS NULL OR at >= :start)
          AND (:end IS NULL OR at <= :end)
          AND (:search IS NULL OR message LIKE :search ESCAPE '\\'
            OR resourceName LIKE :search ESCAPE '\\')
        """
      let arguments: StatementArguments = [
        "account": account.id, "isArchived": filter.isArchived, "start": filter.start,
        "end": filter.end, "search": filter.search.map(LikePattern.containing),
      ]
      let events = try EventRow.fetchAll(
        database,
        sql: """
          SELECT * FROM event WHERE \(condition) ORDER BY number DESC LIMIT :limit OFFSET :offset
          """, arguments: arguments + ["limit": page.limit, "offset": page.offset])
      let total = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM event WHERE \(condition)", arguments: arguments)
      return (events, total ?? 0)
    }
  }

  /// Notes of events whether they were seen.
  ///
  /// - Parameters:
  ///   - ids: The events, or nil for all.
  ///   - account: Whose they are; those of others stay as they are.
  /// - Returns: How many were not seen before.
  /// - Throws: `PlatformError.database`.
  func markSeen(_ ids: [String]?, of account: Account) async throws(PlatformError) -> Int {
    try await set("isSeen", to: true, ids, of: account)
  }

  /// Puts events aside, or brings them back.
  ///
  /// - Returns: How many were changed.
  func setArchived(
    _ isArchived: Bool, _ ids: [String]?, of account: Account
  ) async throws(PlatformError) -> Int {
    try await set("isArchived", to: isArchived, ids, of: account)
  }

  private func set(
    _ column: String, to value: Bool, _ ids: [String]?, of account: Account
  ) async throws(PlatformError) -> Int {
    try await database.write { database in
      guard let ids else {
        try database.execute(
          sql: """
            UPDATE event SET \(column) = :value WHERE account = :account AND \(column) != :value
            """,
          arguments: ["value": value, "account": account.id])
        return database.changesCount
      }
      var count = 0
      for id in Set(ids) {
        try database.execute(
          sql: """
            UPDATE event SET \(column) = :value
            WHERE id = :id AND account = :account AND \(column) != :value
            """, arguments: ["value": value, "id": id, "account": account.id])
        count += database.changesCount
      }
      return count
    }
  }
}

extension EventRepository {
  /// Adds an event; to be called in the transaction of what it tells of.
  ///
  /// - Parameters:
  ///   - database: The transaction.
  ///   - account: Whose resource it is.
  ///   - type: What it is about.
  ///   - action: What was done.
  ///   - resource: The identifier of the resource.
  ///   - name: Its name for people.
  ///   - now: The time in seconds since 1970.
  ///   - metadata: What else is to be known.
  /// - Throws: What the database throws.
  static func add(
    _ database: Database, to account: String, _ type: EventType, _ action: EventAction,
    resource: String, name: String, now: Int, metadata: [JSONMember] = []
  ) throws {
    let title = type.rawValue.prefix(1).uppercased() + type.rawValue.dropFirst()
    try database.execute(
      sql: """
        INSERT INTO event (id, account, type, action, resource, resourceName, message, metadata, at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        ResourceID.new("event_", now: now), account, type.rawValue, action.rawValue, resource, name,
        "\(title) \(name) was \(action.rawValue).", StoredJSON(.object(metadata)), now,
      ])
  }
}

/// Patterns of SQL's `LIKE` with a backslash to escape.
enum LikePattern {
  /// Matches what has a text anywhere in it.
  static func containing(_ text: String) -> String {
    let escaped = text.flatMap { character -> [Character] in
      ["%", "_", "\\"].contains(character) ? ["\\", character] : [character]
    }
    return "%\(String(escaped))%"
  }
}
#endif
