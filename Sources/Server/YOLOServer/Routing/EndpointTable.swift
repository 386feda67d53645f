#if Server
import HTTPTypes
package import YOLOServerOptions

/// The endpoints of a server, and which of them a path is of.
package struct EndpointTable: Sendable {
  /// The endpoints of one path, each with another method.
  struct Route: Sendable {
    let path: PathTemplate
    let endpoints: [Endpoint]

    /// Returns the endpoint that answers a method, if there is one.
    func endpoint(for method: HTTPRequest.Method) -> Endpoint? {
      let method = method == .head ? .get : method
      return endpoints.first { $0.method == method }
    }

    /// The methods as the header `Allow` lists them.
    var allowedMethods: String { endpoints.map(\.method.rawValue).joined(separator: ", ") }
  }

  /// A route, and the parameters of a path of it, as they were sent.
  struct Match: Sendable {
    let route: Route
    let parameters: [String: String]
  }

  /// All endpoints, in the order of the documents.
  let endpoints: [Endpoint]
  /// The routes in the order of the documents.
  let routes: [Route]
  /// The routes by the number of their segments, the more special ones first.
  private let search: [Int: [Route]]

  /// The endpoints of a server with these settings.
  package init(settings: ServerSettings) {
    self.init(Endpoint.hub + (settings.data == nil ? [] : Endpoint.platform))
  }

  /// Creates a table of endpoints.
  init(_ endpoints: [Endpoint]) {
    self.endpoints = endpoints
    let paths = endpoints.map(\.path).reduce(into: [PathTemplate]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    let routes = paths.map { path in
      Route(path: path, endpoints: endpoints.filter { $0.path == path })
    }
    self.routes = routes
    search = Dictionary(grouping: routes) { $0.path.segments.count }
      .mapValues { routes in routes.sorted { $0.path.precedes($1.path) } }
  }

  /// Returns the route of a path; nil for a path that there is not.
  func match(_ path: String) -> Match? {
    let segments = PathTemplate.segments(of: path)
    for route in search[segments.count] ?? [] {
      if let parameters = route.path.parameters(of: segments) {
        return Match(route: route, parameters: parameters)
      }
    }
    return nil
  }

  /// The form of the errors of a path that there is not.
  ///
  /// Of the platform's API those of its first documents have the envelope, all others are flat.
  func form(ofUnknownPath path: String) -> ErrorForm {
    let segments = PathTemplate.segments(of: path)
    guard hasPlatform, segments.first == "api" else { return .envelope }
    return Self.documented.contains { $0.parameters(of: segments) != nil } ? .envelope : .flat
  }

  /// Whether the endpoints are those of a platform, too.
  private var hasPlatform: Bool { endpoints.count > Endpoint.hub.count }

  /// The paths of the platform's first documents, whether there are endpoints for them or not.
  private static let documented =
    [
      "datasets", "datasets/{id:dataset_}", "datasets/{id:dataset_}/export", "projects",
      "projects/{id:project_}", "models", "models/{id:model_}", "models/{id:model_}/files",
      "models/{id:model_}/predict", "models/{id:model_}/training", "training/start",
      "deployments", "deployments/{id:deployment_}", "deployments/{id:deployment_}/start",
      "deployments/{id:deployment_}/stop", "deployments/{id:deployment_}/metrics",
      "deployments/{id:deployment_}/logs", "exports", "exports/{id}", "activity",
      "activity/mark-seen", "activity/archive", "trash", "trash/empty", "billing/balance",
      "billing/usage-summary", "billing/checkout-session", "billing/subscription-checkout",
      "billing/portal-session", "billing/payments", "storage", "gdpr", "api-keys",
      "api-keys/{id}",
    ].map { PathTemplate("/api/\($0)") }

  /// What is known of an endpoint without its handler.
  package struct Operation: Sendable {
    /// The method.
    package let method: String
    /// The path, with its parameters in braces.
    package let path: String
    /// The scopes of which a key needs one; nil if any key serves, or none is needed.
    package let scopes: Set<Scope>?
  }

  /// All endpoints without their handlers.
  package var operations: [Operation] {
    endpoints.map { endpoint in
      let scopes: Set<Scope>? =
        if case .scopes(let scopes) = endpoint.access { scopes } else { nil }
      return Operation(
        method: endpoint.method.rawValue, path: endpoint.path.text, scopes: scopes)
    }
  }

  /// The methods that metrics tell apart.
  var methods: Set<String> {
    Set(endpoints.map(\.method.rawValue) + ["HEAD", "OPTIONS"])
  }

  /// The endpoints as a table in Markdown.
  package func markdown() -> String {
    let rows = endpoints.map { endpoint in
      "| `\(endpoint.method.rawValue) \(endpoint.path.text)` | \(endpoint.summary) "
        + "| \(endpoint.access.description) | \(endpoint.budget.description) |\n"
    }
    return "| endpoint | what it does | key | counted as |\n| --- | --- | --- | --- |\n"
      + rows.joined()
  }
}

extension Endpoint.Access: CustomStringConvertible {
  /// As the documentation has it.
  var description: String {
    switch self {
    case .open: "none"
    case .key: "any"
    case .scopes(let scopes): scopes.names.joined(separator: ", ")
    }
  }
}

extension CallBudget: CustomStringConvertible {
  /// As the documentation has it.
  var description: String {
    switch self {
    case .none: ""
    case .hub: "HUB calls"
    case .plan: "calls of the plan"
    case .events: "events"
    }
  }
}
#endif
