#if Server
import HTTPTypes

extension HTTPField.Name {
  /// Creates a name that is known to be one.
  private static func known(_ name: String) -> HTTPField.Name {
    guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
    return field
  }

  /// Whom a request is for; the first of them is `HTTPRequest.authority`.
  static let hostField = known("Host")
  /// The name of a request.
  static let xRequestID = known("X-Request-Id")
  /// The key of the HUB API.
  static let xAPIKey = known("x-api-key")
  /// The calls of an hour.
  static let rateLimit = known("X-RateLimit-Limit")
  /// The calls that are left of them.
  static let rateLimitRemaining = known("X-RateLimit-Remaining")
  /// What of its address a page tells others.
  static let referrerPolicy = known("Referrer-Policy")
  /// The scheme that the client of a proxy used.
  static let forwardedProto = known("X-Forwarded-Proto")
  /// The host that the client of a proxy used.
  static let forwardedHost = known("X-Forwarded-Host")
  /// The signature of an event of the provider of payments.
  static let stripeSignature = known("Stripe-Signature")
  /// When there are new ones, in seconds since 1970.
  static let rateLimitReset = known("X-RateLimit-Reset")
}
#endif
