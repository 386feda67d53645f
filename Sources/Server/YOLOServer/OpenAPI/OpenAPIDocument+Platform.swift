#if Server
import JSONText

/// The schemas of the platform.
extension OpenAPIDocument {
  static var platformSchemas: [JSONMember] {
    [
      JSONMember("FlatFailure", flatFailure),
      JSONMember("AccountSummary", accountSummary),
      JSONMember("UserProfile", userProfile),
      JSONMember("Quota", quota),
      JSONMember("StorageResponse", storage),
      JSONMember(
        "BalanceResponse",
        envelope(
          Schema.record(
            ["cashBalance", "creditBalance", "reservedAmount", "totalBalance"].map {
              Schema.Field($0, count("Micro-USD."))
            }))),
      JSONMember("Usage", Schema.record(usage)),
      JSONMember("UsageResponse", envelope(Schema.reference("Usage"), and: usage)),
      JSONMember("Key", Schema.record(key)),
      JSONMember("KeyListResponse", keyList),
      JSONMember(
        "KeyCreation",
        Schema.record([
          Schema.Field("name", text("What to call the key.")),
          Schema.Field("scopes", scopes("What it may do; write if not given."), isRequired: false),
        ])),
      JSONMember("CreatedKey", Schema.record(createdKey)),
      JSONMember("KeyCreatedResponse", envelope(Schema.reference("CreatedKey"), and: createdKey)),
      JSONMember(
        "IdentityResponse",
        envelope(Schema.record([Schema.Field("id", text("The identifier."))]))),
    ] + storageSchemas + projectSchemas + projectModelSchemas + datasetSchemas + activitySchemas
      + trashSchemas + webhookSchemas + billingSchemas + privacySchemas + trainingSchemas
      + exportSchemas + deploymentSchemas
  }

  /// `{"success":true,"data":…}`, with members beside them.
  static func envelope(_ data: JSONValue, and flat: [Schema.Field] = []) -> JSONValue {
    Schema.record(
      [
        Schema.Field("success", Schema.adding(["const": .bool(true)], to: Schema.type("boolean"))),
        Schema.Field("data", data),
      ] + flat)
  }

  static func text(_ description: String? = nil) -> JSONValue {
    Schema.type("string", description)
  }

  static func count(_ description: String? = nil) -> JSONValue {
    Schema.adding(["minimum": .int(0)], to: Schema.type("integer", description))
  }

  /// Where the data are.
  static var region: Schema.Field { Schema.Field("region", Schema.choice(["us", "eu", "ap"])) }

  static var flag: JSONValue { Schema.type("boolean") }

  static var time: JSONValue {
    Schema.adding(["format": .string("date-time")], to: Schema.type("string"))
  }

  private static var plan: JSONValue { Schema.choice(Plan.allCases.map(\.rawValue)) }

  private static func scopes(_ description: String? = nil) -> JSONValue {
    Schema.list(of: Schema.choice(Scope.allCases.map(\.rawValue)), description)
  }

  private static var flatFailure: JSONValue {
    Schema.record([
      Schema.Field("error", text("One sentence for a person.")),
      Schema.Field("code", Schema.choice(failureCodes(hasPlatform: true))),
      Schema.Field(
        "details",
        Schema.type(
          "object", "What a program may read, such as `argument`, `value` and `expected`.")),
    ])
  }

  private static var accountSummary: JSONValue {
    Schema.record([
      Schema.Field("username", text("The name in paths.")),
      Schema.Field("name", text("The name for people.")),
      Schema.Field("accountType", Schema.choice(["personal", "team"])),
      Schema.Field("plan", plan),
      Schema.Field("creditsCents", count("The balance in whole cents.")),
      Schema.Field(
        "counts",
        Schema.record(["projects", "datasets", "models"].map { Schema.Field($0, count()) })),
      Schema.Field("teams", Schema.list(of: Schema.type("object"))),
    ])
  }

  private static var userProfile: JSONValue {
    Schema.record([
      Schema.Field(
        "user",
        Schema.record([
          Schema.Field("username", text()), Schema.Field("fullName", text()),
          Schema.Field("accountType", Schema.choice(["personal", "team"])),
          Schema.Field("followerCount", count()), Schema.Field("isFollowed", flag),
        ]))
    ])
  }

