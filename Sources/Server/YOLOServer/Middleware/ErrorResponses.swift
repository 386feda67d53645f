#if Server
import HTTPTypes
import Hummingbird
import Logging
import YOLOSystem

/// Turns every error into an answer; what is the server's own fault is logged, and not told.
struct ErrorResponses: RouterMiddleware {
  let metrics: ServerMetrics

  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch is CancellationError {
      // The server stops at once: hardly anybody reads this.
      return APIError.unavailable("The request was cancelled.").response(context.errorForm)
    } catch {
      guard let failure = APIError(error) else {
        context.logger.error("the request failed", metadata: ["error": "\(error)"])
        return APIError.fault.response(context.errorForm)
      }
      if let reason = failure.rejection { metrics.recordRejection(reason) }
      return failure.response(context.errorForm)
    }
  }
}

/// Lets requests pass for which there is an endpoint.
struct Routing: RouterMiddleware {
  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    guard let match = context.match else {
      throw APIError.notFound("There is nothing at this path.")
    }
    guard context.endpoint != nil else {
      let methods = match.route.allowedMethods
      var response = APIError.methodNotAllowed(
        "This path takes \(methods), not \(request.method.rawValue)."
      ).response(context.errorForm)
      response.headers[.allow] = methods
      return response
    }
    return try await next(request, context)
  }
}
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
