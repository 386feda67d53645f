#if Server
import HTTPTypes
import JSONText

extension Endpoint {
  /// The HUB Inference API, and what every server has.
  static let hub: [Endpoint] = [
    Endpoint(
      method: .get, path: PathTemplate("/"), id: "page",
      summary: "A page to try models in a browser; the console of a server with a platform.",
      answer: Answer(
        description: "The page.", contentType: "text/html", schema: Schema.type("string"))
    ) { controllers, request, context in
      controllers.optionalPlatform?.console.open(request, context) ?? controllers.page.respond()
    },
    prediction("predict", at: "/") { _ in nil },
    prediction("predictAtPath", at: "/predict") { _ in nil },
    prediction(
      "predictWithModel", at: "/v1/predict/{model}",
      parameters: [
        Parameter(
          name: "model", location: .path,
          description:
            "The model as in the form's field, percent-encoded; the field must not name another.")
      ]
    ) { context in
      try context.match?.parameters["model"].map(ModelReference.init(percentEncoded:))
    },
    Endpoint(
      method: .get, path: PathTemplate("/v1/models"), id: "listModels",
      summary: "The models that are served.", access: .scopes([.predict, .read]),
      answer: .json("ModelList", "The models, by name."), failures: [401, 500, 503]
    ) { controllers, _, _ in controllers.models.respond() },
    Endpoint(
      method: .get, path: PathTemplate("/healthz"), id: "health",
      summary: "Whether the process lives.", isPolled: true, answer: .json("Health", "It does.")
    ) { controllers, _, _ in controllers.service.health() },
    Endpoint(
      method: .get, path: PathTemplate("/readyz"), id: "readiness",
      summary: "Whether models are loaded, so that requests may be sent.", isPolled: true,
      answer: .json("Readiness", "They are."), failures: [503]
    ) { controllers, _, _ in try controllers.service.readiness() },
    Endpoint(
      method: .get, path: PathTemplate("/metrics"), id: "metrics",
      summary: "Metrics in Prometheus' text format 0.0.4.", isPolled: true,
      answer: Answer(
        description: "The metrics.", contentType: "text/plain", schema: Schema.type("string"))
    ) { controllers, _, _ in await controllers.service.metrics() },
    Endpoint(
      method: .get, path: PathTemplate("/openapi.json"), id: "openAPI", summary: "This document.",
      answer: Answer(
        description: "The document.", contentType: "application/json",
        schema: Schema.type("object"))
    ) { controllers, _, _ in controllers.service.openAPI() },
  ]

  private static func prediction(
    _ id: String, at path: String, parameters: [Parameter] = [],
    model: @escaping @Sendable (ServerContext) throws -> ModelReference?
  ) -> Endpoint {
    Endpoint(
      method: .post, path: PathTemplate(path), id: id,
      summary: "Predicts an image, or the frames of a video.", access: .scopes([.predict]),
      budget: .hub,
      parameters: parameters, body: .form("PredictForm"),
      answer: .json("PredictResponse", "What was found."),
      // Why a form may be refused.
      failures: [401, 403, 404, 408, 413, 415, 429, 499, 500, 503]
    ) { controllers, request, context in
      try await controllers.predict.respond(
        to: request, context: context, pathModel: try model(context))
    }
  }
}
#endif
