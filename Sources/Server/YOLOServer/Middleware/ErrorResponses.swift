#if Server
import HTTPTypes
import Hummingbird
import Logging

/// Turns every error into an answer; what is the server's own fault is logged, and not told.
struct ErrorResponses: RouterMiddleware {
  /// The methods of every path, for telling a wrong method from a wrong path.
  let routes: RouteTable
  let metrics: ServerMetrics

  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch is CancellationError {
      // The server stops at once: hardly anybody reads this.
      return APIError.unavailable("The request was cancelled.").response()
    } catch {
      guard let failure = APIError(error) else {
        context.logger.error("the request failed", metadata: ["error": "\(error)"])
        return APIError.fault.response()
      }
      if failure.status == .notFound,
        let methods = routes.methods(ofPath: request.uri.path, otherThan: request.method)
      {
        var response = APIError.methodNotAllowed(
          "This path takes \(methods), not \(request.method.rawValue)."
        ).response()
        response.headers[.allow] = methods
        return response
      }
      if let reason = failure.rejection { metrics.recordRejection(reason) }
      return failure.response()
    }
  }
}
#endif
