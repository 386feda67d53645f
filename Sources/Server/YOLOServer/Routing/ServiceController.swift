#if Server
import HTTPTypes
import Hummingbird

/// Answers what is asked about the server itself: whether it lives, its metrics, its interface.
struct ServiceController: Sendable {
  let models: ModelStore
  let registry: PrometheusRegistry
  /// What the metrics tell of the platform; nil if there is none.
  let gauges: PlatformGauges?
  /// The OpenAPI document.
  let document: ByteBuffer

  /// Answers that the process lives.
  func health() -> Response { .json(ByteBuffer(string: #"{"status":"ok"}"#)) }

  /// Answers whether models are loaded.
  ///
  /// - Throws: `APIError` of status 503 until they are.
  func readiness() throws(APIError) -> Response {
    guard models.isReady else { throw .unavailable("The models are being loaded.") }
    return .json(ByteBuffer(string: #"{"status":"ready"}"#))
  }

  /// Answers with the metrics in Prometheus' text format.
  func metrics() async -> Response {
    await gauges?.refresh()
    return Response(
      status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: registry.render())))
  }

  /// Answers with the description of the interface.
  func openAPI() -> Response { .json(document) }
}

extension Response {
  /// An answer of JSON.
  static func json(_ body: ByteBuffer, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: body))
  }
}
#endif
