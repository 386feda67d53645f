#if Server
import HTTPTypes
import Hummingbird
import Logging

/// Returns each request a name, which its answer and all of its log lines carry.
///
/// A name that the client or a proxy sent is kept if it is of 1 to 64 letters, digits, `-`, `_`, `.`.
struct RequestIdentity: RouterMiddleware {
  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    context.requestID = Self.identity(request.headers[.xRequestID])
    context.logger[metadataKey: "hb.request.id"] = nil
    context.logger[metadataKey: "request"] = "\(context.requestID)"
    var response = try await next(request, context)
    response.headers[.xRequestID] = context.requestID
    return response
  }

  private static func identity(_ given: String?) -> String {
    if let given, (1...64).contains(given.utf8.count), given.utf8.allSatisfy(isPlain) {
      return given
    }
    return random()
  }

  /// Returns a new name.
  static func random() -> String {
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }
}
#endif
