#if Server
import HTTPTypes
import Hummingbird
import NIOCore
import JSONText

extension APIError {
  /// The answer `{"success":false,"message":…,"error":{"code","message","details"}}`.
  func response() -> Response {
    Response(
      status: status, headers: headers, body: ResponseBody(byteBuffer: body))
  }

  /// The headers of the answer but for its length.
  var headers: HTTPFields {
    var headers: HTTPFields = [.contentType: "application/json"]
    if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
    if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
    return headers
  }

  /// The body of the answer.
  var body: ByteBuffer {
    var json = JSONWriter()
    json.value(
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
      ]))
    return ByteBuffer(bytes: json.takeBytes())
  }
}
#endif
