#if Server
import GRDB

/// Whom a provider of payments knows an account as, and its subscription: a row of the table of
/// customers.
struct CustomerRow: Decodable, FetchableRecord, Sendable {
  let account: String
  let externalID: String
  /// The identifier of the subscription; nil for none.
  let subscription: String?
  /// Its state, as the provider calls it.
  let status: String?
  /// `monthly` or `yearly`.
  let cycle: String?
  /// Whether it ends with the period that was paid.
  let endsWithPeriod: Bool
  let periodEnd: Int?
  /// When a payment of it failed; nil if the last one did not.
  let failed: Int?
  /// When what is known of the subscription was told.
  let told: Int
}

/// Something that was paid, by a provider or booked by the operator.
struct PaymentRow: Decodable, FetchableRecord, Sendable {
  let id: String
  let amount: Int
  let currency: String
  let status: String
  let description: String
  let receipt: String?
  let at: Int
}

/// An entry of the ledger, and the balance after it.
struct TransactionRow: Decodable, FetchableRecord, Sendable {
  let id: Int
  let kind: String
  let amount: Int
  let total: Int
  let at: Int
  let receipt: String?
}

/// What accounts have paid, and to what they subscribe.
struct BillingRepository: Sendable {
  /// The maximum number of transactions that are listed.
  static let maximumTransactions = 1000

  let database: PlatformDatabase
  let clock: @Sendable () -> Int

  /// Returns the entries of the ledger of an account in a time, the newest first.
  func transactions(
    of account: Account, from start: Int?, to end: Int?
  ) async throws(PlatformError) -> [TransactionRow] {
    try await database.read { database in
      try TransactionRow.fetchAll(
        database,
        sql: """
          SELECT entry.id, entry.kind, entry.amount, entry.total, entry.at, payment.receipt FROM (
              SELECT id, kind, amount, at, externalID, sum(amount) OVER (ORDER BY id) AS total
              FROM ledgerEntry WHERE account = :account
            ) AS entry LEFT JOIN payment ON payment.externalID = entry.externalID
          WHERE (:start IS NULL OR entry.at >= :start) AND (:end IS NULL OR entry.at <= :end)
          ORDER BY entry.id DESC LIMIT :limit
          """,
        arguments: [
          "account": account.id, "start": start, "end": end, "limit": Self.maximumTransactions,
        ])
    }
  }

  /// Returns a part of the payments of an account, the newest first, and how many there are.
  func payments(
    of account: Account, page: Page
  ) async throws(PlatformError) -> (payments: [PaymentRow], total: Int) {
    try await database.read { database in
      let all = """
        SELECT id, amount, currency, status, description, receipt, at, 1 AS source, number
        FROM payment WHERE account = :account
        UNION ALL
        SELECT printf('pay_%024x', id), amount, 'usd', 'succeeded', 'Booked by the operator', NULL,
          at, 0, id
        FROM ledgerEntry WHERE account = :account AND purse = 'cash' AND amount > 0
          AND kind = 'adjustment'
        """
      let payments = try PaymentRow.fetchAll(
        database,
        sql: """
          SELECT * FROM (\(all)) ORDER BY at DESC, source DESC, number DESC
          LIMIT :limit OFFSET :offset
          """, arguments: ["account": account.id, "limit": page.limit, "offset": page.offset])
      let total = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM (\(all))", arguments: ["account": account.id])
      return (payments, total ?? 0)
    }
  }

  /// Returns whom the provider knows an account as; nil if it does not.
  func customer(of account: Account) async throws(PlatformError) -> CustomerRow? {
    try await database.read { try Self.customer($0, of: account.id) }
  }

  private static func customer(_ database: Database, of account: String) throws -> CustomerRow? {
    try CustomerRow.fetchOne(
      database, sql: "SELECT * FROM customer WHERE account = ?", arguments: [account])
  }

  /// What came of an event of the provider.
  enum Outcome: Sendable, Hashable {
    /// It was booked now.
    case booked
    /// It was booked before.
    case repeated
    /// It tells of nothing that is booked here.
    case ignored
    /// The account that it is for is not there any more.
    case orphaned
  }

