#if Server
import HTTPTypes

extension Endpoint {
  /// Payments and subscriptions.
  static let billing: [Endpoint] = [
    operation(
      .get, "/api/billing/payments", "listPayments", "What the account has paid, newest first.",
      .scopes([.read]), parameters: [.page, .limit(20, maximum: 100)],
      answer: .json("PaymentPage", "A part of the payments."), failures: [400]
    ) { try await $0.billing.payments($1, $2) },
    operation(
      .get, "/api/billing/transactions", "listTransactions",
      "The entries of the ledger of the account, newest first.", .scopes([.read]), form: .flat,
      parameters: [
        .query("from", "The first day or time."), .query("to", "The last day or time."),
      ], answer: .json("TransactionList", "The entries, at most 1,000."), failures: [400]
    ) { try await $0.billing.transactions($1, $2) },
    operation(
      .post, "/api/billing/checkout-session", "createCheckout",
      "Begins a payment of 5 to 1,000 dollars; it is booked when the provider tells of it.",
      .scopes([.admin]), body: .json("CheckoutCreation"),
      answer: .json("CheckoutResponse", "The page to pay at."), failures: [400, 501]
    ) { try await $0.billing.checkout($1, $2) },
    operation(
      .post, "/api/billing/subscription-checkout", "createSubscription",
      "Begins a subscription to the plan pro.", .scopes([.admin]),
      body: .json("SubscriptionCreation"),
      answer: .json("CheckoutResponse", "The page to pay at."), failures: [400, 409, 501]
    ) { try await $0.billing.subscribe($1, $2) },
    operation(
      .post, "/api/billing/portal-session", "createPortal",
      "Opens the page where a subscription is managed.", .scopes([.admin]),
      body: .json("PortalCreation", isRequired: false),
      answer: .json("PortalResponse", "The page."), failures: [400, 404, 501]
    ) { try await $0.billing.portal($1, $2) },
    Endpoint(
      method: .post, path: PathTemplate("/api/billing/provider-events"), id: "receiveProviderEvent",
      summary: "Takes the signed events of the provider of payments, and books each once.",
      access: .visitors([.admin]), form: .flat, body: .json("ProviderEvent"),
      answer: .json("ProviderEventReceipt", "It was taken."),
      failures: platformFailures + bodyFailures + [400, 501]
    ) { try await $0.platform().billing.events($1, $2) },
  ]
}
#endif
