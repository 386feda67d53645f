#if Server
import HTTPTypes

/// The paths of the server, and what each is asked with.
struct RouteTable: Sendable {
  /// One path: a template such as `/v1/predict/{model}`.
  struct Route: Sendable {
    let path: String
    let methods: [HTTPRequest.Method]
    /// Whether machines ask for it all the time, so that the log has it as detail only.
    var isPolled = false
  }

  /// All paths.
  static let standard = RouteTable(routes: [
    Route(path: "/", methods: [.get, .post]),
    Route(path: "/predict", methods: [.post]),
    Route(path: "/v1/predict/{model}", methods: [.post]),
    Route(path: "/v1/models", methods: [.get]),
    Route(path: "/healthz", methods: [.get], isPolled: true),
    Route(path: "/readyz", methods: [.get], isPolled: true),
    Route(path: "/metrics", methods: [.get], isPolled: true),
    Route(path: "/openapi.json", methods: [.get]),
  ])

  let routes: [Route]

  /// The methods that a path takes, as the header `Allow` lists them; nil if there is no such path, or
  /// if it takes this method.
  func methods(ofPath path: String, otherThan method: HTTPRequest.Method) -> String? {
    guard let route = route(ofPath: path), !route.methods.contains(method) else { return nil }
    return route.methods.map(\.rawValue).joined(separator: ", ")
  }

  /// The route that a path is of; nil for a path that there is not.
  func route(ofPath path: String) -> Route? {
    let parts = path.split(separator: "/")
    return routes.first { route in
      let names = route.path.split(separator: "/")
      return names.count == parts.count
        && zip(names, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
  }
}
#endif
