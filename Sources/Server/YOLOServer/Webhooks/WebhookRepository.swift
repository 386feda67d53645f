#if Server
import Foundation
import GRDB
import JSONText
import YOLOSystem

/// An address that is told of the events of an account: a row of the table of such.
package struct WebhookRow: Decodable, FetchableRecord, Sendable {
  package let number: Int
  package let id: String
  package let account: String
  package let url: String
  /// The names of the events, separated by spaces.
  package let events: String
  package let description: String?
  package let secret: String
  package let created: Int
  /// The events that it is still to be told of.
  package let pending: Int
  /// Those that it has taken.
  package let delivered: Int
  /// Those that were given up.
  package let dropped: Int
  package let lastAttempt: Int?
  /// The status of the last answer; nil if there was none.
  package let lastStatus: Int?
  /// What was wrong with the last attempt; nil if nothing was.
  package let lastFailure: String?

  /// The events that it is told of.
  package var kinds: [PlatformEvent.Kind] {
    events.split(separator: " ").compactMap { PlatformEvent.Kind(rawValue: String($0)) }
  }
}

/// What an address is still to be told: a row of the table of deliveries.
struct WebhookDelivery: Decodable, FetchableRecord, Sendable {
  let number: Int
  /// The identifier of the event, the same with every attempt.
  let event: String
  /// The number of the webhook.
  let webhook: Int
  /// The JSON text that is sent.
  let body: String
  /// How often it was tried.
  let attempts: Int
  let due: Int
}

