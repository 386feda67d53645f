#if Server
import HTTPTypes
import JSONText
import NIOHTTP1

extension OpenAPIDocument {
  /// The failures, by status: what each means, and the headers that it has besides `X-Request-Id`.
  private static var failures: [(failure: APIError, meaning: String, headers: [String])] {
    [
      (
        .invalidField("imgsz", ""),
        "An argument, which `details` names, is not what it must be, or the request is malformed.",
        []
      ),
      (.unauthorized(""), "There is no key, or none that is known.", ["WWW-Authenticate"]),
      (.forbidden(""), "The key is known, but may not do this.", []),
      (.notFound(""), "There is no such path, or no such model.", []),
      (.methodNotAllowed(""), "The path does not take this method.", ["Allow"]),
      (.bodyTimeout(seconds: 0), "The body did not come in time.", []),
      (
        .tooLarge("", limit: 0, unit: ""),
        "The body, the file, the image or the video is larger than the limit in `details`.", []
      ),
      (
        .unsupportedMedia(""),
        "The body is no form, or is compressed, or the file is neither an image nor a video that "
          + "can be decoded.", []
      ),
      (
        .rateLimited(limit: 0, retryAfter: 0), "The key has used up its calls of this hour.",
        ["Retry-After"] + rateLimitHeaders
      ),
      (
        APIError(http: .headerOverflow), "The head of the request is larger than the server takes.",
        []
      ),
      (
        .clientClosed,
        "The client closed its side of the connection before the response was there.",
        []
      ),
      (.fault, "A fault of the server; its log has more under the request's id.", []),
      (.notImplemented(""), "The body has a transfer coding other than chunked.", []),
      (
        .unavailable(""), "There is too much to do, or models are being loaded; try again later.",
        ["Retry-After"]
      ),
    ]
  }

  /// The headers that say how many calls a key has left.
  static let rateLimitHeaders = [
    "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
  ]

  /// The failures of the platform besides those of every server.
  private static var platformFailures: [(failure: APIError, meaning: String, headers: [String])] {
    [
      (.conflict(""), "There is something that the request contradicts.", []),
      (.rangeNotSatisfiable(bytes: 0), "The file has none of the bytes asked for.", []),
      (
        .notConfigured(""),
        "The operator of the server has named nothing that does this, or the body has a transfer "
          + "coding other than chunked.", []
      ),
    ]
  }

  private static func allFailures(
    hasPlatform: Bool
  ) -> [(failure: APIError, meaning: String, headers: [String])] {
    failures + (hasPlatform ? platformFailures : [])
  }

  /// The failures of each status, in one answer.
  private static func groupedFailures(
    hasPlatform: Bool
  ) -> [(failures: [APIError], meaning: String, headers: [String])] {
    var groups: [(failures: [APIError], meaning: String, headers: [String])] = []
    for (failure, meaning, headers) in allFailures(hasPlatform: hasPlatform) {
      if let index = groups.firstIndex(where: { $0.failures[0].status == failure.status }) {
        groups[index].failures.append(failure)
        // The later meaning tells of both.
        groups[index].meaning = meaning
      } else {
        groups.append(([failure], meaning, headers))
      }
    }
    return groups
  }

  /// The answers of failure; those of a platform in both forms, and in either.
  static func responses(hasPlatform: Bool) -> JSONValue {
    let forms: [Set<ErrorForm>] =
      hasPlatform ? [[.envelope], [.flat], [.envelope, .flat]] : [[.envelope]]
    return .object(
      forms.flatMap { forms in
        groupedFailures(hasPlatform: hasPlatform).map { failures, meaning, headers in
          let bodies = forms.sorted { $0.component < $1.component }.map { body(of: failures, $0) }
          return JSONMember(
            component(failures[0].status.code, forms),
            Schema.object([
              "description": .string(meaning),
              "headers": headerReferences(["X-Request-Id"] + headers),
              "content": content(
                "application/json", bodies.count == 1 ? bodies[0] : Schema.any(bodies)),
            ]))
        }
      })
  }

  private static func component(_ status: Int, _ forms: Set<ErrorForm>) -> String {
    let prefix = forms.count == 1 ? forms.first?.component ?? "" : "Either"
    return "\(prefix)Failure\(status)"
  }

  private static func body(of failures: [APIError], _ form: ErrorForm) -> JSONValue {
    let codes = failures.map { JSONValue.string($0.code) }
    let code = Schema.object([
      "properties": Schema.object([
        "code": Schema.object(codes.count == 1 ? ["const": codes[0]] : ["enum": .array(codes)])
      ])
    ])
    let special =
      form == .flat
      ? code : Schema.object(["properties": Schema.object(["error": code])])
    return Schema.object([
      "allOf": .array([Schema.reference("\(form.component)Failure"), special])
    ])
  }

  /// The codes of all failures.
  static func failureCodes(hasPlatform: Bool) -> [String] {
    allFailures(hasPlatform: hasPlatform).map(\.failure.code).reduce(into: []) {
      if !$0.contains($1) { $0.append($1) }
    }
  }

  static func responseReference(_ status: Int, _ forms: Set<ErrorForm>) -> JSONValue {
    Schema.object(["$ref": .string("#/components/responses/\(component(status, forms))")])
  }

  static func headerReferences(_ names: [String]) -> JSONValue {
    .object(
      names.map {
        JSONMember($0, Schema.object(["$ref": .string("#/components/headers/\($0)")]))
      })
  }

  static var headers: JSONValue {
    Schema.object([
      "X-Request-Id": header("string", "The request's id, which the log has too."),
      "Retry-After": header("integer", "Seconds after which to try again."),
      "X-RateLimit-Limit": header("integer", "The calls that the key may make in an hour."),
      "X-RateLimit-Remaining": header("integer", "The calls that are left of them."),
      "X-RateLimit-Reset": header(
        "integer", "When the key has all of its calls again, in seconds since 1970."),
      "WWW-Authenticate": header("string", "Bearer"),
      "Allow": header("string", "The methods that the path takes."),
    ])
  }

  private static func header(_ type: String, _ description: String) -> JSONValue {
    Schema.object(["description": .string(description), "schema": Schema.type(type)])
  }
}

extension ErrorForm {
  /// What the names of its components begin with.
  var component: String {
    switch self {
    case .envelope: ""
    case .flat: "Flat"
    }
  }
}
#endif
