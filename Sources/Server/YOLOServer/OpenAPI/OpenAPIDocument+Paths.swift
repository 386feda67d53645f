#if Server
import HTTPTypes
import YOLOServerOptions
import JSONText

extension OpenAPIDocument {
  /// Why any request may be refused: its head is malformed, or it has another method.
  private static let anyFailures = [400, 405, 431, 501]

  /// The paths, in the order of the table of endpoints.
  static func paths(_ settings: ServerSettings) -> JSONValue {
    .object(
      EndpointTable(settings: settings).routes.map { route in
        let parameters = route.endpoints.first?.parameters.filter { $0.location == .path } ?? []
        let shared =
          parameters.isEmpty
          ? [] : [JSONMember("parameters", .array(parameters.map(\.inDocument)))]
        let operations = route.endpoints.map { endpoint in
          JSONMember(endpoint.method.rawValue.lowercased(), operation(endpoint, settings))
        }
        return JSONMember(route.path.text, .object(shared + operations))
      })
  }

  /// Whether keys have a limit of calls of the HUB API.
  static func isLimited(_ settings: ServerSettings) -> Bool {
    !settings.isOpen && settings.rateLimit > 0
  }

  private static func operation(_ endpoint: Endpoint, _ settings: ServerSettings) -> JSONValue {
    let rateHeaders: [String] =
      switch endpoint.budget {
      case .none: []
      case .hub: isLimited(settings) ? rateLimitHeaders : []
      case .plan, .events: rateLimitHeaders
      }
    let answers = ([endpoint.answer] + endpoint.alternatives).map { answer in
      let members = [
        JSONMember("description", .string(answer.description)),
        JSONMember("headers", headerReferences(["X-Request-Id"] + rateHeaders)),
      ]
      let body =
        answer.contentType.isEmpty
        ? [] : [JSONMember("content", content(answer.contentType, answer.schema))]
      return JSONMember("\(answer.status.code)", .object(members + body))
    }
    let failures = Set(endpoint.failures + anyFailures).sorted()
    let responses =
      answers
      + failures.map { JSONMember("\($0)", responseReference($0, endpoint.form)) }
    let security: [JSONValue] =
      endpoint.access == .open || settings.isOpen
      ? [] : [Schema.object(["apiKey": .array([])]), Schema.object(["bearer": .array([])])]
    var members = [
      JSONMember("operationId", .string(endpoint.id)),
      JSONMember("summary", .string(endpoint.summary)),
      JSONMember("security", .array(security)), JSONMember("responses", .object(responses)),
    ]
    let query = endpoint.parameters.filter { $0.location == .query }
    if !query.isEmpty {
      members.append(
        JSONMember("parameters", .array(query.map(\.inDocument))))
    }
    if let body = endpoint.body {
      members.append(
        JSONMember(
          "requestBody",
          Schema.object([
            "required": .bool(true),
            "content": content(
              body.contentType, body.schema.map(Schema.reference) ?? Schema.object([:])),
          ])))
    }
    return .object(members)
  }

  static func content(_ type: String, _ schema: JSONValue) -> JSONValue {
    .object([JSONMember(type, Schema.object(["schema": schema]))])
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
