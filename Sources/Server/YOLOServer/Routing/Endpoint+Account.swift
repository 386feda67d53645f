#if Server
import HTTPTypes
import Hummingbird
import YOLOServerOptions

extension Endpoint {
  /// All that a platform has.
  static let platform = accounts + uploads + storage

  /// Accounts, their keys, their money and what they use.
  static let accounts: [Endpoint] = [
    read(
      "/api/account/summary", "accountSummary", "Who the key's account is, and what it has.",
      access: .key, form: .flat, answer: .json("AccountSummary", "The account.")
    ) { try await $0.account.summary($1, $2) },
    read(
      "/api/users", "user", "The public profile of an account.", access: .scopes([.read]),
      form: .flat,
      parameters: [
        Parameter(name: "username", location: .query, description: "The name of the account.")
      ], answer: .json("UserProfile", "The profile."), failures: [400, 404]
    ) { try await $0.account.user($1, $2) },
    read(
      "/api/storage", "storage", "How many bytes the account uses, and of what.",
      access: .scopes([.read]), answer: .json("StorageResponse", "The use of storage.")
    ) { try await $0.account.storage($1, $2) },
    read(
      "/api/billing/balance", "balance", "The balance in micro-USD.", access: .scopes([.read]),
      answer: .json("BalanceResponse", "The balance.")
    ) { try await $0.account.balance($1, $2) },
    read(
      "/api/billing/usage-summary", "usageSummary", "The plan, its limits, and what is used.",
      access: .scopes([.read]), answer: .json("UsageResponse", "The plan and its use.")
    ) { try await $0.account.usage($1, $2) },
    read(
      "/api/api-keys", "listKeys", "The keys of the account, without the keys themselves.",
      access: .scopes([.admin]), answer: .json("KeyListResponse", "The active keys.")
    ) { try await $0.keys.list($1, $2) },
    Endpoint(
      method: .post, path: PathTemplate("/api/api-keys"), id: "createKey",
      summary: "Creates a key, which is shown this once.", access: .scopes([.admin]),
      budget: .plan, body: .json("KeyCreation"),
      answer: .json("KeyCreatedResponse", "The key.", status: .created),
      failures: platformFailures + [408, 409, 413, 415, 499]
    ) { try await $0.platform().keys.create($1, $2) },
    revocation(
      "/api/api-keys/{keyId}", "deleteKey",
      Parameter(name: "keyId", location: .path, description: "The identifier of the key.")),
    revocation(
      "/api/api-keys", "deleteKeyInQuery",
      Parameter(name: "keyId", location: .query, description: "The identifier of the key.")),
  ]

  /// Why any request of the platform may be refused.
  private static let platformFailures = [401, 403, 429, 500, 503]

  private static func read(
    _ path: String, _ id: String, _ summary: String, access: Access,
    form: ErrorForm = .envelope, parameters: [Parameter] = [], answer: Answer,
    failures: [Int] = [],
    _ handler:
      @escaping @Sendable (PlatformControllers, Request, ServerContext) async throws -> Response
  ) -> Endpoint {
    Endpoint(
      method: .get, path: PathTemplate(path), id: id, summary: summary, access: access,
      budget: .plan, form: form, parameters: parameters, answer: answer,
      failures: platformFailures + failures
    ) { try await handler(try $0.platform(), $1, $2) }
  }

  private static func revocation(_ path: String, _ id: String, _ key: Parameter) -> Endpoint {
    Endpoint(
      method: .delete, path: PathTemplate(path), id: id,
      summary: "Revokes a key for ever, at once.", access: .scopes([.admin]), budget: .plan,
      parameters: [key], answer: .json("IdentityResponse", "It is revoked."),
      failures: platformFailures + [404]
    ) { try await $0.platform().keys.revoke($1, $2) }
  }
}

/// What the endpoints of the platform are answered by.
struct PlatformControllers: Sendable {
  let account: AccountController
  let keys: KeysController
  let uploads: UploadController
  let storage: StorageController

  /// - Parameters:
  ///   - platform: What the platform keeps.
  ///   - settings: The settings of the server.
  ///   - targets: What files may be uploaded for.
  init(platform: Platform, settings: ServerSettings, targets: [any UploadTarget]) {
    let database = platform.database
    let accounts = AccountRepository(database: database)
    account = AccountController(
      accounts: accounts, ledger: Ledger(database: database),
      counter: CallCounter(database: database), region: settings.region ?? "eu")
    keys = KeysController(accounts: accounts)
    uploads = UploadController(
      uploads: platform.uploads, signer: platform.signer,
      origins: OriginPolicy(settings: settings), targets: targets)
    storage = StorageController(
      store: platform.store, uploads: platform.uploads, accounts: accounts,
      signer: platform.signer)
  }
}
#endif
