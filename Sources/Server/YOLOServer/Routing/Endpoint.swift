#if Server
import HTTPTypes
import Hummingbird
import JSONText

/// One operation of the HTTP interface: what asks for it, who may, what it costs, and what answers.
///
/// The rows drive the routing, the status 405, the labels of metrics, the level of the log, the
/// OpenAPI document and the documentation.
struct Endpoint: Sendable {
  /// Answers a request that has passed all checks.
  typealias Handler = @Sendable (Controllers, Request, ServerContext) async throws -> Response

  /// The method; `GET` answers `HEAD`, too.
  let method: HTTPRequest.Method
  /// The path.
  let path: PathTemplate
  /// What the OpenAPI document calls the operation.
  let id: String
  /// What it is for, in one sentence.
  let summary: String
  /// Who may call it.
  var access = Access.open
  /// Which calls it counts among.
  var budget = CallBudget.none
  /// The form of its errors.
  var form = ErrorForm.envelope
  /// Whether machines ask for it all the time, so that the log has it as detail only.
  var isPolled = false
  /// What may be given in the path and the query.
  var parameters: [Parameter] = []
  /// What the body must be, or nil for none.
  var body: Body?
  /// The answer of success.
  let answer: Answer
  /// Other answers that are no errors.
  var alternatives: [Answer] = []
  /// The statuses of errors, besides those that any request may be answered with.
  var failures: [Int] = []
  /// What answers.
  let handler: Handler

  /// Who may call an endpoint.
  enum Access: Sendable, Hashable {
    /// Everybody; keys are not looked at.
    case open
    /// Whoever has a key.
    case key
    /// Whoever has a key with one of these scopes, or with one that contains it.
    case scopes(Set<Scope>)
  }

  /// A parameter of the path or the query.
  struct Parameter: Sendable {
    /// Where it stands.
    enum Location: String, Sendable { case path, query }

    let name: String
    let location: Location
    let description: String
    var schema = Schema.type("string")
    var isRequired = true
  }

  /// The body of a request.
  struct Body: Sendable {
    let contentType: String
    /// The name of its schema among the components of the OpenAPI document; nil for any bytes.
    let schema: String?

    /// A file as it is.
    static let binary = Body(contentType: "application/octet-stream", schema: nil)

    /// A form with a file.
    static func form(_ schema: String) -> Body {
      Body(contentType: "multipart/form-data", schema: schema)
    }

    /// JSON.
    static func json(_ schema: String) -> Body {
      Body(contentType: "application/json", schema: schema)
    }
  }

  /// The answer of success.
  struct Answer: Sendable {
    var status = HTTPResponse.Status.ok
    let description: String
    /// The type of the content; empty for an answer without any.
    let contentType: String
    let schema: JSONValue

    /// A file of any type.
    static func binary(_ status: HTTPResponse.Status, _ description: String) -> Answer {
      Answer(
        status: status, description: description, contentType: "*/*", schema: Schema.object([:]))
    }

    /// An answer without content.
    static func empty(_ status: HTTPResponse.Status, _ description: String) -> Answer {
      Answer(status: status, description: description, contentType: "", schema: .null)
    }

    /// JSON of a schema of the components.
    static func json(
      _ schema: String, _ description: String, status: HTTPResponse.Status = .ok
    ) -> Answer {
      Answer(
        status: status, description: description, contentType: "application/json",
        schema: Schema.reference(schema))
    }
  }
}

/// Which calls an endpoint counts among.
enum CallBudget: Sendable, Hashable {
  /// Calls are not counted.
  case none
  /// Those of the HUB API, an hour and key.
  case hub
  /// Those of the platform, a minute and a day, of the account.
  case plan
  /// Reports of trainings and transfers, a minute and key.
  case events
}

/// The form of errors.
package enum ErrorForm: Sendable, Hashable {
  /// `{"success":false,"message":…,"error":{"code","message","details"}}`.
  case envelope
  /// `{"error":…,"code":…,"details":…}`.
  case flat
}
#endif
