#if Server
import HTTPTypes
import Hummingbird
import Logging
import YOLOSystem

/// Returns each request a name, which its answer and all of its log lines carry.
///
/// A name that the client or a proxy sent is kept if it is of 1 to 64 letters, digits, `-`, `_`,
/// `.`.
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

/// Writes a line a request, and counts it.
struct AccessLog: RouterMiddleware {
  let metrics: ServerMetrics

  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    let response = try await next(request, context)
    let duration = ContinuousClock.now - context.start
    metrics.recordRequest(
      route: context.match?.route.path.text ?? "other", method: request.method.rawValue,
      status: response.status.code,
      duration: duration)
    let isPolled = context.match?.route.endpoints.contains(where: \.isPolled) == true
    let level: Logger.Level = isPolled ? .debug : .info
    context.logger.log(
      level: level, "request",
      metadata: [
        "method": "\(request.method.rawValue)",
        "path": "\(request.uri.path.excerpt(limit: 200))",
        "status": "\(response.status.code)",
        "ms": "\((duration.inSeconds * 1e6).rounded() / 1e3)",
        "client": "\(context.remoteAddress ?? "-")",
      ])
    return response
  }
}
#endif
