#if Server
import HTTPTypes
import Hummingbird
import JSONText
import YOLOGeometry

/// Answers `GET /v1/models` with what is served.
struct ModelsHandler: Sendable {
  let models: ModelStore

  func respond() -> Response {
    var json = JSONWriter()
    json.value(
      .object([JSONMember("models", .array(models.listing.map(\.json)))]))
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.takeBytes())))
  }
}

extension ModelListing {
  /// `{"name","file","task","classes","imgsz","state","error"}`.
  var json: JSONValue {
    let size = description?.imageSize
    return .object([
      JSONMember("name", .string(name)),
      JSONMember("file", .string(fileName)),
      JSONMember("task", description.map { .string($0.task) } ?? .null),
      JSONMember(
        "classes",
        .array(
          description.map { about in
            about.names.ids.map { .string(about.names.label(of: $0)) }
          } ?? [])),
      JSONMember("imgsz", size.map { .array([.int($0.height), .int($0.width)]) } ?? .null),
      JSONMember("state", .string(state.rawValue)),
      JSONMember("error", fault.map { .string($0) } ?? .null),
    ])
  }
}
#endif
