#if Server
import YOLOServerOptions
import JSONText
import YOLOGeometry

extension OpenAPIDocument {
  /// What models are for.
  private static let tasks = VisionTask.allCases.map(\.rawValue)

  static func schemas(_ settings: ServerSettings) -> JSONValue {
    let hub = hubSchemas(settings)
    return settings.data == nil ? hub : .object((hub.members ?? []) + platformSchemas)
  }

  private static func hubSchemas(_ settings: ServerSettings) -> JSONValue {
    Schema.object([
      "PredictForm": form(settings),
      "PredictResponse": Schema.record([
        Schema.Field(
          "images", Schema.list(of: Schema.reference("ImageResult"), "One an image or frame.")),
        Schema.Field("metadata", Schema.reference("Metadata")),
      ]),
      "ImageResult": imageResult,
      "Speed": Schema.record(
        ["preprocess", "inference", "postprocess"].map { Schema.Field($0, duration) },
        "Milliseconds of the stages."),
      "Metadata": metadata,
      "Classification": Schema.record(found, "classify"),
      "Detection": Schema.record(found + [Schema.Field("box", Schema.reference("Box"))], "detect"),
      "Segmentation": Schema.record(
        found + [
          Schema.Field("box", Schema.reference("Box")),
          Schema.Field("segments", Schema.record(axes, "The outline of the largest part.")),
        ], "segment"),
      "Pose": Schema.record(
        found + [
          Schema.Field("box", Schema.reference("Box")),
          Schema.Field(
            "keypoints",
            Schema.record(
              axes + [
                Schema.Field(
                  "visible",
                  Schema.list(of: number, "How visible each point is, where the model says it."),
                  isRequired: false)
              ])),
        ], "pose"),
      "OrientedDetection": Schema.record(
        found + [Schema.Field("box", Schema.reference("OrientedBox"))], "obb"),
      "ClassRatio": Schema.record(
        classMembers + [
          Schema.Field(
            "pixel_ratio",
            Schema.adding(
              ["minimum": .int(0), "maximum": .int(1)],
              to: Schema.type("number", "The part of the pixels that have the class.")))
        ], "semantic"),
      "SemanticMask": Schema.record(
        pixelMap("The class of each pixel, 255 for none"),
        "semantic: the class of each pixel."),
      "DepthMap": Schema.record(
        pixelMap("The distance of each pixel: `max` · level / 65535 meters, none at level 0") + [
          Schema.Field("bits", Schema.adding(["const": .int(16)], to: Schema.type("integer"))),
          Schema.Field("min", Schema.type("number", "The minimum distance in meters.")),
          Schema.Field("max", Schema.type("number", "The maximum distance in meters.")),
        ], "depth: the distance of each pixel. There are no results."),
      "Box": Schema.record(
        ["x1", "x2", "y1", "y2"].map { Schema.Field($0, number) },
        "Two corners: in pixels, or with `normalize` as fractions of the width and the height."),
      "OrientedBox": Schema.record(
        ["x1", "x2", "x3", "x4", "y1", "y2", "y3", "y4"].map { Schema.Field($0, number) },
        "Four corners in their order."),
      "ModelList": Schema.record([
        Schema.Field("models", Schema.list(of: Schema.reference("Model")))
      ]),
      "Model": model,
      "Health": Schema.record([Schema.Field("status", Schema.choice(["ok"]))]),
      "Readiness": Schema.record([Schema.Field("status", Schema.choice(["ready"]))]),
      "Failure": failure(hasPlatform: settings.data != nil),
    ])
  }

  private static let number = Schema.type("number")

  private static var duration: JSONValue { Schema.adding(["minimum": .int(0)], to: number) }

  /// What says which class it is.
  private static var classMembers: [Schema.Field] {
    [
      Schema.Field(
        "class", Schema.adding(["minimum": .int(0)], to: Schema.type("integer", "Its index."))),
      Schema.Field("name", Schema.type("string", "The name of the class.")),
    ]
  }