  /// Books an event, once, however often it comes.
  ///
  /// - Throws: `PlatformError.invalid` for one that cannot be booked.
  func book(_ event: ProviderEvent) async throws(PlatformError) -> Outcome {
    let now = clock()
    return try await database.writeDurably { database in
      let isKnown = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM providerEvent WHERE id = ?)",
        arguments: [event.id])
      if isKnown == true { return .repeated }
      try database.execute(
        sql: "INSERT INTO providerEvent (id, type, at) VALUES (?, ?, ?)",
        arguments: [event.id, event.type, now])
      guard let deed = try event.deed() else { return .ignored }
      guard let account = try Self.account(database, of: event) else { return .orphaned }
      if let customer = event.customer {
        try database.execute(
          sql: """
            INSERT INTO customer (account, externalID) VALUES (?, ?)
            ON CONFLICT (account) DO UPDATE SET externalID = excluded.externalID
            """, arguments: [account.id, customer])
      }
      switch deed {
      case .deposit(let session, let amount):
        guard
          try Self.add(
            database, id: session, amount, "Credits", receipt: nil, to: account, now: now)
        else { return .repeated }
        try Ledger.add(
          database, amount, to: .cash, of: account.id, kind: "purchase", externalID: session,
          now: now)
      case .invoice(let invoice, let amount, let receipt):
        try database.execute(
          sql: "UPDATE customer SET failed = NULL WHERE account = ?", arguments: [account.id])
        guard amount > 0 else { return .booked }
        guard
          try Self.add(
            database, id: invoice, amount, "Subscription", receipt: receipt, to: account, now: now)
        else { return .repeated }
      case .failedInvoice:
        try database.execute(
          sql: "UPDATE customer SET failed = ? WHERE account = ?", arguments: [now, account.id])
      case .subscription(let state):
        try Self.note(state, told: event.created, of: account, database, now: now)
      }
      return .booked
    }
  }

  /// The account that an event is for: the one that was written into what the provider keeps, or
  /// that of the customer.
  private static func account(_ database: Database, of event: ProviderEvent) throws -> Account? {
    try AccountRow.fetchOne(
      database,
      sql: """
        SELECT * FROM account WHERE id = coalesce(
          (SELECT id FROM account WHERE id = ?1),
          (SELECT account FROM customer WHERE externalID = ?2))
        """, arguments: [event.account, event.customer])?.account
  }

  /// Adds a payment; returns false if it is there already.
  private static func add(
    _ database: Database, id: String, _ amount: Int, _ description: String, receipt: String?,
    to account: Account, now: Int
  ) throws -> Bool {
    try database.execute(
      sql: """
        INSERT INTO payment (id, account, externalID, amount, currency, status, description,
          receipt, at)
        VALUES (?, ?, ?, ?, 'usd', 'succeeded', ?, ?, ?) ON CONFLICT (externalID) DO NOTHING
        """,
      arguments: [
        ResourceID.new("pay_", now: now), account.id, id, amount, description, receipt, now,
      ])
    return database.changesCount > 0
  }

  /// Notes the state of a subscription, unless a later one is known, and changes the plan.
  private static func note(
    _ state: ProviderEvent.Subscription, told: Int, of account: Account, _ database: Database,
    now: Int
  ) throws {
    guard let known = try customer(database, of: account.id), known.told <= told else { return }
    // The end of an old subscription says nothing about the one that followed it.
    if let subscription = known.subscription, subscription != state.id, !state.isActive { return }
    try database.execute(
      sql: """
        UPDATE customer SET subscription = ?, status = ?, cycle = coalesce(?, cycle),
          endsWithPeriod = ?, periodEnd = coalesce(?, periodEnd), told = ? WHERE account = ?
        """,
      arguments: [
        state.isActive ? state.id : nil, state.status, state.cycle, state.endsWithPeriod,
        state.periodEnd, told, account.id,
      ])
    // What was agreed on with an account is no matter of a subscription.
    let plan: Plan? =
      switch (account.plan, state.isActive) {
      case (.free, true): .pro
      case (.pro, false): .free
      default: nil
      }
    guard let plan else { return }
    try database.execute(
      sql: "UPDATE account SET plan = ? WHERE id = ?", arguments: [plan.rawValue, account.id])
    try EventRepository.add(
      database, to: account.id, .settings, .updated, resource: account.id,
      name: "plan \(plan.rawValue)", now: now)
  }
}
#endif
