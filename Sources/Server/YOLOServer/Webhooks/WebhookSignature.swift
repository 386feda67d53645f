#if Server
import Foundation
import YOLOCryptography
import YOLOOutbound
import YOLOSystem

/// The signature of what webhooks are sent, as Standard Webhooks has it.
///
/// The receiver has the secret, `whsec_` and 32 bytes in base64. What is signed is the identifier,
/// the time in seconds since 1970 and the body, with dots between them.
enum WebhookSignature {
  private static let prefix = "whsec_"

  /// Creates a secret.
  static func newSecret() -> String {
    prefix
      + Data((0..<MessageAuthentication.byteCount).map { _ in UInt8.random(in: 0 ... .max) })
      .base64EncodedString()
  }

  /// Returns the headers of a message.
  static func headers(
    id: String, body: String, secret: String, now: Int
  ) -> [OutboundRequest.Header] {
    let key = Data(base64Encoded: String(secret.dropFirst(prefix.count))) ?? Data()
    let code = MessageAuthentication.code(
      of: Array("\(id).\(now).\(body)".utf8).span.bytes, key: Array(key).span.bytes)
    return [
      OutboundRequest.Header("webhook-id", id),
      OutboundRequest.Header("webhook-timestamp", "\(now)"),
      OutboundRequest.Header("webhook-signature", "v1,\(Data(code).base64EncodedString())"),
    ]
  }
}
#endif
