#if Server
import HTTPTypes
import Hummingbird
import YOLOServerOptions

/// Answers requests: finds the endpoint in the table, and sends the request through the middleware
/// to its handler.
struct EndpointResponder: HTTPResponder {
  typealias Context = ServerContext

  let table: EndpointTable
  let middleware: [any MiddlewareProtocol<Request, Response, ServerContext>]
  let controllers: Controllers

  func respond(to request: Request, context: ServerContext) async throws -> Response {
    var context = context
    context.match = table.match(request.uri.path)
    context.endpoint = context.match?.route.endpoint(for: request.method)
    context.errorForm =
      context.endpoint?.form ?? context.match?.route.endpoints.first?.form
      ?? table.form(ofUnknownPath: request.uri.path)
    let response = try await pass(request, context, from: 0)
    guard request.method == .head, context.endpoint != nil else { return response }
    return response.createHeadResponse()
  }

  /// Sends a request through the middleware from `index` on.
  private func pass(
    _ request: Request, _ context: ServerContext, from index: Int
  ) async throws -> Response {
    guard index < middleware.count else {
      // Routing lets nothing pass that has no endpoint.
      guard let endpoint = context.endpoint else { throw APIError.fault }
      return try await endpoint.handler(controllers, request, context)
    }
    return try await middleware[index].handle(request, context: context) { request, context in
      try await pass(request, context, from: index + 1)
    }
  }
}

/// What endpoints are answered by.
struct Controllers: Sendable {
  let page: PageController
  let predict: PredictController
  let models: ModelsController
  let service: ServiceController
  /// What answers for the platform; nil if the server has none.
  let optionalPlatform: PlatformControllers?

  /// Returns what answers for the platform.
  ///
  /// - Throws: `APIError` of status 404 if the server has none.
  func platform() throws(APIError) -> PlatformControllers {
    guard let optionalPlatform else { throw .notFound("There is nothing at this path.") }
    return optionalPlatform
  }
}

extension Server {
  /// What answers requests: the middleware in its order, then the endpoint's handler.
  var responder: EndpointResponder {
    var middleware: [any MiddlewareProtocol<Request, Response, ServerContext>] = [
      RequestIdentity(), AccessLog(metrics: metrics),
    ]
    if let origin = settings.corsOrigin {
      middleware.append(Self.cors(origin, hasPlatform: settings.data != nil))
    }
    middleware += [
      ErrorResponses(metrics: metrics), MessageCheck(), Routing(),
    ]
    if let token = settings.instanceToken { middleware.append(InstanceAccess(token: token)) }
    middleware += [
      Authentication(policy: keyPolicy),
      RateLimit(
        keys: keyPolicy.keys, hourlyLimit: settings.rateLimit, counter: counter, metrics: metrics),
      // Errors become answers here, so that those of limited endpoints have its headers, too.
      ErrorResponses(metrics: metrics), Authorization(), EndpointSelection(),
      // Those of an endpoint that was selected have its form.
      ErrorResponses(metrics: metrics),
    ]
    return EndpointResponder(table: endpoints, middleware: middleware, controllers: controllers)
  }

  private static func cors(_ origin: String, hasPlatform: Bool) -> CORSMiddleware<ServerContext> {
    CORSMiddleware(
      allowOrigin: origin == "*" ? .all : .custom(origin),
      allowHeaders: [.accept, .authorization, .contentType, .xAPIKey, .xRequestID],
      allowMethods: hasPlatform
        ? [.get, .post, .put, .patch, .delete, .options] : [.get, .post, .options],
      exposedHeaders: [
        HTTPField.Name.xRequestID, .rateLimit, .rateLimitRemaining, .rateLimitReset, .retryAfter,
      ].map(\.rawName),
      maxAge: .hours(1))
  }
}
#endif
