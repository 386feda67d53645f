#if Server
import HTTPTypes
import Hummingbird
import JSONText

extension Endpoint {
  /// The console, at the addresses of what it shows, and the page to try models.
  static let console: [Endpoint] = [
    page("/predict", "tryPage", "A page to try models in a browser.") { controllers, _, _ in
      controllers.page.respond()
    },
    Endpoint(
      method: .get, path: PathTemplate("/ui/{file}"), id: "consoleFile",
      summary: "A file of the console.", form: .flat,
      parameters: [Parameter(name: "file", location: .path, description: "Its name.")],
      answer: .binary(.ok, "The file."), alternatives: [cached], failures: [404]
    ) { try $0.platform().console.file($1, $2) },
    view("/datasets", "datasetsPage", "datasets"), view("/projects", "projectsPage", "projects"),
    view("/models", "modelsPage", "models"), view("/explore", "explorePage", "what is public"),
    page(
      "/models/{view}", "modelsView", "The console: trainings, exports or deployments.",
      missing: "There is no such view."
    ) { try $0.platform().console.view(of: ConsoleController.modelViews, $1, $2) },
    view("/models/deployments/{deployment}", "deploymentPage", "a deployment"),
    page(
      "/settings/{view}", "settingsView", "The console: what belongs to the account.",
      missing: "There is no such view."
    ) { try $0.platform().console.view(of: ConsoleController.settingsViews, $1, $2) },
    resource("/{owner:@}", "ownerPage", "what an account has") {
      try await $0.owner($1, $2)
    },
    resource("/{owner:@}/datasets/{dataset}", "datasetPage", "a dataset") {
      try await $0.dataset($1, $2)
    },
    resource("/{owner:@}/{project}", "projectPage", "a project") {
      try await $0.project($1, $2)
    },
    resource("/{owner:@}/{project}/{model}", "modelPage", "a model") {
      try await $0.model($1, $2)
    },
  ]

  private static let cached = Answer.empty(
    .notModified, "The client has it already, by its If-None-Match.")

  private static func html(_ description: String, status: HTTPResponse.Status = .ok) -> Answer {
    Answer(
      status: status, description: description, contentType: "text/html",
      schema: Schema.type("string"))
  }

  /// What a path of the same shape is answered with that begins with no name of an owner.
  private static let otherPath = Answer(
    status: .notFound, description: "There is nothing at this path.",
    contentType: "application/json",
    schema: Schema.any([Schema.reference("Failure"), Schema.reference("FlatFailure")]))

  /// A page; `missing` is why it may have the status 404.
  private static func page(
    _ path: String, _ id: String, _ summary: String, access: Access = .open,
    missing: String? = nil, others: [Answer] = [], failures: [Int] = [],
    _ handler: @escaping Handler
  ) -> Endpoint {
    let template = PathTemplate(path)
    return Endpoint(
      method: .get, path: template, id: id, summary: summary, access: access, form: .flat,
      parameters: template.segments.compactMap(\.parameterName).map(Parameter.inPath),
      answer: html("The page."),
      alternatives: [cached] + (missing.map { [html($0, status: .notFound)] } ?? []) + others,
      failures: failures, handler: handler)
  }

  /// A page of the console that is there for everybody; what it shows needs a key.
  private static func view(_ path: String, _ id: String, _ what: String) -> Endpoint {
    page(path, id, "The console: \(what).") { try $0.platform().console.open($1, $2) }
  }

  /// A page of the console at the address of something that is not everybody's to see.
  private static func resource(
    _ path: String, _ id: String, _ what: String,
    _ handler:
      @escaping @Sendable (ConsoleController, Request, ServerContext) async throws -> Response
  ) -> Endpoint {
    page(
      path, id, "The console: \(what).",
      access: .visitors([.read, .models, .datasets, .training]),
      missing: "There is none, or whoever asks may not see it.", others: [otherPath],
      failures: [401, 403, 500, 503]
    ) { try await handler(try $0.platform().console, $1, $2) }
  }
}
#endif
