#if Server
import GRDB
import HTTPTypes
import Hummingbird

/// Answers what is asked about accounts: who they are, what they may use, and what they have used.
struct AccountController: Sendable {
  let accounts: AccountRepository
  let ledger: Ledger
  let billing: BillingRepository
  let counter: CallCounter
  /// Where the data are, as answers call it.
  let region: String

  /// `GET /api/account/summary`.
  func summary(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let balance = try await ledger.balance(of: account)
    return try .encoded(
      AccountSummary(
        username: account.username, name: account.name, accountType: "personal",
        plan: account.plan, creditsCents: balance.cents,
        counts: AccountSummary.Counts(use: try await accounts.use(of: account)), teams: []))
  }

  /// `GET /api/users?username=`.
  func user(_ request: Request, _ context: ServerContext) async throws -> Response {
    guard let username = request.uri.queryParameters["username"].map(String.init) else {
      throw APIError.invalidField(
        "username", expected: "the name of a user", "The query has no username.")
    }
    let account = try await accounts.account(named: username)
    return try .encoded(
      UserProfile(
        user: UserProfile.User(
          username: account.username, fullName: account.name, accountType: "personal",
          followerCount: 0, isFollowed: false)))
  }

  /// `GET /api/storage`.
  func storage(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let use = try await accounts.use(of: account)
    let storage = Quota(current: use.bytes, limit: account.limits.storageBytes)
    return try .encoded(
      Superset(
        data: StorageData(
          used: storage.current, limit: storage.limit, percentage: storage.percent),
        flat: StorageSummary(
          tier: account.plan,
          usage: StorageSummary.Usage(
            storage: storage,
            projects: Quota(current: use.projects, limit: ProjectRepository.maximumCount),
            datasets: nil,
            models: Quota(current: use.models, limit: account.limits.models),
            deployments: Quota(current: use.deployments, limit: account.limits.deployments)),
          updatedAt: Timestamp(accounts.clock()),
          breakdown: StorageSummary.Breakdown(
            byCategory: StorageSummary.Categories(
              datasets: .init(bytes: use.datasetBytes, count: use.datasets),
              models: .init(bytes: use.modelBytes, count: use.models),
              exports: .init(bytes: use.exportBytes, count: use.exports)),
            topItems: []),
          region: region, username: account.username)))
  }

  /// `GET /api/billing/balance`.
  func balance(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let balance = try await ledger.balance(of: account)
    let reserved = try await accounts.database.read {
      try TrainingJobTable.reserved($0, of: account.id)
    }
    return try .encoded(
      Envelope(
        data: BalanceData(
          cashBalance: balance.cash, creditBalance: balance.credit, reservedAmount: reserved,
          totalBalance: balance.total)))
  }

  /// `GET /api/billing/usage-summary`.
  func usage(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let balance = try await ledger.balance(of: account)
    let counts = try await counter.counts(
      of: account.id, in: CallWindow.windows(of: account.limits), now: accounts.clock())
    let use = try await accounts.use(of: account)
    let limit = account.limits.storageBytes
    let customer = try await billing.customer(of: account)
    let summary = UsageSummary(
      plan: UsageSummary.PlanState(
        account.plan, customer: account.plan == .pro ? customer : nil),
      metrics: [
        UsageSummary.Metric(
          metricId: "storage_bytes", kind: "GAUGE", period: "NONE", limit: limit, used: use.bytes,
          remaining: max(0, limit - use.bytes), overageAllowed: false)
      ],
      trainingCredit: UsageSummary.TrainingCredit(
        monthlyGrant: 0, balanceAvailable: balance.credit / 10_000),
      features: UsageSummary.Features(
        privateProjects: true, teams: false, enterpriseLicense: account.plan == .enterprise),
      creditsCents: balance.cents,
      limits: UsageSummary.Limits(
        models: account.limits.models, trainings: account.limits.trainings,
        deployments: account.limits.deployments),
      calls: counts.map { count in
        let state = count.state(isAllowed: true)
        return UsageSummary.Calls(
          window: count.window.kind, limit: state.limit, remaining: state.remaining,
          reset: state.reset)
      })
    return try .encoded(Superset(data: summary, flat: summary))
  }
}

/// What an account has: the sums over the tables of resources, the trash among them.
struct ResourceUse: Sendable {
  var datasets = 0
  var models = 0
  var projects = 0
  var exports = 0
  var deployments = 0
  var datasetBytes = 0
  var modelBytes = 0
  var exportBytes = 0
  /// The bytes of all objects, each counted once; those of uploads that belong to nothing yet are
  /// among them.
  var bytes = 0
}

extension AccountRepository {
  /// Returns what an account has.
  func use(of account: Account) async throws(PlatformError) -> ResourceUse {
    try await database.read { database in
      func count(_ table: String) throws -> Int {
        try Int.fetchOne(
          database, sql: "SELECT count(*) FROM \(table) WHERE account = ?",
          arguments: [account.id]) ?? 0
      }
      let bytes = try ObjectTable.useByKind(database, of: account.id)
      var use = ResourceUse()
      use.projects = try count("project")
      use.models = try count("model")
      use.datasets = try count("dataset")
      // Of exports those are counted that have a file.
      use.exports =
        try Int.fetchOne(
          database,
          sql: "SELECT count(*) FROM export WHERE account = ? AND status = 'completed'",
          arguments: [account.id]) ?? 0
      use.deployments = try count("deployment")
      use.datasetBytes = bytes[.datasets, default: 0] + bytes[.images, default: 0]
      use.modelBytes = bytes[.models, default: 0]
      use.exportBytes = bytes[.exports, default: 0]
      use.bytes = try ObjectTable.use(database, of: account.id)
      return use
    }
  }
}
#endif