  /// What every map has.
  private static func pixelMap(_ description: String) -> [Schema.Field] {
    [
      Schema.Field(
        "shape", Schema.list(of: Schema.type("integer"), count: 2, "Height and width in pixels.")),
      Schema.Field("encoding", Schema.choice(["png"])),
      Schema.Field("data", Schema.type("string", "\(description); a grayscale PNG in base64.")),
    ]
  }

  /// What all that is found has.
  private static var found: [Schema.Field] {
    classMembers + [
      Schema.Field(
        "confidence", Schema.adding(["minimum": .int(0), "maximum": .int(1)], to: number))
    ]
  }

  /// Points as two lists of one length.
  private static var axes: [Schema.Field] {
    ["x", "y"].map { Schema.Field($0, Schema.list(of: number)) }
  }

  private static var imageResult: JSONValue {
    let kinds = [
      "Classification", "Detection", "Segmentation", "Pose", "OrientedDetection", "ClassRatio",
    ]
    return Schema.record([
      Schema.Field(
        "results",
        Schema.any(kinds.map { Schema.list(of: Schema.reference($0)) })),
      Schema.Field(
        "shape", Schema.list(of: Schema.type("integer"), count: 2, "Height and width in pixels.")),
      Schema.Field("speed", Schema.reference("Speed")),
      Schema.Field("semantic_mask", Schema.reference("SemanticMask"), isRequired: false),
      Schema.Field("depth", Schema.reference("DepthMap"), isRequired: false),
    ])
  }

  private static var metadata: JSONValue { Schema.record(metadataFields) }

  /// What an answer tells of itself.
  static var metadataFields: [Schema.Field] {
    [
      Schema.Field(
        "imageCount",
        Schema.adding(["minimum": .int(0)], to: Schema.type("integer", "Images or frames."))),
      Schema.Field(
        "functionTimeAlive",
        Schema.adding(
          ["minimum": .int(0)], to: Schema.type("number", "Seconds since the server started."))),
      Schema.Field(
        "functionTimeCall",
        Schema.adding(["minimum": .int(0)], to: Schema.type("number", "Seconds of this call."))),
      Schema.Field("model", Schema.type("string", "The file of the model.")),
      Schema.Field("task", Schema.choice(tasks)),
      Schema.Field(
        "version",
        Schema.adding(
          ["additionalProperties": Schema.type("string")],
          to: Schema.type("object", "The versions of the software."))),
    ]
  }

  private static var model: JSONValue {
    Schema.record([
      Schema.Field("name", Schema.type("string", "What `model` calls it.")),
      Schema.Field("file", Schema.type("string")),
      Schema.Field(
        "task",
        Schema.any([
          Schema.choice(tasks), Schema.type("null", "It was not loaded yet, or is broken."),
        ])),
      Schema.Field("classes", Schema.list(of: Schema.type("string"), "Their names, by index.")),
      Schema.Field(
        "imgsz",
        Schema.any([
          Schema.list(of: Schema.type("integer"), count: 2, "Height and width."),
          Schema.type("null"),
        ])),
      Schema.Field("state", Schema.choice(["loaded", "idle", "broken"])),
      Schema.Field(
        "error", Schema.any([Schema.type("string", "Why it is broken."), Schema.type("null")])),
    ])
  }

  private static func failure(hasPlatform: Bool) -> JSONValue {
    let message = Schema.type("string", "One sentence for a person.")
    return Schema.record([
      Schema.Field("success", Schema.adding(["const": .bool(false)], to: Schema.type("boolean"))),
      Schema.Field("message", message),
      Schema.Field(
        "error",
        Schema.record([
          Schema.Field("code", Schema.choice(failureCodes(hasPlatform: hasPlatform))),
          Schema.Field("message", message),
          Schema.Field(
            "details",
            Schema.type(
              "object", "What a program may read, such as `argument`, `value` and `expected`.")),
        ])),
    ])
  }
}
#endif
