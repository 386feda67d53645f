#if Server
package import HTTPTypes
import Hummingbird
package import JSONText
import NIOCore

/// Why a request is refused: the status, and what the body
/// `{"success":false,"message":…,"error":{"code","message","details"}}` says.
package struct APIError: Error, Sendable {
  /// The status line.
  package let status: HTTPResponse.Status
  /// The code of the API documents, such as `VALIDATION_ERROR`.
  package let code: String
  /// One sentence for a person.
  package let message: String
  /// What a program may read.
  package let details: [JSONMember]
  /// Seconds after which the client may try again, for the header `Retry-After`.
  package let retryAfter: Int?
  /// What the metrics call this refusal; nil for one that they do not name.
  package let rejection: ServerMetrics.Rejection?

  package init(
    _ status: HTTPResponse.Status, _ code: String, _ message: String, details: [JSONMember] = [],
    retryAfter: Int? = nil, rejection: ServerMetrics.Rejection? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.details = details
    self.retryAfter = retryAfter
    self.rejection = rejection
  }

  /// 400: an argument, named `argument`, is not what it must be.
  package static func invalidField(
    _ argument: String, given: String? = nil, expected: String? = nil, _ message: String
  ) -> APIError {
    var details = [JSONMember("argument", .string(argument))]
    if let given { details.append(JSONMember("value", .string(given))) }
    if let expected { details.append(JSONMember("expected", .string(expected))) }
    return APIError(.badRequest, "VALIDATION_ERROR", message, details: details)
  }

  /// 401: there is no key, or none that is known.
  package static func unauthorized(_ message: String) -> APIError {
    APIError(.unauthorized, "UNAUTHORIZED", message)
  }

  /// 403: the key is known, but may not do this.
  package static func forbidden(
    _ message: String, details: [JSONMember] = []
  ) -> APIError {
    APIError(.forbidden, "FORBIDDEN", message, details: details)
  }

  /// 404: there is no such path, or no such model.
  package static func notFound(_ message: String, details: [JSONMember] = []) -> APIError {
    APIError(.notFound, "NOT_FOUND", message, details: details)
  }

  /// 405: the path does not take this method.
  package static func methodNotAllowed(_ message: String) -> APIError {
    APIError(.methodNotAllowed, "METHOD_NOT_ALLOWED", message)
  }

  /// 408: the body did not come in time.
  package static func bodyTimeout(seconds: Int) -> APIError {
    APIError(
      .requestTimeout, "REQUEST_TIMEOUT", "The body did not come within \(seconds) seconds.",
      rejection: .timeout)
  }

  /// 408: nothing of the body came for a time.
  package static func bodyStalled(seconds: Int) -> APIError {
    APIError(
      .requestTimeout, "REQUEST_TIMEOUT", "Nothing of the body came for \(seconds) seconds.",
      rejection: .timeout)
  }

  /// 413: something is larger than `limit`, in `unit`.
  package static func tooLarge(_ message: String, limit: Int, unit: String) -> APIError {
    APIError(
      .contentTooLarge, "PAYLOAD_TOO_LARGE", message,
      details: [JSONMember("limit", .int(limit)), JSONMember("unit", .string(unit))],
      rejection: .tooLarge)
  }

  /// 415: the body is no form, or the file is nothing that can be decoded.
  package static func unsupportedMedia(_ message: String) -> APIError {
    APIError(.unsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", message)
  }

  /// 409: the request is right, but not in this state of what it is for.
  package static func conflict(_ message: String) -> APIError {
    APIError(.conflict, "CONFLICT", message)
  }

  /// 416: none of the bytes that were asked for are in the file.
  package static func rangeNotSatisfiable(bytes: Int) -> APIError {
    APIError(
      .rangeNotSatisfiable, "VALIDATION_ERROR", "The file has \(bytes) bytes.",
      details: [
        JSONMember("argument", .string("Range")),
        JSONMember("expected", .string("bytes from 0 to \(bytes - 1)")),
      ])
  }

  /// 429: the key has used up its calls.
  package static func rateLimited(limit: Int, retryAfter: Int) -> APIError {
    rateLimited("This key", limit: limit, window: "hour", retryAfter: retryAfter)
  }

  /// 429: `owner` has used up its calls of a time.
  package static func rateLimited(
    _ owner: String, limit: Int, window: String, retryAfter: Int
  ) -> APIError {
    APIError(
      .tooManyRequests, "RATE_LIMITED",
      "\(owner) has made its \(limit) calls of this \(window); try again in \(retryAfter) seconds.",
      details: [JSONMember("limit", .int(limit)), JSONMember("retryAfter", .int(retryAfter))],
      retryAfter: retryAfter, rejection: .rateLimited)
  }

  /// 499: the client went away before its response; nobody reads this but the log and the metrics.
  package static let clientClosed = APIError(
    HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request"), "CLIENT_CLOSED_REQUEST",
    "The client closed the connection before the response.")

  /// 500: a fault of the server; what it was stands in the log only.
  package static let fault = APIError(
    .internalServerError, "INTERNAL_ERROR", "The server failed to answer this request.")

  /// 501: the request is HTTP, but uses a part of it that this server does not have.
  package static func notImplemented(_ message: String) -> APIError {
    APIError(.notImplemented, "NOT_IMPLEMENTED", message)
  }

  /// 501: the server has no means to do this, since its operator has named none.
  package static func notConfigured(_ message: String) -> APIError {
    APIError(.notImplemented, "NOT_CONFIGURED", message)
  }

  /// 503: the work took longer than it may.
  package static func timedOut(seconds: Int) -> APIError {
    APIError(
      .serviceUnavailable, "SERVICE_UNAVAILABLE",
      "The server could not answer within \(seconds) seconds.", retryAfter: 1,
      rejection: .timeout)
  }

  /// 503: the server has too much to do, or is not ready; the same request may succeed later.
  package static func unavailable(
    _ message: String, retryAfter: Int = 1, rejection: ServerMetrics.Rejection? = nil
  ) -> APIError {
    APIError(
      .serviceUnavailable, "SERVICE_UNAVAILABLE", message, retryAfter: retryAfter,
      rejection: rejection)
  }
}

extension APIError {
  /// The answer in one of the two forms.
  func response(_ form: ErrorForm = .envelope) -> Response {
    Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body(form)))
  }

  /// The headers of the answer but for its length.
  var headers: HTTPFields {
    var headers: HTTPFields = [.contentType: "application/json"]
    if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
    if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
    return headers
  }

  /// The body of the answer.
  func body(_ form: ErrorForm = .envelope) -> ByteBuffer {
    var json = JSONWriter()
    json.value(value(form))
    return ByteBuffer(bytes: json.takeBytes())
  }

  /// The body as a value.
  package func value(_ form: ErrorForm) -> JSONValue {
    switch form {
    case .envelope:
      .object([
        JSONMember("success", .bool(false)),
        JSONMember("message", .string(message)),
        JSONMember(
          "error",
          .object([
            JSONMember("code", .string(code)),
            JSONMember("message", .string(message)),
            JSONMember("details", .object(details)),
          ])),
      ])
    case .flat:
      .object([
        JSONMember("error", .string(message)), JSONMember("code", .string(code)),
        JSONMember("details", .object(details)),
      ])
    }
  }
}
#endif
