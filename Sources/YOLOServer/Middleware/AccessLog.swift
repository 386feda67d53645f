#if Server
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
    let route = routes.template(ofPath: request.uri.path) ?? "other"
    metrics.recordRequest(
      route: route, method: request.method.rawValue, status: response.status.code,
      duration: duration)
    let level: Logger.Level = route.hasSuffix("z") || route == "/metrics" ? .debug : .info
    context.logger.log(
      level: level, "request",
      metadata: [
        "method": "\(request.method.rawValue)", "path": "\(Self.plain(request.uri.path))",
        "status": "\(response.status.code)",
        "ms": "\((duration.inSeconds * 1e6).rounded() / 1e3)",
        "client": "\(context.remoteAddress ?? "-")",
      ])
    return response
  }

  /// A path for the log: at most 200 characters, none of them a control character.
  private static func plain(_ path: String) -> String {
    String(
      String.UnicodeScalarView(
        path.unicodeScalars.prefix(200).map {
          $0.properties.generalCategory == .control ? "\u{FFFD}" : $0
        }))
  }
}
#endif
