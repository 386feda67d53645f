#if Server
import HTTPTypes
import Hummingbird
import YOLOOutbound
import YOLOSystem

/// A webhook as answers have it, without its secret.
struct WebhookData: Encodable {
  let id: String
  let url: String
  let events: [String]
  let description: String?
  let createdAt: Timestamp
  let pending: Int
  let delivered: Int
  let dropped: Int
  let lastDelivery: Attempt?

  /// The last attempt to tell it of an event.
  struct Attempt: Encodable {
    let at: Timestamp
    let status: Int?
    let error: String?
  }

  init(_ row: WebhookRow) {
    id = row.id
    url = row.url
    events = row.kinds.map(\.rawValue)
    description = row.description
    createdAt = Timestamp(row.created)
    pending = row.pending
    delivered = row.delivered
    dropped = row.dropped
    lastDelivery = row.lastAttempt.map {
      Attempt(at: Timestamp($0), status: row.lastStatus, error: row.lastFailure)
    }
  }
}

/// Answers what is asked about the webhooks of an account.
struct WebhookController: Sendable {
  let webhooks: WebhookRepository
  let policy: WebhookPolicy

  /// The body of `POST /api/webhooks`.
  private struct Creation: Decodable {
    let url: String
    let events: [String]?
    let description: String?
  }

  /// A webhook that was created: the only answer that has the secret.
  private struct Created: Encodable {
    let secret: String
    let webhook: WebhookData

    private enum Key: CodingKey { case secret }

    func encode(to encoder: any Encoder) throws {
      try webhook.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(secret, forKey: .secret)
    }
  }

  /// `GET /api/webhooks`.
  func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let rows = try await webhooks.list(of: account)
    return try .encoded(
      ListEnvelope(
        data: rows.map(WebhookData.init),
        meta: PageData(page: 1, limit: max(1, account.limits.webhooks), total: rows.count)))
  }

  /// `GET /api/webhooks/{webhookId}`.
  func webhook(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await webhooks.webhook(
      try Self.identifier(context), of: try context.account())
    return try .encoded(Envelope(data: WebhookData(row)))
  }

  /// `POST /api/webhooks`.
  func create(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try await request.decoded(Creation.self, context)
    guard account.limits.webhooks > 0 else {
      throw APIError.forbidden("Webhooks are not part of the plan \(account.plan.title).")
    }
    do throws(OutboundError) {
      try policy.check(asked.url)
    } catch {
      throw APIError.invalidField(
        "url", given: asked.url.excerpt(),
        expected: "an https address that this server may connect to", "\(error)")
    }
    let names = asked.events ?? PlatformEvent.Kind.allCases.map(\.rawValue)
    let all = PlatformEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")
    let kinds = try names.map { name throws(APIError) -> PlatformEvent.Kind in
      guard let kind = PlatformEvent.Kind(rawValue: name) else {
        throw .invalidField(
          "events", given: name.excerpt(), expected: "some of \(all)",
          "events must be some of \(all).")
      }
      return kind
    }
    guard !kinds.isEmpty else {
      throw APIError.invalidField(
        "events", given: "none", expected: "some of \(all)", "events must be some of \(all).")
    }
    try ResourceName.check("description", asked.description)
    let row = try await webhooks.create(
      url: asked.url, events: PlatformEvent.Kind.allCases.filter(kinds.contains),
      description: asked.description, of: account)
    return try .encoded(
      Envelope(data: Created(secret: row.secret, webhook: WebhookData(row))), status: .created)
  }

  /// `DELETE /api/webhooks/{webhookId}`.
  func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
    let id = try Self.identifier(context)
    try await webhooks.delete(id, of: try context.account())
    return try .encoded(Envelope(data: ResourceIdentity(id: id)))
  }

  private static func identifier(_ context: ServerContext) throws(APIError) -> String {
    guard let id = context.match?.parameters["webhookId"] else { throw .fault }
    return id
  }
}
#endif
