#if Server
import HTTPTypes
import Hummingbird

/// Counts the calls of keys and accounts, refuses those beyond their limits, and tells every answer
/// how many are left.
struct RateLimit: RouterMiddleware {
  /// The keys; nil if the server was told that none are needed.
  let keys: KeyStore?
  /// The calls of an hour that each key may make of the HUB API; 0 for no limit.
  let hourlyLimit: Int
  /// What counts the calls of the platform; nil if the server has none.
  let counter: CallCounter?
  let metrics: ServerMetrics

  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    let now = SystemTime.now()
    let counted: (state: RateState, refusal: APIError)?
    do {
      counted = try await count(context, now: now)
    } catch PlatformError.database(.full) where request.method == .get || request.method == .head {
      // What is there can be read while the disk has no room to count it.
      counted = nil
    }
    guard let (state, refusal) = counted else {
      return try await next(request, context)
    }
    var response: Response
    if state.isAllowed {
      response = try await next(request, context)
    } else {
      metrics.recordRejection(.rateLimited)
      response = refusal.response(context.errorForm)
    }
    response.headers[.rateLimit] = "\(state.limit)"
    response.headers[.rateLimitRemaining] = "\(state.remaining)"
    response.headers[.rateLimitReset] = "\(state.reset)"
    return response
  }

  /// Counts the call; returns nil for one that is not counted, and what it is refused with
  /// otherwise.
  private func count(
    _ context: ServerContext, now: Int
  ) async throws -> (state: RateState, refusal: APIError)? {
    guard let key = context.key, let budget = context.endpoint?.budget else { return nil }
    switch budget {
    case .none: return nil
    case .hub:
      guard hourlyLimit > 0, let keys else { return nil }
      let state = try await keys.countCall(of: key.id, limit: hourlyLimit, now: now)
      return (
        state, .rateLimited(limit: state.limit, retryAfter: state.retryAfter(now: now))
      )
    case .plan:
      guard let counter, let account = key.account else { return nil }
      let (state, window) = try await counter.count(
        of: account.id, in: CallWindow.windows(of: account.limits), now: now)
      return (
        state,
        .rateLimited(
          "This account", limit: state.limit, window: window.kind,
          retryAfter: state.retryAfter(now: now))
      )
    case .events:
      guard let counter, let id = key.publicID else { return nil }
      let (state, _) = try await counter.count(of: id, in: [.events], now: now)
      return (
        state,
        .rateLimited(
          "This key", limit: state.limit, window: "minute", retryAfter: state.retryAfter(now: now))
      )
    }
  }
}
#endif
