#if Server
import GRDB

/// The balance of an account in micro-USD: what was paid, and what was granted.
package struct Balance: Sendable, Hashable {
  /// What was paid.
  package var cash: Int
  /// What was granted; it is spent first.
  package var credit: Int

  /// Creates a balance.
  package init(cash: Int, credit: Int) {
    self.cash = cash
    self.credit = credit
  }

  /// Both together.
  package var total: Int { cash + credit }

  /// Both together in whole cents.
  var cents: Int { total / 10_000 }
}

/// The money of accounts: entries in micro-USD that are only ever added.
package struct Ledger: Sendable {
  /// Which of the balances an entry belongs to.
  package enum Purse: String, Sendable, Hashable, CaseIterable {
    case cash
    case credit
  }

  /// The maximum of an entry and of a balance: a billion dollars.
  package static let maximum = 1_000_000_000_000_000

  let database: PlatformDatabase
  let clock: @Sendable () -> Int

  /// Creates the ledger of a database.
  package init(
    database: PlatformDatabase, clock: @escaping @Sendable () -> Int = SystemTime.now
  ) {
    self.database = database
    self.clock = clock
  }

  /// Adds an entry.
  ///
  /// - Parameters:
  ///   - amount: The micro-USD; negative to take away.
  ///   - purse: Whether it is cash or credit.
  ///   - account: Whose it is.
  ///   - kind: What it is for, such as `adjustment`.
  ///   - externalID: What must not be booked twice, such as the identifier of a payment.
  /// - Returns: The balance afterwards.
  /// - Throws: `PlatformError.repeatedEntry` if there is an entry with the identifier, and
  ///   `PlatformError.invalid` for an amount that is 0 or leaves the balance out of range.
  @discardableResult
  package func add(
    _ amount: Int, to purse: Purse, of account: Account, kind: String, externalID: String? = nil
  ) async throws(PlatformError) -> Balance {
    let now = clock()
    return try await database.write { database in
      try Self.add(
        database, amount, to: purse, of: account.id, kind: kind, externalID: externalID, now: now)
    }
  }

  /// The same in a transaction of the caller's.
  @discardableResult
  static func add(
    _ database: Database, _ amount: Int, to purse: Purse, of account: Account.ID, kind: String,
    externalID: String? = nil, now: Int
  ) throws -> Balance {
    guard amount != 0, (-maximum...maximum).contains(amount) else { throw invalid(amount) }
    let balance = try balance(database, of: account)
    let before = purse == .cash ? balance.cash : balance.credit
    let after = before + amount
    guard (0...maximum).contains(after) else { throw invalid(amount) }
    do {
      try database.execute(
        sql: """
          INSERT INTO ledgerEntry (account, purse, amount, kind, externalID, balanceAfter, at)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [account, purse.rawValue, amount, kind, externalID, after, now])
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
      throw PlatformError.repeatedEntry(externalID: externalID ?? "")
    }
    return try self.balance(database, of: account)
  }

  /// Returns the balance of an account.
  package func balance(of account: Account) async throws(PlatformError) -> Balance {
    try await database.read { try Self.balance($0, of: account.id) }
  }

  static func balance(_ database: Database, of account: String) throws -> Balance {
    func last(_ purse: Purse) throws -> Int {
      try Int.fetchOne(
        database,
        sql: """
          SELECT balanceAfter FROM ledgerEntry WHERE account = ? AND purse = ?
          ORDER BY id DESC LIMIT 1
          """, arguments: [account, purse.rawValue]) ?? 0
    }
    return Balance(cash: try last(.cash), credit: try last(.credit))
  }

  private static func invalid(_ amount: Int) -> PlatformError {
    .invalid(
      argument: "amount", given: "\(amount) micro-USD",
      expected: "other than 0, and leave a balance from 0 to \(maximum) micro-USD")
  }

  /// Reads dollars such as `25` or `0.000001` as micro-USD.
  ///
  /// - Throws: `PlatformError.invalid` for what is no decimal number with at most six decimals.
  package static func microUSD(_ text: String) throws(PlatformError) -> Int {
    let error = PlatformError.invalid(
      argument: "amount", given: String(text.prefix(40)),
      expected: "dollars with at most six decimals, such as 25 or -2.50")
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count),
      parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      parts[0].utf8.count <= 9, parts.count == 1 || parts[1].utf8.count <= 6
    else { throw error }
    let decimals = parts.count == 2 ? String(parts[1]) : ""
    let padded = decimals + String(repeating: "0", count: 6 - decimals.utf8.count)
    guard let whole = Int(parts[0]), let fraction = Int(padded) else { throw error }
    let amount = whole * 1_000_000 + fraction
    return text.hasPrefix("-") ? -amount : amount
  }
}
#endif
