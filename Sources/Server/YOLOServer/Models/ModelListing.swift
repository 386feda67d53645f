#if Server
import HTTPTypes
import Hummingbird
import JSONText
import YOLO
package import YOLOGeometry

/// A model of the directory, as it is shown.
package struct ModelListing: Sendable {
  /// What a model is ready for.
  package enum State: String, Sendable, Hashable {
    /// In memory.
    case loaded
    /// Loaded by the next request for it.
    case idle
    /// Not served; `fault` says why.
    case broken
  }

  /// The shortest name that requests may use.
  package let name: String
  /// The file's name.
  package let fileName: String
  /// What the model is; nil if it is broken.
  package let description: ModelDescription?
  /// What it is ready for.
  package let state: State
  /// What is wrong with the file; a model that is loaded is the last sound one then.
  package let fault: String?
  /// The memory that it takes, in bytes; names of one file share it.
  package let bytes: Int
}

/// What a model is, known without its being loaded.
package struct ModelDescription: Sendable {
  /// The task, as Ultralytics names it.
  package let task: String
  /// What the model calls its classes.
  package let names: ClassNames
  /// The size that images are fitted into if none is asked for.
  package let imageSize: Size

  init(_ model: Model) {
    task = model.task.rawValue
    names = model.names
    imageSize = model.defaultImageSize
  }
}

/// Answers `GET /v1/models` with what is served.
struct ModelsController: Sendable {
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
