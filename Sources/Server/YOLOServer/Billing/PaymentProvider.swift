#if Server
import Foundation
import JSONText
package import Logging
import YOLOCryptography
package import YOLOOutbound
package import YOLOServerOptions
import YOLOSystem

/// Why Stripe does not do what it was asked for.
enum ProviderError: Error, Sendable, Hashable {
  /// There was no answer.
  case unreachable(OutboundError)
  /// It answered with an error.
  case refused(status: Int, code: String)
  /// Its answer is not what it should be.
  case malformed

  /// Whether the same request may succeed later.
  var isPassing: Bool {
    switch self {
    case .unreachable(let error): error != .cancelled
    case .refused(let status, _): status >= 500 || status == 409
    case .malformed: false
    }
  }
}

/// Stripe, or what answers like it: where money is paid.
package struct PaymentProvider: Sendable {
  /// The version of the interface that requests are written for.
  private static let version = "2024-06-20"
  /// How often a request is sent that is not answered.
  private static let maximumTries = 3

  private let base: String
  private static let keyVariable = "YOLO_PAYMENT_KEY"
  private static let secretVariable = "YOLO_PAYMENT_SECRET"
  /// The variables that have secrets, which no other program may see.
  static let secretVariables = [keyVariable, secretVariable]

  private let key: String
  /// What its events are signed with.
  let signingSecret: String
  /// The prices of the subscription, by billing cycle.
  let prices: [String: String]
  private let client: OutboundClient
  private let logger: Logger

  /// Reads what the settings say of the provider; nil if there is none.
  ///
  /// - Throws: `PlatformError.invalid` if its key or its secret is not there.
  package init?(
    settings: ServerSettings, client: OutboundClient, logger: Logger,
    environment: [String: String]? = nil
  ) throws(PlatformError) {
    guard settings.payment == "stripe" else { return nil }
    let environment = environment ?? ProcessInfo.processInfo.environment
    key = try Self.secret(
      "payment-key-file", settings.paymentKeyFile, variable: Self.keyVariable, environment)
    signingSecret = try Self.secret(
      "payment-secret-file", settings.paymentSecretFile, variable: Self.secretVariable, environment)
    base = settings.paymentURL ?? "https://api.stripe.com"
    prices = ["monthly": settings.paymentPrice, "yearly": settings.paymentYearlyPrice]
      .compactMapValues(\.self)
    self.client = client
    self.logger = logger
  }

  private static func secret(
    _ option: String, _ path: String?, variable: String, _ environment: [String: String]
  ) throws(PlatformError) -> String {
    var text = environment[variable] ?? ""
    if let path {
      do throws(FileError) {
        text = String(decoding: try FileSystem.read(path, maximumBytes: 4096), as: UTF8.self)
      } catch {
        throw .invalid(argument: option, given: path, expected: "a file that can be read: \(error)")
      }
    }
    text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .invalid(
        argument: option, given: path ?? "",
        expected: "a file with the secret, or the variable \(variable) must have it")
    }
    return text
  }

  /// A page where somebody pays.
  struct Session: Sendable {
    let id: String
    let url: String
  }

  /// Begins a payment.
  ///
  /// - Parameters:
  ///   - cents: The amount.
  ///   - account: Who pays.
  ///   - customer: Whom the provider knows the account as.
  ///   - origin: Where the pages are that the provider leads back to.
  /// - Returns: The page.
  /// - Throws: ``ProviderError``.
  func checkout(
    cents: Int, of account: Account, customer: CustomerRow?, origin: String
  ) async throws(ProviderError) -> Session {
    try await session(
      [
        ("mode", "payment"), ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][unit_amount]", "\(cents)"),
        ("line_items[0][price_data][product_data][name]", "Credits"),
        ("payment_intent_data[metadata][account]", account.id),
      ] + (customer == nil ? [("customer_creation", "always")] : []),
      of: account, customer: customer, origin: origin)
  }

  /// Begins a subscription at a price.
  func subscribe(
    price: String, of account: Account, customer: CustomerRow?, origin: String
  ) async throws(ProviderError) -> Session {
    try await session(
      [
        ("mode", "subscription"), ("line_items[0][quantity]", "1"),
        ("line_items[0][price]", price), ("subscription_data[metadata][account]", account.id),
      ], of: account, customer: customer, origin: origin)
  }

  private func session(
    _ form: [(String, String)], of account: Account, customer: CustomerRow?, origin: String
  ) async throws(ProviderError) -> Session {
    let common = [
      ("client_reference_id", account.id), ("metadata[account]", account.id),
      ("success_url", "\(origin)/?checkout=success"),
      ("cancel_url", "\(origin)/?checkout=cancelled"),
    ]
    let answer = try await post(
      "/v1/checkout/sessions",
      form + common + (customer.map { [("customer", $0.externalID)] } ?? []))
    guard let id = answer["id"]?.string, let url = answer["url"]?.string else { throw .malformed }
    return Session(id: id, url: url)
  }

  /// Returns the page where a customer manages a subscription.
  func portal(
    of customer: CustomerRow, returnURL: String
  ) async throws(ProviderError) -> String {
    let answer = try await post(
      "/v1/billing_portal/sessions",
      [("customer", customer.externalID), ("return_url", returnURL)])
    guard let url = answer["url"]?.string else { throw .malformed }
    return url
  }

  /// Sends a form; a request that is not answered is sent again under the same key, so that it is
  /// done once.
  private func post(
    _ path: String, _ form: [(String, String)]
  ) async throws(ProviderError) -> JSONValue {
    // The operator has named the address.
    var request = OutboundRequest(.post, base + path, policy: .any)
    request.allowsPlainHTTP = base.hasPrefix("http://")
    request.timeout = .seconds(20)
    request.headers = [
      .init("Authorization", "Bearer \(key)"), .init("Stripe-Version", Self.version),
      .init("Idempotency-Key", UUID().uuidString),
      .init("Content-Type", "application/x-www-form-urlencoded"),
    ]
    request.body = Array(
      form.map { "\(Self.encoded($0))=\(Self.encoded($1))" }.joined(separator: "&").utf8)
    var tries = 0
    while true {
      tries += 1
      let failure: ProviderError
      do throws(OutboundError) {
        let response = try await client.send(request)
        let json = try? JSONParser.parse(String(decoding: response.body, as: UTF8.self))
        if response.isSuccess, let json { return json }
        let code = json?["error"]?["code"]?.string ?? json?["error"]?["type"]?.string ?? "-"
        failure =
          response.isSuccess
          ? .malformed : .refused(status: response.status, code: code.excerpt())
      } catch {
        failure = .unreachable(error)
      }
      guard tries < Self.maximumTries, failure.isPassing, !Task.isCancelled else {
        log(failure)
        throw failure
      }
    }
  }

  private func log(_ error: ProviderError) {
    logger.error("the provider of payments failed", metadata: ["error": "\(error)"])
  }

  private static func encoded(_ text: String) -> String {
    text.utf8.map { byte -> String in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."):
        String(UnicodeScalar(byte))
      default: "%" + [byte].hexadecimal.uppercased()
      }
    }.joined()
  }
}
#endif