/// The webhooks of accounts, and the queue of what they are to be told.
package struct WebhookRepository: Sendable {
  /// The maximum number of events that wait for one webhook; further ones push the oldest out.
  package static let maximumPending = 10_000
  /// The seconds after each attempt that failed; after the last one the event is given up.
  package static let delays = [5, 30, 120, 600, 3600, 21_600, 86_400]

  let database: PlatformDatabase
  let clock: @Sendable () -> Int
  /// Wakes who delivers.
  let signal = WakeSignal()

  /// Creates a repository.
  package init(database: PlatformDatabase, clock: @escaping @Sendable () -> Int) {
    self.database = database
    self.clock = clock
  }

  /// What takes the events of the platform: those that somebody wants to be told of go into the
  /// queue, in the transaction of what they tell of.
  var events: PlatformEvents {
    PlatformEvents { [signal] database, event in
      if try Self.enqueue(database, event) {
        database.afterNextTransaction(onCommit: { _ in signal.send() })
      }
    }
  }

  /// Puts events into the queue that tell of nothing else of the database.
  package func record(_ news: [PlatformEvent]) async throws(PlatformError) {
    let events = events
    try await database.write { database in
      for event in news { try events.record(database, event) }
    }
  }

  /// Has who delivers look at the queue.
  package func wake() { signal.send() }

  /// Creates a webhook with a secret of its own.
  ///
  /// - Throws: `PlatformError.planLimit` if the plan has no more of them.
  package func create(
    url: String, events: [PlatformEvent.Kind], description: String?, of account: Account
  ) async throws(PlatformError) -> WebhookRow {
    let now = clock()
    return try await database.write { database in
      let count = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM webhook WHERE account = ?", arguments: [account.id])
      guard let count, count < account.limits.webhooks else {
        throw PlatformError.planLimit(what: "webhooks", maximum: account.limits.webhooks)
      }
      let id = ResourceID.new("webhook_", now: now)
      try database.execute(
        sql: """
          INSERT INTO webhook (id, account, url, events, description, secret, created)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          id, account.id, url, events.map(\.rawValue).joined(separator: " "), description,
          WebhookSignature.newSecret(), now,
        ])
      try EventRepository.add(
        database, to: account.id, .settings, .created, resource: id, name: "webhook", now: now)
      return try Self.row(database, id, of: account)
    }
  }

  /// Returns the webhooks of an account, the oldest first.
  package func list(of account: Account) async throws(PlatformError) -> [WebhookRow] {
    try await database.read { database in
      try WebhookRow.fetchAll(
        database, sql: "SELECT * FROM webhook WHERE account = ? ORDER BY number",
        arguments: [account.id])
    }
  }

  /// Returns a webhook of an account.
  ///
  /// - Throws: `PlatformError.unknown` if there is none of this identifier.
  func webhook(_ id: String, of account: Account) async throws(PlatformError) -> WebhookRow {
    try await database.read { try Self.row($0, id, of: account) }
  }

  /// Deletes a webhook of an account, and what it was still to be told.
  package func delete(_ id: String, of account: Account) async throws(PlatformError) {
    let now = clock()
    try await database.write { database in
      let row = try Self.row(database, id, of: account)
      try Self.delete(database, row, now: now)
    }
  }

  /// Returns how many events wait for webhooks.
  package func pending() async throws(PlatformError) -> Int {
    try await database.read {
      try Int.fetchOne($0, sql: "SELECT sum(pending) FROM webhook WHERE pending > 0") ?? 0
    }
  }

  private static func row(
    _ database: Database, _ id: String, of account: Account
  ) throws -> WebhookRow {
    guard
      let row = try WebhookRow.fetchOne(
        database, sql: "SELECT * FROM webhook WHERE id = ? AND account = ?",
        arguments: [id, account.id])
    else { throw PlatformError.unknown(what: "webhook", id.excerpt()) }
    return row
  }

  private static func delete(_ database: Database, _ row: WebhookRow, now: Int) throws {
    try database.execute(sql: "DELETE FROM webhook WHERE number = ?", arguments: [row.number])
    try EventRepository.add(
      database, to: row.account, .settings, .deleted, resource: row.id, name: "webhook", now: now)
  }
}

extension WebhookRepository {
  /// Puts an event into the queue of each webhook that wants it; returns whether one does.
  private static func enqueue(_ database: Database, _ event: PlatformEvent) throws -> Bool {
    let webhooks = try WebhookRow.fetchAll(
      database,
      sql: "SELECT * FROM webhook WHERE account = ? ORDER BY number", arguments: [event.account]
    ).filter { $0.kinds.contains(event.kind) }
    guard !webhooks.isEmpty,
      let account = try AccountRow.fetchOne(
        database, sql: "SELECT * FROM account WHERE id = ?", arguments: [event.account])?.account,
      // The plan may have changed since the webhook was created.
      account.limits.webhooks > 0
    else { return false }
    let id = ResourceID.new("event_", now: event.at)
    var json = JSONWriter()
    json.value(
      .object([
        JSONMember("id", .string(id)), JSONMember("type", .string(event.kind.rawValue)),
        JSONMember("createdAt", .string(Timestamp(event.at).text)),
        JSONMember("data", event.data),
      ]))
    let body = String(decoding: json.takeBytes(), as: UTF8.self)
    for webhook in webhooks {
      if webhook.pending >= maximumPending {
        try database.execute(
          sql: """
            DELETE FROM webhookDelivery
            WHERE number = (SELECT min(number) FROM webhookDelivery WHERE webhook = ?)
            """, arguments: [webhook.number])
        try database.execute(
          sql: "UPDATE webhook SET dropped = dropped + 1 WHERE number = ?",
          arguments: [webhook.number])
      }
      try database.execute(
        sql: "INSERT INTO webhookDelivery (event, webhook, body, due) VALUES (?, ?, ?, ?)",
        arguments: [id, webhook.number, body, event.at])
    }
    return true
  }

  /// A webhook that has something due.
  struct Due: Sendable {
    let webhook: WebhookRow
    let deliveries: [WebhookDelivery]
  }

  /// Returns what is due, webhook by webhook: that which was tried longest ago comes first.
  ///
  /// - Parameters:
  ///   - excluded: The deliveries that are under way.
  ///   - limit: The maximum number of deliveries of a webhook, by what its last attempt was.
  /// - Returns: The webhooks, each with its deliveries.
  /// - Throws: `PlatformError.database`.
  func due(
    excluding excluded: Set<Int>, limit: @escaping @Sendable (WebhookRow) -> Int
  ) async throws(PlatformError) -> [Due] {
    let now = clock()
    return try await database.read { database in
      let webhooks = try WebhookRow.fetchAll(
        database, sql: "SELECT * FROM webhook WHERE pending > 0 ORDER BY lastAttempt, number")
      return try webhooks.compactMap { webhook -> Due? in
        let count = limit(webhook)
        guard count > 0 else { return nil }
        let rows = try WebhookDelivery.fetchCursor(
          database,
          sql: """
            SELECT * FROM webhookDelivery WHERE webhook = ? AND due <= ? ORDER BY due, number
            """, arguments: [webhook.number, now])
        var deliveries: [WebhookDelivery] = []
        while deliveries.count < count, let row = try rows.next() {
          if !excluded.contains(row.number) { deliveries.append(row) }
        }
        return deliveries.isEmpty ? nil : Due(webhook: webhook, deliveries: deliveries)
      }
    }
  }

  /// Returns when the next delivery is due; nil if there is none.
  package func nextDue(excluding excluded: Set<Int>) async throws(PlatformError) -> Int? {
    try await database.read { database in
      let rows = try WebhookDelivery.fetchCursor(
        database, sql: "SELECT * FROM webhookDelivery ORDER BY due LIMIT ?",
        arguments: [excluded.count + 1])
      while let row = try rows.next() {
        if !excluded.contains(row.number) { return row.due }
      }
      return nil
    }
  }

  /// What an attempt came to.
  enum Outcome: Sendable, Hashable {
    /// The address has taken it.
    case taken(status: Int)
    /// The address wants no more events.
    case gone
    /// It is to be tried again, not before some seconds.
    case failed(status: Int?, reason: String, retryAfter: Int)
  }

  /// Notes what an attempt came to.
  func note(_ outcome: Outcome, of delivery: WebhookDelivery) async throws(PlatformError) {
    let now = clock()
    try await database.write { database in
      guard
        let webhook = try WebhookRow.fetchOne(
          database, sql: "SELECT * FROM webhook WHERE number = ?", arguments: [delivery.webhook])
      else { return }
      func remove() throws {
        try database.execute(
          sql: "DELETE FROM webhookDelivery WHERE number = ?", arguments: [delivery.number])
      }
      func update(_ counts: String, status: Int?, failure: String?) throws {
        try database.execute(
          sql: """
            UPDATE webhook SET \(counts) lastAttempt = ?, lastStatus = ?, lastFailure = ?
            WHERE number = ?
            """, arguments: [now, status, failure, webhook.number])
      }
      switch outcome {
      case .gone: try Self.delete(database, webhook, now: now)
      case .taken(let status):
        try remove()
        try update("delivered = delivered + 1,", status: status, failure: nil)
      case .failed(let status, let reason, let retryAfter):
        guard delivery.attempts < Self.delays.count else {
          try remove()
          return try update("dropped = dropped + 1,", status: status, failure: reason)
        }
        let delay = max(Self.delays[delivery.attempts], min(retryAfter, 86_400))
        try database.execute(
          sql: "UPDATE webhookDelivery SET attempts = attempts + 1, due = ? WHERE number = ?",
          arguments: [now + delay, delivery.number])
        try update("", status: status, failure: reason)
      }
    }
  }
}
#endif
