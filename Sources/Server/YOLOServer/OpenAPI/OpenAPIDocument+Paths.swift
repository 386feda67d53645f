#if Server
import YOLOServerOptions
import JSONText

extension OpenAPIDocument {
  /// Why any request may be refused: its head is malformed, or it has another method.
  private static let anyFailures = [400, 405, 431, 501]

  /// Why a form may be refused.
  private static let formFailures = [401, 403, 404, 408, 413, 415, 429, 499, 500, 503]

  static func paths(_ settings: ServerSettings) -> JSONValue {
    Schema.object([
      "/": Schema.object([
        "get": page, "post": predict(settings, "predict"),
      ]),
      "/predict": Schema.object(["post": predict(settings, "predictAtPath")]),
      "/v1/predict/{model}": Schema.object([
        "parameters": .array([
          Schema.object([
            "name": .string("model"), "in": .string("path"), "required": .bool(true),
            "description": .string(
              "The model as in the form's field, percent-encoded; the field must not name another."),
            "schema": Schema.type("string"),
          ])
        ]),
        "post": predict(settings, "predictWithModel"),
      ]),
      "/v1/models": Schema.object([
        "get": operation(
          "listModels", "The models that are served.", answer: "The models, by name.",
          json("ModelList"), failures: [401, 500, 503], isOpen: settings.isOpen)
      ]),
      "/healthz": Schema.object([
        "get": operation(
          "health", "Whether the process lives.", answer: "It does.", json("Health"), failures: [])
      ]),
      "/readyz": Schema.object([
        "get": operation(
          "readiness", "Whether models are loaded, so that requests may be sent.",
          answer: "They are.", json("Readiness"), failures: [503])
      ]),
      "/metrics": Schema.object([
        "get": operation(
          "metrics", "Metrics in Prometheus' text format 0.0.4.", answer: "The metrics.",
          content("text/plain", Schema.type("string")), failures: [])
      ]),
      "/openapi.json": Schema.object([
        "get": operation(
          "openAPI", "This document.", answer: "The document.",
          content("application/json", Schema.type("object")), failures: [])
      ]),
    ])
  }

  private static var page: JSONValue {
    operation(
      "page", "A page to try models in a browser.", answer: "The page.",
      content("text/html", Schema.type("string")), failures: [])
  }

  private static func predict(_ settings: ServerSettings, _ id: String) -> JSONValue {
    let operation = operation(
      id, "Predicts an image, or the frames of a video.", answer: "What was found.",
      json("PredictResponse"), failures: formFailures, isOpen: settings.isOpen,
      headers: isLimited(settings) ? rateLimitHeaders : [])
    return Schema.adding(
      [
        "requestBody": Schema.object([
          "required": .bool(true),
          "content": content("multipart/form-data", Schema.reference("PredictForm")),
        ])
      ], to: operation)
  }

  /// Whether keys have a limit of calls.
  static func isLimited(_ settings: ServerSettings) -> Bool {
    !settings.isOpen && settings.rateLimit > 0
  }

  private static func operation(
    _ id: String, _ summary: String, answer: String, _ content: JSONValue, failures: [Int],
    isOpen: Bool = true, headers: [String] = []
  ) -> JSONValue {
    let success = Schema.object([
      "description": .string(answer), "headers": headerReferences(["X-Request-Id"] + headers),
      "content": content,
    ])
    let failures = failures + anyFailures
    let responses =
      [JSONMember("200", success)]
      + failures.sorted().map { JSONMember("\($0)", responseReference($0)) }
    let security: [JSONValue] =
      isOpen
      ? [] : [Schema.object(["apiKey": .array([])]), Schema.object(["bearer": .array([])])]
    return Schema.object([
      "operationId": .string(id), "summary": .string(summary), "security": .array(security),
      "responses": .object(responses),
    ])
  }

  private static func json(_ schema: String) -> JSONValue {
    content("application/json", Schema.reference(schema))
  }

  static func content(_ type: String, _ schema: JSONValue) -> JSONValue {
    .object([JSONMember(type, Schema.object(["schema": schema]))])
  }
}
#endif
