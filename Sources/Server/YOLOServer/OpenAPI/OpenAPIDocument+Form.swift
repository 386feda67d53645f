#if Server
import YOLOServerOptions
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
    let standard = PredictRequest.standard
    let options = PredictRequest.settings.flatMap { setting in
      let schema = Schema.option(setting, default: setting.value(in: standard))
      let field = (name: setting.name, schema: schema)
      guard let name = setting.olderName else { return [field] }
      return [field, (name: name, schema: older(setting.name, schema))]
    }
    let fields =
      [
        (name: "file", schema: file), (name: "image", schema: older("file", file)),
        (name: "model", schema: model(settings)),
      ] + options
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
