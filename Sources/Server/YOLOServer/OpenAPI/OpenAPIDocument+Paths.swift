#if Server
import HTTPTypes
import YOLOServerOptions
import JSONText

extension OpenAPIDocument {
  /// Why any request may be refused: its head is malformed, or it has another method.
  private static let anyFailures = [400, 405, 431, 501]

  /// The paths, in the order of the table of endpoints.
  ///
  /// Templates of one shape are one path here, as OpenAPI wants it: what the server tells apart by
  /// the prefix of an identifier, or by the body, is one operation that describes either.
  static func paths(_ settings: ServerSettings) -> JSONValue {
    let routes = EndpointTable(settings: settings).routes
    let shapes = routes.map(\.path.shape).reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    return .object(
      shapes.map { shape in path(routes.filter { $0.path.shape == shape }, settings) })
  }

  private static func path(
    _ routes: [EndpointTable.Route], _ settings: ServerSettings
  ) -> JSONMember {
    let paths = routes.map(\.path)
    let segments = (paths.first?.segments ?? []).indices.map { index in
      let names = paths.map(\.segments[index]).compactMap(\.parameterName)
      return (literal: paths.first?.segments[index], name: joined(names, capitalizing: true))
    }
    let text =
      "/"
      + segments.map { segment in
        if case .some(.literal(let text)) = segment.literal { text } else { "{\(segment.name)}" }
      }.joined(separator: "/")
    let parameters = segments.indices.compactMap { index -> JSONValue? in
      let names = Set(paths.compactMap(\.segments[index].parameterName))
      let described = routes.compactMap { route in
        route.endpoints.first?.parameters.first {
          $0.location == .path && names.contains($0.name)
            && $0.name == route.path.segments[index].parameterName
        }
      }
      guard let first = described.first else { return nil }
      return Endpoint.Parameter(
        name: segments[index].name, location: .path,
        description: joined(described.map(\.description)), schema: first.schema
      ).inDocument
    }
    let shared = parameters.isEmpty ? [] : [JSONMember("parameters", .array(parameters))]
    let endpoints = routes.flatMap(\.endpoints)
    let methods = endpoints.map(\.method).reduce(into: [HTTPRequest.Method]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    let operations = methods.map { method in
      JSONMember(
        method.rawValue.lowercased(),
        operation(endpoints.filter { $0.method == method }, settings))
    }
    return JSONMember(text, .object(shared + operations))
  }

  /// Joins the different ones of some texts: sentences, or names such as `aOrB`.
  private static func joined(_ texts: [String], capitalizing: Bool = false) -> String {
    let different = texts.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    guard capitalizing else { return different.joined(separator: " Or: ") }
    return different.prefix(1).joined()
      + different.dropFirst().map { "Or\($0.prefix(1).uppercased())\($0.dropFirst())" }.joined()
  }

  /// Whether keys have a limit of calls of the HUB API.
  static func isLimited(_ settings: ServerSettings) -> Bool {
    !settings.isOpen && settings.rateLimit > 0
  }

  /// Describes the endpoints of one method and path.
  private static func operation(_ endpoints: [Endpoint], _ settings: ServerSettings) -> JSONValue {
    var members = [
      JSONMember("operationId", .string(joined(endpoints.map(\.id), capitalizing: true))),
      JSONMember("summary", .string(joined(endpoints.map(\.summary)))),
      JSONMember("security", .array(security(endpoints, settings))),
      JSONMember("responses", .object(responses(endpoints, settings))),
    ]
    let query = endpoints.flatMap(\.parameters).filter { $0.location == .query }
      .reduce(into: [Endpoint.Parameter]()) { parameters, parameter in
        if !parameters.contains(where: { $0.name == parameter.name }) {
          parameters.append(parameter)
        }
      }
    if !query.isEmpty {
      members.append(JSONMember("parameters", .array(query.map(\.inDocument))))
    }
    let bodies = endpoints.compactMap(\.body)
    if !bodies.isEmpty {
      members.append(
        JSONMember(
          "requestBody",
          Schema.object([
            "required": .bool(bodies.allSatisfy(\.isRequired)),
            "content": content(
              bodies.map {
                ($0.contentType, $0.schema.map(Schema.reference) ?? Schema.object([:]))
              }),
          ])))
    }
    return .object(members)
  }

  private static func security(
    _ endpoints: [Endpoint], _ settings: ServerSettings
  ) -> [JSONValue] {
    let keys = [
      Schema.object(["apiKey": .array([])]), Schema.object(["bearer": .array([])]),
    ]
    if settings.isOpen || endpoints.allSatisfy({ $0.access == .open }) { return [] }
    return (endpoints.contains { $0.access.isOpen } ? [.object([])] : []) + keys
  }

  private static func responses(
    _ endpoints: [Endpoint], _ settings: ServerSettings
  ) -> [JSONMember] {
    let answers = endpoints.flatMap { endpoint in
      ([endpoint.answer] + endpoint.alternatives).map { (answer: $0, budget: endpoint.budget) }
    }
    let statuses = answers.map(\.answer.status.code).reduce(into: [Int]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    let successes = statuses.map { status in
      let answering = answers.filter { $0.answer.status.code == status }
      let isCounted = answering.contains { !rateHeaders($0.budget, settings).isEmpty }
      let members = [
        JSONMember(
          "description", .string(joined(answering.map(\.answer.description)))),
        JSONMember(
          "headers", headerReferences(["X-Request-Id"] + (isCounted ? rateLimitHeaders : []))),
      ]
      let contents = answering.filter { !$0.answer.contentType.isEmpty }
        .map { ($0.answer.contentType, $0.answer.schema) }
      let body = contents.isEmpty ? [] : [JSONMember("content", content(contents))]
      return JSONMember("\(status)", .object(members + body))
    }
    let failures = Set(endpoints.flatMap(\.failures) + anyFailures).sorted()
    return successes
      + failures.map { status in
        let failing = endpoints.filter { ($0.failures + anyFailures).contains(status) }
        let others: [ErrorForm] = failing.contains(where: isToldByPrefix) ? [.flat] : []
        let forms = Set(failing.map(\.form) + others)
        return JSONMember("\(status)", responseReference(status, forms))
      }
  }

  /// Whether the server tells an endpoint by the prefix of an identifier: what has none is taken for
  /// an owner, and fails as the paths of owners do.
  private static func isToldByPrefix(_ endpoint: Endpoint) -> Bool {
    endpoint.path.segments.contains { segment in
      if case .parameter(_, let prefix) = segment { !prefix.isEmpty } else { false }
    }
  }

  private static func rateHeaders(
    _ budget: CallBudget, _ settings: ServerSettings
  ) -> [String] {
    switch budget {
    case .none: []
    case .hub: isLimited(settings) ? rateLimitHeaders : []
    case .plan, .events: rateLimitHeaders
    }
  }

  static func content(_ type: String, _ schema: JSONValue) -> JSONValue {
    content([(type, schema)])
  }

  /// Describes what is of one of some schemas, by its type of content.
  private static func content(_ parts: [(type: String, schema: JSONValue)]) -> JSONValue {
    let types = parts.map(\.type).reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    return .object(
      types.map { type in
        let schemas = parts.filter { $0.type == type }.map(\.schema)
          .reduce(into: [JSONValue]()) { if !$0.contains($1) { $0.append($1) } }
        let schema = schemas.count == 1 ? schemas[0] : Schema.any(schemas)
        return JSONMember(type, Schema.object(["schema": schema]))
      })
  }
}

extension Endpoint.Parameter {
  /// The parameter as OpenAPI describes it.
  var inDocument: JSONValue {
    Schema.object([
      "name": .string(name), "in": .string(location.rawValue), "required": .bool(isRequired),
      "description": .string(description), "schema": schema,
    ])
  }
}
#endif
