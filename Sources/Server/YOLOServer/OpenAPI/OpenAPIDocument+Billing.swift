#if Server
import JSONText

/// The schemas of payments.
extension OpenAPIDocument {
  private static var kinds: [String] {
    [
      "signup", "purchase", "subscription", "monthly_grant", "training", "refund", "adjustment",
      "promo", "auto_topup", "auto_topup_failed", "pro_credit_expiry",
    ]
  }

  private static var cents: JSONValue { Schema.type("number", "Cents.") }

  static var billingSchemas: [JSONMember] {
    [
      JSONMember(
        "Payment",
        Schema.record([
          Schema.Field("id", text()), Schema.Field("amount", count("Micro-USD.")),
          Schema.Field("currency", text()), Schema.Field("status", text()),
          Schema.Field("createdAt", time), optional("receiptUrl", text()),
          Schema.Field("description", text()),
        ])),
      JSONMember("PaymentPage", page(of: Schema.reference("Payment"))),
      JSONMember(
        "TransactionList",
        Schema.record([
          Schema.Field(
            "transactions",
            Schema.list(
              of: Schema.record([
                Schema.Field("id", text()), Schema.Field("type", Schema.choice(kinds)),
                Schema.Field("amountCents", cents), Schema.Field("balanceAfter", cents),
                Schema.Field("createdAt", time), optional("receiptUrl", text()),
              ])))
        ])),
      JSONMember(
        "CheckoutCreation",
        Schema.open([
          Schema.Field(
            "amount",
            Schema.adding(
              ["minimum": .int(5), "maximum": .int(1000)], to: Schema.type("number", "Dollars.")))
        ])),
      JSONMember(
        "SubscriptionCreation",
        Schema.open([
          Schema.Field("planId", Schema.choice(["pro"])),
          optional("billingCycle", Schema.choice(["monthly", "yearly"])),
        ])),
      JSONMember(
        "CheckoutResponse",
        envelope(Schema.record([Schema.Field("sessionId", text()), Schema.Field("url", text())]))),
      JSONMember("PortalCreation", Schema.open([optional("returnUrl", text())])),
      JSONMember("PortalResponse", envelope(Schema.record([Schema.Field("url", text())]))),
      JSONMember("ProviderEvent", Schema.object(["type": .string("object")])),
      JSONMember(
        "ProviderEventReceipt",
        Schema.record([Schema.Field("received", flag), Schema.Field("booked", flag)])),
    ]
  }
}
#endif
