#if Server
/// The answer of `GET /api/account/summary`.
struct AccountSummary: Encodable {
  struct Counts: Encodable {
    let projects: Int
    let datasets: Int
    let models: Int

    init(use: ResourceUse) {
      (projects, datasets, models) = (use.projects, use.datasets, use.models)
    }
  }

  /// Another account in which the user is a member.
  struct Team: Encodable {
    let userId: String
    let username: String
  }

  let username: String
  let name: String
  let accountType: String
  let plan: Plan
  let creditsCents: Int
  let counts: Counts
  let teams: [Team]
}

/// The answer of `GET /api/users`.
struct UserProfile: Encodable {
  struct User: Encodable {
    let username: String
    let fullName: String
    let accountType: String
    let followerCount: Int
    let isFollowed: Bool
  }

  let user: User
}

/// How much of a limit is used.
struct Quota: Encodable {
  let current: Int
  let limit: Int
  /// Of a hundred.
  let percent: Double

  init(current: Int, limit: Int) {
    self.current = current
    self.limit = limit
    percent = limit > 0 ? 100 * Double(current) / Double(limit) : 0
  }
}

/// The data of `GET /api/storage`.
struct StorageData: Encodable {
  let used: Int
  let limit: Int
  let percentage: Double
}

/// The flat members of `GET /api/storage`.
struct StorageSummary: Encodable {
  struct Usage: Encodable {
    let storage: Quota
    let projects: Quota?
    let datasets: Quota?
    let models: Quota
    let deployments: Quota
  }

  struct Category: Encodable {
    let bytes: Int
    let count: Int
  }

  struct Categories: Encodable {
    let datasets: Category
    let models: Category
    let exports: Category
  }

  struct Item: Encodable {
    let name: String
    let sizeBytes: Int
    let type: String
  }

  struct Breakdown: Encodable {
    let byCategory: Categories
    let topItems: [Item]
  }

  let tier: Plan
  let usage: Usage
  let updatedAt: Timestamp
  let breakdown: Breakdown
  let region: String
  let username: String
}

/// The data of `GET /api/billing/balance`, in micro-USD.
struct BalanceData: Encodable {
  let cashBalance: Int
  let creditBalance: Int
  let reservedAmount: Int
  let totalBalance: Int
}

/// The answer of `GET /api/billing/usage-summary`.
struct UsageSummary: Encodable {
  struct PlanState: Encodable {
    let planId: Plan
    let name: String
    let status: String
    let cancelAtPeriodEnd: Bool
    let billingCycle: String?
    let currentPeriodEnd: Timestamp?
    let paymentFailedAt: Timestamp?

    /// Describes a plan, and what is known of its subscription.
    init(_ plan: Plan, customer: CustomerRow?) {
      planId = plan
      name = plan.title
      status = customer?.status == "past_due" || customer?.failed != nil ? "past_due" : "active"
      cancelAtPeriodEnd = customer?.endsWithPeriod ?? false
      billingCycle = customer?.cycle
      currentPeriodEnd = customer?.periodEnd.map(Timestamp.init)
      paymentFailedAt = customer?.failed.map(Timestamp.init)
    }
  }

  struct Metric: Encodable {
    let metricId: String
    let kind: String
    let period: String
    let limit: Int
    let used: Int
    let remaining: Int
    let overageAllowed: Bool
  }

  struct TrainingCredit: Encodable {
    let monthlyGrant: Int
    let balanceAvailable: Int
  }

  struct Features: Encodable {
    let privateProjects: Bool
    let teams: Bool
    let enterpriseLicense: Bool
  }

  struct Limits: Encodable {
    let models: Int
    let trainings: Int
    let deployments: Int
  }

  struct Calls: Encodable {
    let window: String
    let limit: Int
    let remaining: Int
    let reset: Int
  }

  let plan: PlanState
  let metrics: [Metric]
  let trainingCredit: TrainingCredit
  let features: Features
  let creditsCents: Int
  let limits: Limits
  let calls: [Calls]
}

/// A key as it is listed.
struct KeyData: Encodable {
  let id: String
  let name: String
  let keyPrefix: String
  let scopes: [String]
  let createdAt: Timestamp
  let lastUsedAt: Timestamp?

  init(_ record: KeyRecord) {
    id = record.publicID ?? ""
    name = record.name
    keyPrefix = record.prefix ?? ""
    scopes = record.scopes.names
    createdAt = Timestamp(record.created)
    lastUsedAt = record.lastUsed.map(Timestamp.init)
  }
}

/// The flat members of `GET /api/api-keys`.
struct KeyList: Encodable {
  struct Key: Encodable {
    let keyId: String
    let name: String
    let keyPrefix: String
    let createdAt: Timestamp
  }

  let keys: [Key]
}

/// A key that was created: the only answer that has the key itself.
struct CreatedKey: Encodable {
  let id: String
  let keyId: String
  let name: String
  let key: String
  let keyPrefix: String
  let scopes: [String]
  let createdAt: Timestamp
}

/// The identifier of what was changed or deleted.
struct ResourceIdentity: Encodable {
  let id: String
}
#endif