  private static var quota: JSONValue {
    Schema.record([
      Schema.Field("current", count()), Schema.Field("limit", count()),
      Schema.Field(
        "percent", Schema.adding(["minimum": .int(0)], to: Schema.type("number"))),
    ])
  }

  private static var storage: JSONValue {
    let quota = Schema.reference("Quota")
    let category = Schema.record([
      Schema.Field("bytes", count()), Schema.Field("count", count()),
    ])
    return envelope(
      Schema.record([
        Schema.Field("used", count("Bytes.")), Schema.Field("limit", count("Bytes.")),
        Schema.Field("percentage", Schema.type("number", "Of a hundred.")),
      ]),
      and: [
        Schema.Field("tier", plan),
        Schema.Field(
          "usage",
          Schema.record(
            [Schema.Field("storage", quota)]
              + ["projects", "datasets", "models", "deployments"].map {
                Schema.Field($0, quota, isRequired: false)
              })),
        Schema.Field("updatedAt", time),
        Schema.Field(
          "breakdown",
          Schema.record([
            Schema.Field(
              "byCategory",
              Schema.record(
                ["datasets", "models", "exports"].map { Schema.Field($0, category) })),
            Schema.Field("topItems", Schema.list(of: Schema.type("object"))),
          ])),
        region,
        Schema.Field("username", text()),
      ])
  }

  private static var usage: [Schema.Field] {
    [
      Schema.Field(
        "plan",
        Schema.record([
          Schema.Field("planId", plan), Schema.Field("name", text()),
          Schema.Field("status", Schema.choice(["active", "past_due"])),
          Schema.Field("cancelAtPeriodEnd", flag),
          optional("billingCycle", Schema.choice(["monthly", "yearly"])),
          optional("currentPeriodEnd", time), optional("paymentFailedAt", time),
        ])),
      Schema.Field(
        "metrics",
        Schema.list(
          of: Schema.record(
            [
              Schema.Field("metricId", text()), Schema.Field("kind", text()),
              Schema.Field("period", text()), Schema.Field("overageAllowed", flag),
            ] + ["limit", "used", "remaining"].map { Schema.Field($0, count()) }))),
      Schema.Field(
        "trainingCredit",
        Schema.record(
          ["monthlyGrant", "balanceAvailable"].map { Schema.Field($0, count("Cents.")) })),
      Schema.Field(
        "features",
        Schema.record(
          ["privateProjects", "teams", "enterpriseLicense"].map { Schema.Field($0, flag) })),
      Schema.Field("creditsCents", count()),
      Schema.Field(
        "limits",
        Schema.record(["models", "trainings", "deployments"].map { Schema.Field($0, count()) })),
      Schema.Field(
        "calls",
        Schema.list(
          of: Schema.record(
            [Schema.Field("window", Schema.choice(["minute", "day"]))]
              + ["limit", "remaining", "reset"].map { Schema.Field($0, count()) }))),
    ]
  }

  private static var key: [Schema.Field] {
    [
      Schema.Field("id", text()), Schema.Field("name", text()),
      Schema.Field("keyPrefix", text("The beginning of the key.")),
      Schema.Field("scopes", scopes()), Schema.Field("createdAt", time),
      Schema.Field("lastUsedAt", time, isRequired: false),
    ]
  }

  private static var keyList: JSONValue {
    envelope(
      Schema.list(of: Schema.reference("Key")),
      and: [
        Schema.Field(
          "keys",
          Schema.list(
            of: Schema.record([
              Schema.Field("keyId", text()), Schema.Field("name", text()),
              Schema.Field("keyPrefix", text()), Schema.Field("createdAt", time),
            ])))
      ])
  }

  private static var createdKey: [Schema.Field] {
    key.filter { $0.name != "lastUsedAt" } + [
      Schema.Field("keyId", text()),
      Schema.Field("key", text("The key, which no other answer has.")),
    ]
  }
}
#endif
