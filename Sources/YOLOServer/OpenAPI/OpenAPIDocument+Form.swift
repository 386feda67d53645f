#if Server
import YOLOOptions
import JSONText

extension OpenAPIDocument {
  /// The fields of a form; others are ignored.
  static func form(_ settings: ServerSettings) -> JSONValue {
    let limits = settings.limits
    let file = Schema.object([
      "type": .string("string"), "format": .string("binary"),
      "description": .string(
        "An image of \(limits.imageBytes) bytes and \(limits.pixels) pixels at most, or a video "
          + "of \(limits.videoDuration) seconds and \(limits.videoFrames) frames (after "
          + "\(PredictOption.videoStride.name)) at most; the body of \(limits.bodyBytes) bytes at "
          + "most."),
    ])
    let fields: [(name: String, schema: JSONValue)] = [
      ("file", file),
      ("image", older("file", file)),
      ("model", model(settings)),
      (PredictOption.imageSize.name, Schema.option(PredictOption.imageSize)),
      ("size", older(PredictOption.imageSize.name, Schema.option(PredictOption.imageSize))),
      (PredictOption.confidence.name, Schema.option(PredictOption.confidence)),
      ("confidence", older(PredictOption.confidence.name, Schema.option(PredictOption.confidence))),
      (PredictOption.iouThreshold.name, Schema.option(PredictOption.iouThreshold)),
      (PredictOption.maxDetections.name, Schema.option(PredictOption.maxDetections)),
      (PredictOption.classes.name, Schema.option(PredictOption.classes)),
      (PredictOption.agnostic.name, Schema.option(PredictOption.agnostic)),
      (PredictOption.rectangular.name, Schema.option(PredictOption.rectangular)),
      (PredictOption.retinaMasks.name, Schema.option(PredictOption.retinaMasks)),
      (PredictOption.normalized.name, Schema.option(PredictOption.normalized)),
      (PredictOption.videoStride.name, Schema.option(PredictOption.videoStride)),
    ]
    return Schema.object([
      "type": .string("object"),
      "properties": .object(fields.map { JSONMember($0.name, $0.schema) }),
      "anyOf": .array(
        ["file", "image"].map { Schema.object(["required": .array([.string($0)])]) }),
    ])
  }

  private static func model(_ settings: ServerSettings) -> JSONValue {
    Schema.type(
      "string",
      settings.isDedicated
        ? "Not needed: one model is served."
        : "The model: its name, an id, or https://hub.ultralytics.com/models/ID; may be left out if "
          + "one model is served.")
  }

  /// A field under its older name; the two exclude each other.
  private static func older(_ name: String, _ schema: JSONValue) -> JSONValue {
    let members = (schema.members ?? []).filter { $0.key != "description" && $0.key != "default" }
    return .object(
      members + [
        JSONMember("description", .string("The older name of `\(name)`.")),
        JSONMember("deprecated", .bool(true)),
      ])
  }
}
#endif
