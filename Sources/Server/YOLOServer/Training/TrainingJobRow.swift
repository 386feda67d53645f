#if Server
import GRDB
import JSONText

/// What has become of a job.
enum TrainingJobStatus: String, Sendable, Hashable, Codable {
  case queued
  case running
  case completed
  case failed
  case cancelled

  /// Whether it is over.
  var isOver: Bool { self != .queued && self != .running }
}

/// A training that a worker of this server is to do: a row of the table of jobs.
struct TrainingJobRow: Decodable, FetchableRecord, Sendable {
  /// The number, which grows: the order of the queue.
  let number: Int
  /// The identifier: `job_` and 24 hexadecimal digits.
  let id: String
  let account: String
  let model: String
  /// The kind of device that it waits for, or runs on.
  let device: String
  let status: TrainingJobStatus
  /// What the trainer is told, in this order.
  let arguments: StoredJSON
  /// What the worker may fetch, see ``KeyBinding``.
  let resources: String
  /// Micro-USD an hour.
  let price: Int
  /// Micro-USD that are kept for it while it is under way.
  let reserved: Int
  /// Micro-USD that it has cost.
  let cost: Int
  /// The index of its device among those of the server.
  let slot: Int?
  /// The identifier of the worker's key.
  let key: String?
  /// When it was cancelled.
  let cancelled: Int?
  let failure: String?
  let failureCode: String?
  let created: Int
  let started: Int?
  let ended: Int?

  /// What an account is told that it costs, or has cost.
  var computeCost: ComputeCost {
    ComputeCost(
      gpuType: device, gpuDisplayName: TrainingDevice.displayName(of: device),
      pricePerHour: Dollars.number(price), totalCost: Dollars.number(cost),
      durationMs: started.map { ((ended ?? $0) - $0) * 1000 })
  }
}

/// The jobs of trainings, in a transaction of the caller's.
enum TrainingJobTable {
  /// Returns a job; nil if there is none.
  static func row(_ database: Database, _ id: String) throws -> TrainingJobRow? {
    try TrainingJobRow.fetchOne(
      database, sql: "SELECT * FROM trainingJob WHERE id = ?", arguments: [id])
  }

  /// Returns the identifier of the job of a model that waits or runs; nil if there is none.
  static func active(_ database: Database, of model: String) throws -> String? {
    try String.fetchOne(
      database,
      sql: "SELECT id FROM trainingJob WHERE model = ? AND status IN ('queued', 'running')",
      arguments: [model])
  }

  /// Returns the last job of a model; nil if there was none.
  static func last(_ database: Database, of model: String) throws -> TrainingJobRow? {
    try TrainingJobRow.fetchOne(
      database, sql: "SELECT * FROM trainingJob WHERE model = ? ORDER BY number DESC LIMIT 1",
      arguments: [model])
  }

  /// Cancels the job of a model, if there is one: at once if it waits, else its worker is told.
  static func cancel(_ database: Database, model: String, now: Int) throws {
    try database.execute(
      sql: """
        UPDATE trainingJob SET status = 'cancelled', cancelled = ?1, ended = ?1
        WHERE model = ?2 AND status = 'queued'
        """, arguments: [now, model])
    try database.execute(
      sql: """
        UPDATE trainingJob SET cancelled = ?1
        WHERE model = ?2 AND status = 'running' AND cancelled IS NULL
        """, arguments: [now, model])
  }

  /// Returns the micro-USD that are kept for the jobs of an account that are under way.
  static func reserved(_ database: Database, of account: Account.ID) throws -> Int {
    try Int.fetchOne(
      database,
      sql: """
        SELECT coalesce(sum(reserved), 0) FROM trainingJob
        WHERE account = ? AND status IN ('queued', 'running')
        """, arguments: [account]) ?? 0
  }

  /// Returns how many jobs wait or run, by the kind of device.
  static func load(_ database: Database) throws -> [String: Int] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT device, count(*) AS count FROM trainingJob
        WHERE status IN ('queued', 'running') GROUP BY device
        """)
    return rows.reduce(into: [:]) { load, row in
      let (device, count): (String, Int) = (row["device"], row["count"])
      load[device] = count
    }
  }
}

extension Account {
  /// Returns an account; nil if there is none.
  static func find(_ database: Database, id: Account.ID) throws -> Account? {
    try AccountRow.fetchOne(
      database, sql: "SELECT * FROM account WHERE id = ?", arguments: [id])?.account
  }
}

extension Ledger {
  /// Charges for something that was used, credit first, in a transaction of the caller's; never
  /// more than there is.
  ///
  /// - Parameters:
  ///   - database: The transaction.
  ///   - amount: The micro-USD.
  ///   - account: Whose it is.
  ///   - kind: What it is for.
  ///   - externalID: What must not be charged twice: with an entry of it, nothing is taken.
  ///   - now: The time in seconds since 1970.
  /// - Returns: The micro-USD that were taken.
  /// - Throws: What the database throws.
  static func charge(
    _ database: Database, _ amount: Int, of account: Account.ID, kind: String, externalID: String,
    now: Int
  ) throws -> Int {
    let isCharged = try Bool.fetchOne(
      database,
      sql: "SELECT EXISTS (SELECT 1 FROM ledgerEntry WHERE externalID IN (?, ?))",
      arguments: ["\(externalID):credit", "\(externalID):cash"])
    guard amount > 0, isCharged != true else { return 0 }
    let balance = try Self.balance(database, of: account)
    let credit = min(amount, balance.credit)
    let cash = min(amount - credit, balance.cash)
    for (purse, part, before) in [
      (Purse.credit, credit, balance.credit), (.cash, cash, balance.cash),
    ] where part > 0 {
      try database.execute(
        sql: """
          INSERT INTO ledgerEntry (account, purse, amount, kind, externalID, balanceAfter, at)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          account, purse.rawValue, -part, kind, "\(externalID):\(purse.rawValue)", before - part,
          now,
        ])
    }
    return credit + cash
  }
}

/// Amounts of micro-USD as answers have them.
enum Dollars {
  /// The dollars.
  static func number(_ amount: Int) -> Double { Double(amount) / 1e6 }

  /// The dollars as text, such as `$1.50`; what is below a cent with six decimals.
  static func text(_ amount: Int) -> String {
    func padded(_ value: Int, _ digits: Int) -> String {
      let text = "\(value)"
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    if amount % 10_000 == 0 || amount >= 1_000_000 {
      let cents = (amount + 5000) / 10_000
      return "$\(cents / 100).\(padded(cents % 100, 2))"
    }
    return "$\(amount / 1_000_000).\(padded(amount % 1_000_000, 6))"
  }
}

/// What the training of a model has cost.
struct ComputeCost: Encodable, Sendable {
  let gpuType: String
  let gpuDisplayName: String
  let pricePerHour: Double
  let totalCost: Double
  let durationMs: Int?
}
#endif
