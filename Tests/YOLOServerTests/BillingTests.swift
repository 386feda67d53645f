#if Server
import Foundation
import JSONText
import Logging
import Synchronization
import Testing
import YOLOCryptography
import YOLOOutbound
import YOLOServer
import YOLOServerOptions

/// Payments, with a stand-in for Stripe.
@Suite struct BillingTests {
  private static let key = "sk_test_0123456789"
  private static let secret = "whsec_test_secret"

  /// The fields of a form.
  private static func form(_ exchange: OutboundServer.Exchange) -> [String: String] {
    Dictionary(
      String(decoding: exchange.body, as: UTF8.self).split(separator: "&").map { field in
        let parts = field.split(separator: "=", maxSplits: 1).map {
          String($0).removingPercentEncoding ?? ""
        }
        return (parts[0], parts.count == 2 ? parts[1] : "")
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Serves a platform whose payments go to a stand-in for Stripe.
  private func withStripe(
    plan: Plan = .free, prices: Bool = true,
    _ handler: @escaping OutboundServer.Handler = { exchange in
      OutboundServer.answer(
        "200 OK",
        exchange.target == "/v1/billing_portal/sessions"
          ? #"{"id":"bps_1","url":"https://billing.example/p"}"#
          : #"{"id":"cs_1","url":"https://checkout.example/c"}"#)
    },
    _ body:
      @escaping @Sendable (PlatformClient, String, AccountRepository, OutboundServer) async throws
      -> Void
  ) async throws {
    try await withKeyDirectory { directory in
      let files = (
        directory.appending(path: "key").path, directory.appending(path: "secret").path
      )
      try Self.key.write(toFile: files.0, atomically: true, encoding: .utf8)
      try "\(Self.secret)\n".write(toFile: files.1, atomically: true, encoding: .utf8)
      try await withOutboundServer(handler) { stripe in
        let url = "http://127.0.0.1:\(stripe.port)"
        try await PlatformClient.serving(
          plan: plan,
          {
            $0.payment = "stripe"
            $0.paymentURL = url
            $0.paymentKeyFile = files.0
            $0.paymentSecretFile = files.1
            if prices { $0.paymentPrice = "price_month" }
          }
        ) { client, key, accounts in try await body(client, key, accounts, stripe) }
      }
    }
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }

  /// Sends an event as Stripe does; returns the answer.
  private func tell(
    _ client: PlatformClient, _ event: String, secret: String = Self.secret, age: Int = 0
  ) async -> PlatformClient.Answer {
    let time = Int(Date().timeIntervalSince1970) - age
    let code = MessageAuthentication.code(
      of: Array("\(time).\(event)".utf8).span.bytes, key: Array(secret.utf8).span.bytes)
    let signature = "t=\(time),v1=\(String(repeating: "0", count: 64)),v1=\(Self.hexadecimal(code))"
    return await client.call(
      "POST", "/api/billing/provider-events", body: event,
      headers: ["Stripe-Signature: \(signature)", "Content-Type: application/json"])
  }

  private func paid(
    _ event: String, session: String = "cs_1", account: String, cents: Int = 2500,
    status: String = "paid", type: String = "checkout.session.completed", currency: String = "usd"
  ) -> String {
    """
    {"id":"\(event)","type":"\(type)","created":1800000000,"data":{"object":{"id":"\(session)",
    "mode":"payment","payment_status":"\(status)","amount_total":\(cents),
    "currency":"\(currency)","customer":"cus_1","metadata":{"account":"\(account)"}}}}
    """
  }

  @Test func aSignatureIsOfTheBodyAndOfNow() {
    let body = Array(#"{"id":"evt_1"}"#.utf8)
    // By Python's hmac.
    let code = "8a6563dbee1eccda632491deb091d19e764aadddcd0ace8d9516599526831c89"
    for (header, now, isValid) in [
      ("t=1800000000,v1=\(code)", 1_800_000_000, true),
      ("t=1800000000, v0=00, v1=00, v1=\(code)", 1_800_000_300, true),
      ("t=1800000000,v1=\(code)", 1_799_999_700, true),
      ("t=1800000000,v1=\(code)", 1_800_000_301, false),
      ("t=1800000000,v1=\(code)", 1_799_999_699, false),
      ("t=1800000001,v1=\(code)", 1_800_000_000, false),
      ("t=01800000000,v1=\(code)", 1_800_000_000, false), ("v1=\(code)", 1_800_000_000, false),
      ("t=1800000000,v0=\(code)", 1_800_000_000, false), ("t=1800000000", 1_800_000_000, false),
      ("t=1800000000,v1=", 1_800_000_000, false), ("", 1_800_000_000, false),
      ("t=9223372036854775807,v1=\(code)", 1_800_000_000, false),
      ("t=-9223372036854775808,v1=\(code)", 1_800_000_000, false),
    ] {
      #expect(
        ProviderSignature.isValid(header, of: body, secret: "whsec_test_secret", now: now)
          == isValid, "\(header) \(now)")
    }
  }

  @Test func withoutAProviderPostsAreHonest() async throws {
    try await PlatformClient.serving { client, key, accounts in
      for (path, body) in [
        ("checkout-session", #"{"amount":25}"#),
        ("subscription-checkout", #"{"planId":"pro","billingCycle":"monthly"}"#),
        ("portal-session", "{}"), ("provider-events", "{}"),
      ] {
        let key = path == "provider-events" ? nil : key
        let answer = await client.check(
          501, "POST", "/api/billing/\(path)", key: key, body: body)
        let code = answer["error"]?["code"] ?? answer["code"]
        #expect(code == .string("NOT_CONFIGURED"))
      }
      let alice = try await accounts.account(named: "alice")
      let ledger = Ledger(database: accounts.database)
      try await ledger.add(7_500_000, to: .cash, of: alice, kind: "adjustment")
      try await ledger.add(1_000_000, to: .credit, of: alice, kind: "promo")
      try await ledger.add(-2_000_001, to: .cash, of: alice, kind: "training")
      let payments = await client.check(200, "GET", "/api/billing/payments", key: key)
      #expect(payments["data"]?.elements?.map { $0["amount"]?.int } == [7_500_000])
      #expect(payments["meta"]?["total"] == .int(1))
      let all = await client.check(200, "GET", "/api/billing/transactions", key: key)
      let rows = all["transactions"]?.elements ?? []
      #expect(rows.map { $0["type"]?.string } == ["training", "promo", "adjustment"])
      #expect(rows.map { $0["amountCents"]?.number } == [-200.0001, 100, 750])
      #expect(rows.map { $0["balanceAfter"]?.number } == [649.9999, 850, 750])
      let none = await client.check(
        200, "GET", "/api/billing/transactions?to=2020-01-01", key: key)
      #expect(none["transactions"]?.elements?.isEmpty == true)
      await client.check(400, "GET", "/api/billing/transactions?from=yesterday", key: key)
      let usage = await client.check(200, "GET", "/api/billing/usage-summary", key: key)
      #expect(usage["creditsCents"] == .int(649))
    }
  }

  @Test func moneyCountsOnceWhenItsEventComes() async throws {
    try await withStripe { client, key, accounts, stripe in
      for amount in ["4", "4.99", "1001", "5.001", "1e400", "-25", "\"25\"", "null"] {
        await client.check(
          400, "POST", "/api/billing/checkout-session", key: key, body: #"{"amount":\#(amount)}"#)
      }
      #expect(stripe.exchanges.isEmpty)
      for (amount, cents) in [("5", 500), ("1000", 100_000), ("25.10", 2510)] {
        let answer = await client.check(
          200, "POST", "/api/billing/checkout-session", key: key, body: #"{"amount":\#(amount)}"#)
        #expect(answer["data"]?["sessionId"] == .string("cs_1"))
        #expect(answer["data"]?["url"] == .string("https://checkout.example/c"))
        let exchange = try #require(stripe.exchanges.last)
        let form = Self.form(exchange)
        #expect(exchange.target == "/v1/checkout/sessions" && form["mode"] == "payment")
        #expect(form["line_items[0][price_data][unit_amount]"] == "\(cents)")
        #expect(exchange.header("authorization") == "Bearer \(Self.key)")
      }
      #expect(Set(stripe.exchanges.map { $0.header("idempotency-key") }).count == 3)
      let alice = try await accounts.account(named: "alice")
      #expect(Self.form(try #require(stripe.exchanges.last))["metadata[account]"] == alice.id)
      let ledger = Ledger(database: accounts.database)
      func cash() async throws -> Int { try await ledger.balance(of: alice).cash }
      // The way back from the page is no payment, nor is what nobody signed.
      let event = paid("evt_1", account: alice.id)
      for answer in [
        await tell(client, event, secret: "whsec_other"), await tell(client, event, age: 400),
        await client.call("POST", "/api/billing/provider-events", body: event),
        await tell(client, paid("evt_2", account: alice.id, currency: "eur")),
        await tell(client, paid("evt_2", account: alice.id, cents: -5)),
        await tell(client, "[]"), await tell(client, "{"),
      ] {
        #expect(answer.status == 400, "\(answer)")
        #expect(
          client.problems(answer, "POST", "/api/billing/provider-events", isKeyed: false) == [])
      }
      #expect(await tell(client, paid("evt_0", account: alice.id, status: "unpaid")).status == 200)
      #expect(try await cash() == 0)
      let answers = await withTaskGroup(of: PlatformClient.Answer.self) { group in
        for _ in 0..<20 { group.addTask { await tell(client, event) } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.allSatisfy { $0.status == 200 })
      #expect(answers.count { $0.body["booked"] == .bool(true) } == 1)
      #expect(try await cash() == 25_000_000)
      // Another event of the same payment.
      let again = paid(
        "evt_3", account: alice.id, type: "checkout.session.async_payment_succeeded")
      #expect(await tell(client, again).body["booked"] == .bool(false))
      #expect(try await cash() == 25_000_000)
      #expect(await tell(client, paid("evt_4", session: "cs_2", account: alice.id)).status == 200)
      #expect(try await cash() == 50_000_000)
      let orphan = await tell(client, paid("evt_5", session: "cs_3", account: "account_0"))
      // The customer is known.
      #expect(orphan.status == 200)
      #expect(try await cash() == 75_000_000)
      let payments = await client.check(200, "GET", "/api/billing/payments?limit=2", key: key)
      #expect(payments["meta"]?["total"] == .int(3) && payments["data"]?.elements?.count == 2)
      let all = await client.check(200, "GET", "/api/billing/transactions", key: key)
      #expect(all["transactions"]?.elements?.first?["type"] == .string("purchase"))
      #expect(all["transactions"]?.elements?.first?["balanceAfter"]?.number == 7500)
    }
  }

  @Test func aRequestThatFailsIsSentAgainUnderTheSameKey() async throws {
    let count = Mutex(0)
    let handler: OutboundServer.Handler = { _ in
      let number = count.withLock {
        $0 += 1
        return $0
      }
      return number < 3
        ? OutboundServer.answer("500 Broken", "{}")
        : number == 3
          ? OutboundServer.answer("200 OK", #"{"id":"cs_1","url":"https://checkout.example/c"}"#)
          : OutboundServer.answer(
            "401 No", #"{"error":{"message":"Invalid API Key: sk_test_***","type":"invalid"}}"#)
    }
    try await withStripe(handler: handler)
  }

  private func withStripe(handler: @escaping OutboundServer.Handler) async throws {
    try await withStripe(handler) { client, key, _, stripe in
      let path = "/api/billing/checkout-session"
      await client.check(200, "POST", path, key: key, body: #"{"amount":25}"#)
      #expect(stripe.exchanges.count == 3)
      #expect(Set(stripe.exchanges.map { $0.header("idempotency-key") }).count == 1)
      let refused = await client.call("POST", path, key: key, body: #"{"amount":25}"#)
      #expect(refused.status == 503 && !refused.text.contains("sk_test"))
      #expect(stripe.exchanges.count == 4)
    }
  }

  @Test func aSubscriptionIsThePlan() async throws {
    try await withStripe { client, key, accounts, stripe in
      let path = "/api/billing/subscription-checkout"
      await client.check(400, "POST", path, key: key, body: #"{"planId":"enterprise"}"#)
      await client.check(
        400, "POST", path, key: key, body: #"{"planId":"pro","billingCycle":"daily"}"#)
      await client.check(
        501, "POST", path, key: key, body: #"{"planId":"pro","billingCycle":"yearly"}"#)
      await client.check(404, "POST", "/api/billing/portal-session", key: key)
      await client.check(
        200, "POST", path, key: key, body: #"{"planId":"pro","billingCycle":"monthly"}"#)
      let form = Self.form(try #require(stripe.exchanges.last))
      #expect(form["mode"] == "subscription" && form["line_items[0][price]"] == "price_month")
      let alice = try await accounts.account(named: "alice")
      func plan() async throws -> Plan { try await accounts.account(named: "alice").plan }
      func event(
        _ id: String, _ type: String, _ created: Int, _ object: String
      ) async -> PlatformClient.Answer {
        await tell(
          client,
          #"{"id":"\#(id)","type":"\#(type)","created":\#(created),"data":{"object":\#(object)}}"#)
      }
      func subscription(_ status: String, ends: Bool = false) -> String {
        """
        {"id":"sub_1","customer":"cus_1","status":"\(status)","cancel_at_period_end":\(ends),
        "current_period_end":1900000000,"metadata":{"account":"\(alice.id)"},
        "items":{"data":[{"price":{"recurring":{"interval":"month"}}}]}}
        """
      }
      #expect(
        await event(
          "evt_1", "checkout.session.completed", 10,
          """
          {"id":"cs_1","mode":"subscription","subscription":"sub_1","customer":"cus_1",
          "client_reference_id":"\(alice.id)"}
          """
        ).body["booked"] == .bool(true))
      #expect(try await plan() == .pro)
      await client.check(409, "POST", path, key: key, body: #"{"planId":"pro"}"#)
      let portal = await client.check(
        200, "POST", "/api/billing/portal-session", key: key,
        body: #"{"returnUrl":"https://a.example/back"}"#)
      #expect(portal["data"]?["url"] == .string("https://billing.example/p"))
      #expect(Self.form(try #require(stripe.exchanges.last))["customer"] == "cus_1")
      await client.check(
        400, "POST", "/api/billing/portal-session", key: key,
        body: #"{"returnUrl":"javascript:alert(1)"}"#)
      _ = await event(
        "evt_2", "customer.subscription.updated", 20, subscription("active", ends: true))
      _ = await event("evt_3", "invoice.payment_failed", 21, #"{"id":"in_0","customer":"cus_1"}"#)
      var usage = await client.check(200, "GET", "/api/billing/usage-summary", key: key)
      #expect(usage["plan"]?["cancelAtPeriodEnd"] == .bool(true))
      #expect(usage["plan"]?["billingCycle"] == .string("monthly"))
      #expect(usage["plan"]?["status"] == .string("past_due"))
      #expect(usage["plan"]?["currentPeriodEnd"] == .string("2030-03-17T17:46:40Z"))
      for identifier in ["evt_4", "evt_5"] {
        _ = await event(
          identifier, "invoice.paid", 22,
          """
          {"id":"in_1","customer":"cus_1","amount_paid":2900,"currency":"usd",
          "hosted_invoice_url":"https://invoice.example/1"}
          """)
      }
      usage = await client.check(200, "GET", "/api/billing/usage-summary", key: key)
      #expect(usage["plan"]?["status"] == .string("active"))
      let payments = await client.check(200, "GET", "/api/billing/payments", key: key)
      #expect(payments["data"]?.elements?.map { $0["amount"]?.int } == [29_000_000])
      // A subscription is no money to spend.
      #expect(try await Ledger(database: accounts.database).balance(of: alice).total == 0)
      _ = await event("evt_6", "customer.subscription.deleted", 30, subscription("canceled"))
      #expect(try await plan() == .free)
      // What comes late changes nothing.
      _ = await event("evt_7", "customer.subscription.updated", 25, subscription("active"))
      #expect(try await plan() == .free)
      #expect(await event("evt_8", "charge.dispute.created", 40, #"{"id":"du_1"}"#).status == 200)
    }
  }

  @Test func aProviderNeedsItsSecrets() async throws {
    try await withKeyDirectory { directory in
      var settings = ServerSettings(models: "m", database: "d")
      let logger = Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
      func provider(_ environment: [String: String] = [:]) throws -> PaymentProvider? {
        try PaymentProvider(
          settings: settings, client: OutboundClient(), logger: logger, environment: environment)
      }
      let unset = try provider()
      settings.payment = "none"
      let none = try provider()
      #expect(unset == nil && none == nil)
      settings.payment = "stripe"
      #expect(throws: PlatformError.self) { try provider() }
      #expect(throws: PlatformError.self) { try provider(["YOLO_PAYMENT_KEY": "k"]) }
      let stripe = try provider(["YOLO_PAYMENT_KEY": "k", "YOLO_PAYMENT_SECRET": "s"])
      #expect(stripe != nil)
      settings.paymentKeyFile = directory.appending(path: "none").path
      #expect(throws: PlatformError.self) {
        try provider(["YOLO_PAYMENT_KEY": "k", "YOLO_PAYMENT_SECRET": "s"])
      }
    }
  }
}
#endif
