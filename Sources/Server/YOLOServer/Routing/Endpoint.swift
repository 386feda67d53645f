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
  /// What tells it from the other endpoints of its method and path.
  var selection = Selection.otherwise
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
    /// Everybody, but for a request with a key, which must be known and have one of these scopes;
    /// who sees what is up to the handler.
    case visitors(Set<Scope>)

    /// The scopes of which a key needs one; nil if any key serves.
    var scopes: Set<Scope>? {
      switch self {
      case .open, .key: nil
      case .scopes(let scopes), .visitors(let scopes): scopes
      }
    }

    /// Whether requests without a key are answered, too.
    var isOpen: Bool {
      switch self {
      case .open, .visitors: true
      case .key, .scopes: false
      }
    }
  }

  /// What tells an endpoint from others of one method and path.
  ///
  /// Those of one method and path have the same access and budget, and one is for whatever is of
  /// none of the others: errors before the body is read have its form.
  enum Selection: Sendable, Hashable {
    /// No other endpoint is meant.
    case otherwise
    /// The body is a form.
    case form
    /// The body is JSON, and has a member of this name that is not null.
    case member(String)
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
    /// The maximum size of JSON in bytes.
    var maximumBytes = 1 << 20
    /// Whether a request without it is refused.
    var isRequired = true

    /// A file as it is.
    static let binary = Body(contentType: "application/octet-stream", schema: nil)

    /// A form with a file.
    static func form(_ schema: String) -> Body {
      Body(contentType: "multipart/form-data", schema: schema)
    }

    /// JSON.
    static func json(
      _ schema: String, maximumBytes: Int = 1 << 20, isRequired: Bool = true
    ) -> Body {
      Body(
        contentType: "application/json", schema: schema, maximumBytes: maximumBytes,
        isRequired: isRequired)
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
