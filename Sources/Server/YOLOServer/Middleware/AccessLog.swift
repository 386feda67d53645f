#if Server
import YOLOSystem
import HTTPTypes
import Hummingbird
import Logging

/// Writes a line a request, and counts it.
struct AccessLog: RouterMiddleware {
  let metrics: ServerMetrics
  let routes: RouteTable

  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    let response = try await next(request, context)
    let duration = ContinuousClock.now - context.start
    let route = routes.route(ofPath: request.uri.path)
    metrics.recordRequest(
      route: route?.path ?? "other", method: request.method.rawValue, status: response.status.code,
      duration: duration)
    let level: Logger.Level = route?.isPolled == true ? .debug : .info
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
