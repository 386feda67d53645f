#if Server
import HTTPTypes
import Hummingbird
import JSONText
import Logging
import NIOCore
import YOLOOutbound
import YOLOSystem

/// Answers what is asked about money.
struct BillingController: Sendable {
  /// What may be paid in at once, in cents.
  private static let amounts = 500...100_000
  private static let maximumEventBytes = 1 << 20

  let billing: BillingRepository
  /// Where money is paid; nil if there is nobody.
  let provider: PaymentProvider?
  let origins: OriginPolicy

  /// A payment as it is listed, in micro-USD.
  private struct PaymentData: Encodable {
    let id: String
    let amount: Int
    let currency: String
    let status: String
    let createdAt: Timestamp
    let receiptUrl: String?
    let description: String

    init(_ row: PaymentRow) {
      id = row.id
      amount = row.amount
      currency = row.currency
      status = row.status
      createdAt = Timestamp(row.at)
      receiptUrl = row.receipt
      description = row.description
    }
  }

  /// The answer of `GET /api/billing/transactions`.
  private struct TransactionList: Encodable {
    struct Transaction: Encodable {
      let id: String
      let type: String
      let amountCents: Double
      let balanceAfter: Double
      let createdAt: Timestamp
      let receiptUrl: String?

      init(_ row: TransactionRow) {
        id = "\(row.id)"
        type = row.kind
        amountCents = Double(row.amount) / 10_000
        balanceAfter = Double(row.total) / 10_000
        createdAt = Timestamp(row.at)
        receiptUrl = row.receipt
      }
    }

    let transactions: [Transaction]
  }

  /// Where somebody goes to pay.
  private struct SessionData: Encodable {
    var sessionId: String?
    let url: String
  }

  /// `GET /api/billing/payments`.
  func payments(_ request: Request, _ context: ServerContext) async throws -> Response {
    let page = try QueryReader(request).page(default: 20, maximum: 100)
    let (rows, total) = try await billing.payments(of: try context.account(), page: page)
    return try .encoded(
      ListEnvelope(
        data: rows.map(PaymentData.init),
        meta: PageData(page: page.number, limit: page.limit, total: total)))
  }

  /// `GET /api/billing/transactions`.
  func transactions(_ request: Request, _ context: ServerContext) async throws -> Response {
    let query = QueryReader(request)
    let rows = try await billing.transactions(
      of: try context.account(), from: try query.time("from", isEnd: false),
      to: try query.time("to", isEnd: true))
    return try .encoded(TransactionList(transactions: rows.map(TransactionList.Transaction.init)))
  }

  /// `POST /api/billing/checkout-session`.
  func checkout(_ request: Request, _ context: ServerContext) async throws -> Response {
    struct Body: Decodable { let amount: Double }
    let account = try context.account()
    let provider = try self.configured()
    let amount = try await request.decoded(Body.self, context).amount
    let cents = amount * 100
    guard cents.isFinite, cents >= Double(Self.amounts.lowerBound),
      cents <= Double(Self.amounts.upperBound), abs(cents - cents.rounded()) < 1e-6
    else {
      throw APIError.invalidField(
        "amount", given: "\(amount)", expected: "dollars from 5 to 1000, with whole cents",
        "amount must be dollars from 5 to 1000, with whole cents.")
    }
    let session = try await Self.answering {
      try await provider.checkout(
        cents: Int(cents.rounded()), of: account,
        customer: try await billing.customer(of: account),
        origin: try origins.origin(of: request, context))
    }
    return try .encoded(Envelope(data: SessionData(sessionId: session.id, url: session.url)))
  }

  /// `POST /api/billing/subscription-checkout`.
  func subscribe(_ request: Request, _ context: ServerContext) async throws -> Response {
    struct Body: Decodable {
      let planId: String
      let billingCycle: String?
    }
    let account = try context.account()
    let provider = try self.configured()
    let body = try await request.decoded(Body.self, context)
    try ResourceName.check("planId", body.planId, in: [Plan.pro.rawValue])
    let cycle = body.billingCycle ?? "monthly"
    try ResourceName.check("billingCycle", cycle, in: ["monthly", "yearly"])
    guard account.plan == .free else {
      throw APIError.conflict("The account has the plan \(account.plan.title) already.")
    }
    guard let price = provider.prices[cycle] else {
      throw APIError.notConfigured("This server has no price for a \(cycle) subscription.")
    }
    let session = try await Self.answering {
      try await provider.subscribe(
        price: price, of: account, customer: try await billing.customer(of: account),
        origin: try origins.origin(of: request, context))
    }
    return try .encoded(Envelope(data: SessionData(sessionId: session.id, url: session.url)))
  }

  /// `POST /api/billing/portal-session`.
  func portal(_ request: Request, _ context: ServerContext) async throws -> Response {
    struct Body: Decodable { let returnUrl: String? }
    let account = try context.account()
    let provider = try self.configured()
    let asked = try await request.decoded(Body.self, context).returnUrl
    if let asked, (try? OutboundURL(asked, allowsPlainHTTP: true)) == nil {
      throw APIError.invalidField(
        "returnUrl", given: asked.excerpt(), expected: "an absolute address",
        "returnUrl must be an absolute address.")
    }
    guard let customer = try await billing.customer(of: account) else {
      throw APIError.notFound("The account has paid nothing yet, so there is nothing to manage.")
    }
    let origin = try origins.origin(of: request, context)
    let url = try await Self.answering {
      try await provider.portal(of: customer, returnURL: asked ?? "\(origin)/")
    }
    return try .encoded(Envelope(data: SessionData(url: url)))
  }

  /// `POST /api/billing/provider-events`.
  func events(_ request: Request, _ context: ServerContext) async throws -> Response {
    struct Receipt: Encodable {
      let received = true
      let booked: Bool
    }
    let provider = try self.configured()
    var body: [UInt8] = []
    for try await piece in request.body {
      guard body.count + piece.readableBytes <= Self.maximumEventBytes else {
        throw APIError.bodyTooLarge(limit: Self.maximumEventBytes)
      }
      body += piece.readableBytesView
    }
    guard
      ProviderSignature.isValid(
        request.headers[.stripeSignature] ?? "", of: body, secret: provider.signingSecret,
        now: billing.clock())
    else {
      throw APIError.invalidField(
        "Stripe-Signature", expected: "a signature of the body, of the last 5 minutes",
        "The event is not signed by the provider of payments.")
    }
    let event = try ProviderEvent(body)
    let outcome = try await billing.book(event)
    context.logger.log(
      level: outcome == .orphaned ? .critical : .info, "an event of the provider of payments",
      metadata: ["event": "\(event.id)", "type": "\(event.type)", "outcome": "\(outcome)"])
    return try .encoded(Receipt(booked: outcome == .booked))
  }

  private func configured() throws(APIError) -> PaymentProvider {
    guard let provider else {
      throw .notConfigured("This server takes no payments; its operator books them.")
    }
    return provider
  }

  /// Turns what the provider's errors are into answers.
  private static func answering<Value: Sendable>(
    _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch is ProviderError {
      throw APIError.unavailable(
        "The provider of payments did not do it; try again later.", retryAfter: 60)
    }
  }
}
#endif
