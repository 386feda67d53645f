#if Server
import HTTPTypes
import Hummingbird
import JSONText

extension ServerFailure {
  /// The answer `{"success":false,"message":…,"error":{"code","message","details"}}`.
  func response() -> Response {
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
    var headers: HTTPFields = [.contentType: "application/json"]
    if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
    if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
    return Response(
      status: status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.takeBytes())))
  }
}
#endif
