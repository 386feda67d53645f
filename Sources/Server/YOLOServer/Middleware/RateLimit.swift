#if Server
import HTTPTypes
import Hummingbird

/// Counts the calls of each key, refuses those beyond its limit, and tells every answer how many are
/// left.
struct RateLimit: RouterMiddleware {
  /// The keys; nil if the server was told that none are needed.
  let keys: KeyStore?
  /// The calls of an hour that each key may make of the HUB API; 0 for no limit.
  let hourlyLimit: Int
  let metrics: ServerMetrics

  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    guard context.endpoint?.budget == .hub, hourlyLimit > 0, let keys, let key = context.key else {
      return try await next(request, context)
    }
    let now = SystemTime.now()
    let state = try await keys.countCall(of: key.id, limit: hourlyLimit, now: now)
    var response: Response
    if state.isAllowed {
      response = try await next(request, context)
    } else {
      metrics.recordRejection(.rateLimited)
      let wait = state.retryAfter(now: now)
      response = APIError.rateLimited(limit: state.limit, retryAfter: wait)
        .response(context.errorForm)
    }
    response.headers[.rateLimit] = "\(state.limit)"
    response.headers[.rateLimitRemaining] = "\(state.remaining)"
    response.headers[.rateLimitReset] = "\(state.reset)"
    return response
  }
}
#endif
