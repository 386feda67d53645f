#if Server
import Foundation
import JSONText
import YOLOCryptography
import YOLOSystem

/// An event that Stripe has sent.
struct ProviderEvent: Sendable {
  let id: String
  let type: String
  /// When it happened, in seconds since 1970.
  let created: Int
  private let object: JSONValue

  /// Reads an event.
  ///
  /// - Throws: `PlatformError.invalid` for JSON that is none.
  init(_ body: [UInt8]) throws(PlatformError) {
    guard let json = try? JSONParser.parse(String(decoding: body, as: UTF8.self)),
      let id = json["id"]?.string, (1...255).contains(id.utf8.count),
      let type = json["type"]?.string, (1...255).contains(type.utf8.count),
      let object = json["data"]?["object"], object.members != nil
    else { throw .invalid(argument: "body", given: "", expected: "an event") }
    self.id = id
    self.type = type
    self.object = object
    created = json["created"]?.int ?? 0
  }

  /// The account that was written into what the event is about.
  var account: String? {
    object["metadata"]?["account"]?.string
      ?? object["subscription_details"]?["metadata"]?["account"]?.string
      ?? object["parent"]?["subscription_details"]?["metadata"]?["account"]?.string
      ?? object["client_reference_id"]?.string
  }

  /// The customer, as the provider calls it.
  var customer: String? { object["customer"]?.string ?? object["customer"]?["id"]?.string }

  /// The state of a subscription.
  struct Subscription: Sendable, Hashable {
    let id: String
    let status: String
    let isActive: Bool
    let cycle: String?
    let endsWithPeriod: Bool
    let periodEnd: Int?
  }

  /// What is to be booked.
  enum Deed: Sendable, Hashable {
    /// Cash was paid in, in micro-USD.
    case deposit(session: String, amount: Int)
    /// A subscription was paid, in micro-USD.
    case invoice(id: String, amount: Int, receipt: String?)
    /// A subscription could not be paid.
    case failedInvoice
    /// A subscription has another state.
    case subscription(Subscription)
  }

  /// Returns what the event is to have booked; nil if it is nothing.
  ///
  /// - Throws: `PlatformError.invalid` for an amount or a currency that cannot be booked.
  func deed() throws(PlatformError) -> Deed? {
    guard let identifier = object["id"]?.string, !identifier.isEmpty else { return nil }
    switch type {
    case "checkout.session.completed", "checkout.session.async_payment_succeeded":
      switch object["mode"]?.string {
      case "payment":
        // The money of some methods comes later, with an event of its own.
        guard object["payment_status"]?.string == "paid" else { return nil }
        return .deposit(session: identifier, amount: try amount("amount_total"))
      case "subscription":
        guard let subscription = object["subscription"]?.string else { return nil }
        return .subscription(
          Subscription(
            id: subscription, status: "active", isActive: true, cycle: nil, endsWithPeriod: false,
            periodEnd: nil))
      default: return nil
      }
    case "invoice.paid":
      return .invoice(
        id: identifier, amount: try amount("amount_paid"),
        receipt: object["hosted_invoice_url"]?.string)
    case "invoice.payment_failed": return .failedInvoice
    case "customer.subscription.created", "customer.subscription.updated",
      "customer.subscription.deleted":
      return .subscription(subscription(identifier))
    default: return nil
    }
  }

  private func subscription(_ identifier: String) -> Subscription {
    let status = object["status"]?.string ?? "canceled"
    let item = object["items"]?["data"]?.elements?.first
    let interval = item?["price"]?["recurring"]?["interval"]?.string
    let isActive =
      type != "customer.subscription.deleted"
      && ["active", "trialing", "past_due"].contains(status)
    return Subscription(
      id: identifier, status: isActive ? status : "canceled", isActive: isActive,
      cycle: interval == "year" ? "yearly" : interval == "month" ? "monthly" : nil,
      endsWithPeriod: object["cancel_at_period_end"] == .bool(true),
      periodEnd: object["current_period_end"]?.int ?? item?["current_period_end"]?.int)
  }

  private func amount(_ member: String) throws(PlatformError) -> Int {
    let currency = object["currency"]?.string?.lowercased() ?? ""
    guard currency == "usd" else {
      throw .invalid(argument: "currency", given: currency.excerpt(), expected: "usd")
    }
    guard let cents = object[member]?.int, (0...Ledger.maximum / 10_000).contains(cents) else {
      throw .invalid(argument: member, given: "", expected: "cents")
    }
    return cents * 10_000
  }
}

/// Checks that an event is one of Stripe's: by the header `Stripe-Signature`.
package enum ProviderSignature {
  /// How far the time of the signature may be from now, in seconds.
  package static let tolerance = 300

  /// Whether one of the signatures of the header is right, and of now.
  package static func isValid(_ header: String, of body: [UInt8], secret: String, now: Int) -> Bool
  {
    let parts = header.split(separator: ",").prefix(20).map { part in
      part.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
    }.filter { $0.count == 2 }
    guard let time = parts.first(where: { $0[0] == "t" })?[1], let seconds = Int(time),
      "\(seconds)" == time, seconds > now - tolerance - 1, seconds < now + tolerance + 1
    else { return false }
    let message = Array("\(time).".utf8) + body
    return parts.contains { part in
      guard part[0] == "v1", let code = [UInt8](hexadecimal: part[1]) else { return false }
      return MessageAuthentication.isValid(
        code.span.bytes, of: message.span.bytes, key: Array(secret.utf8).span.bytes)
    }
  }
}
#endif
