#if Server
import YOLOServerOptions
import HTTPTypes
import Hummingbird
import JSONText
import YOLO

extension Server {
  /// Describes which path is answered by what, see ``RouteTable/standard``.
  func router() -> Router<ServerContext> {
    let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestIdentity())
    router.add(middleware: AccessLog(metrics: metrics, routes: .standard))
    if let origin = settings.corsOrigin { router.add(middleware: Self.cors(origin)) }
    router.add(middleware: ErrorResponses(routes: .standard, metrics: metrics))
    router.add(middleware: MessageCheck())

    let page = PageHandler()
    router.get("/") { _, _ in page.respond() }
    let document = ByteBuffer(
      bytes: OpenAPIDocument.bytes(
        settings: settings, version: Version.current))
    router.get("/openapi.json") { _, _ in Self.json(document) }
    router.get("/healthz") { _, _ in Self.json(ByteBuffer(string: #"{"status":"ok"}"#)) }
    router.get("/readyz") { [models] _, _ in
      guard models.isReady else {
        throw APIError.unavailable("The models are being loaded.")
      }
      return Self.json(ByteBuffer(string: #"{"status":"ready"}"#))
    }
    router.get("/metrics") { [registry] _, _ in
      Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: registry.render())))
    }

    let authenticated = router.group().add(middleware: Authentication(policy: keyPolicy))
    let listing = ModelsHandler(models: models)
    authenticated.get("/v1/models") { _, _ in listing.respond() }

    let limited = authenticated.group()
    if let keys = keyPolicy.keys, settings.rateLimit > 0 {
      limited.add(middleware: RateLimit(keys: keys, limit: settings.rateLimit, metrics: metrics))
    }
    // Failures become answers here, so that those of the limited have its headers, too.
    limited.add(middleware: ErrorResponses(routes: .standard, metrics: metrics))
    let handler = predictHandler
    limited.post("/") { request, context in
      try await handler.respond(to: request, context: context)
    }
    limited.post("/predict") { request, context in
      try await handler.respond(to: request, context: context)
    }
    limited.post("/v1/predict/{model}") { request, context in
      try await handler.respond(
        to: request, context: context,
        pathModel: try context.parameters.get("model").map(ModelReference.init(percentEncoded:)))
    }
    return router
  }

  private static func json(_ body: ByteBuffer) -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: body))
  }

  private static func cors(_ origin: String) -> CORSMiddleware<ServerContext> {
    CORSMiddleware(
      allowOrigin: origin == "*" ? .all : .custom(origin),
      allowHeaders: [.accept, .authorization, .contentType, .xAPIKey, .xRequestID],
      allowMethods: [.get, .post, .options],
      exposedHeaders: [
        HTTPField.Name.xRequestID, .rateLimit, .rateLimitRemaining, .rateLimitReset, .retryAfter,
      ].map(\.rawName),
      maxAge: .hours(1))
  }
}
#endif
