#if Server
import HTTPTypes
import Hummingbird
import YOLOSystem

/// Refuses requests whose head leaves open who is meant, or how long the body is (RFC 9112).
///
/// A request of HTTP/1.0 without the header `Host` was given one by ``ConnectionWatch``.
struct MessageCheck: RouterMiddleware {
  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    // The first is known as the authority.
    let others = request.headers[values: .hostField]
    guard request.head.authority != nil, others.isEmpty else {
      throw APIError.invalidField(
        "Host", expected: "one header Host",
        others.isEmpty
          ? "The request has no header Host." : "The request has more than one header Host.")
    }
    let codings = request.headers[values: .transferEncoding].flatMap { $0.split(separator: ",") }
      .map { $0.filter { !$0.isWhitespace }.lowercased() }.filter { !$0.isEmpty }
    guard codings.allSatisfy({ $0 == "chunked" }) else {
      throw APIError.notImplemented(
        "The transfer coding of this body is \(codings.joined(separator: ", ").excerpt()); this "
          + "server has chunked only.")
    }
    return try await next(request, context)
  }
}
#endif
