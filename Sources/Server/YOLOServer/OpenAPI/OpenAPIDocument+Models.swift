#if Server
import JSONText

/// The schemas of models of projects.
extension OpenAPIDocument {
  private static var task: JSONValue { Schema.choice(ModelTask.names) }

  private static var status: JSONValue { Schema.choice(ModelStatus.allCases.map(\.rawValue)) }

  private static var numbers: JSONValue {
    Schema.adding(["additionalProperties": Schema.type("number")], to: Schema.type("object"))
  }

  private static var epochs: JSONValue {
    Schema.list(
      of: Schema.open([
        Schema.Field("epoch", count()), optional("metrics", numbers),
        optional("fitness", Schema.type("number")), optional("timestamp", time),
      ]))
  }

  private static var trainingError: JSONValue {
    Schema.open([
      Schema.Field("message", text()), optional("code", text()), Schema.Field("timestamp", time),
    ])
  }

  private static var file: Schema.Field {
    optional("file", Schema.record([Schema.Field("size", count("Bytes."))]))
  }

  /// What both forms of a model have.
  private static var common: [Schema.Field] {
    [
      Schema.Field("id", text("`model_` and 24 hexadecimal digits.")),
      Schema.Field("name", text("The name for people.")),
      Schema.Field("model", text("The name in paths.")), optional("color", text()),
      optional("task", task), Schema.Field("status", status), optional("epochs", count()),
      optional("bestEpoch", count()), optional("bestFitness", Schema.type("number")),
      optional("metrics", numbers), optional("startedAt", time), file,
      Schema.Field("hasWeights", flag), optional("trainArgs", anything),
      Schema.Field("createdAt", time), Schema.Field("updatedAt", time),
    ]
  }

  private static var model: [Schema.Field] {
    common + [
      Schema.Field("slug", text("The same as `model`.")), Schema.Field("projectId", text()),
      Schema.Field("visibility", visibility), Schema.Field("owner", text()),
      Schema.Field("project", text("The slug of the project.")),
      Schema.Field("projectName", text()), optional("description", text()),
      optional("license", license), optional("version", text()), optional("docs", text()),
      optional("parameters", count("The number of the weights.")),
      optional("trainResults", epochs),
      optional("classNames", Schema.list(of: text())),
      optional("plots", Schema.list(of: Schema.object([:]))), optional("datasetId", text()),
      optional("consoleChunks", consoleChunks), optional("omittedConsoleChunks", count()),
      optional("computeCost", computeCost),
      optional("sourceModelId", text()), optional("baseModel", text()),
      optional("environment", anything), optional("trainingError", trainingError),
      optional("clonedFrom", text("The identifier of the model that was copied.")),
      Schema.Field("cloneCount", count()), Schema.Field("starCount", count()),
      Schema.Field("isStarred", flag), optional("completedAt", time),
      Schema.Field("metadata", anything),
    ]
  }

  private static var created: [Schema.Field] {
    ["id", "owner", "project", "model", "name"].map { Schema.Field($0, text()) } + [region]
  }

  /// The members that a model can be created with.
  private static var draft: [Schema.Field] {
    [
      optional("model", text("The slug; one of the name, or a free one, if not given.")),
      optional("name", text()), optional("description", text()), optional("metadata", anything),
      optional("task", task), optional("trainArgs", anything), optional("trainResults", epochs),
      optional("epochs", count()), optional("metrics", numbers), optional("version", text()),
      optional("docs", text()), optional("environment", anything), optional("completedAt", time),
    ]
  }

  private static var files: Schema.Field {
    Schema.Field(
      "files",
      Schema.list(
        of: Schema.record([
          Schema.Field("name", text()), Schema.Field("size", count("Bytes.")),
          Schema.Field("downloadUrl", text("An address that needs no key.")),
          Schema.Field("expiresAt", time),
        ])))
  }

  /// The answer of predictions: what the HUB API has, and all instances in one list.
  private static var prediction: JSONValue {
    let number = Schema.type("number")
    let numbers = Schema.list(of: number)
    let instance = Schema.record([
      Schema.Field("class", text("The name of the class.")),
      Schema.Field("classId", count("Its index.")),
      Schema.Field("confidence", number),
      optional(
        "box", Schema.any([Schema.reference("Box"), Schema.reference("OrientedBox")])),
      optional("segments", Schema.record(["x", "y"].map { Schema.Field($0, numbers) })),
      optional(
        "keypoints",
        Schema.record(
          ["x", "y"].map { Schema.Field($0, numbers) } + [optional("visible", numbers)])),
      optional("frame", count("The index of the frame, of a video.")),
    ])
    let ratio = Schema.record(
      [
        Schema.Field("class", text("The name of the class.")),
        Schema.Field("classId", count("Its index.")),
        Schema.Field("pixel_ratio", number),
        optional("frame", count("The index of the frame, of a video.")),
      ], "semantic")
    return success([
      Schema.Field(
        "predictions",
        Schema.list(of: Schema.any([instance, ratio]), "Of all images, in their order.")),
      Schema.Field("images", Schema.list(of: Schema.reference("ImageResult"))),
      Schema.Field(
        "metadata",
        Schema.record(
          metadataFields
            + [Schema.Field("classNames", Schema.list(of: text(), "Their names, by index."))])),
    ])
  }

  static var projectModelSchemas: [JSONMember] {
    [
      JSONMember("ProjectModel", Schema.record(model)),
      JSONMember("ModelSummary", Schema.record(common + [Schema.Field("epochCount", count())])),
      JSONMember("ProjectModelPage", page(of: Schema.reference("ProjectModel"))),
      JSONMember("ModelResponse", envelope(Schema.reference("ProjectModel"))),
      JSONMember(
        "ProjectModelList",
        Schema.record([
          Schema.Field("models", Schema.list(of: Schema.reference("ProjectModel"))), region,
        ])),
      JSONMember(
        "ModelDetail",
        Schema.record([
          Schema.Field("model", Schema.reference("ProjectModel")), Schema.Field("isOwner", flag),
        ])),
      JSONMember(
        "ModelCreation",
        Schema.open(
          [Schema.Field("projectId", text("The identifier of the project."))] + draft)),
      JSONMember(
        "NamedModelCreation",
        Schema.open(
          [
            Schema.Field("project", text("The slug of the project.")),
            optional("owner", text("The account of the key.")),
          ] + draft)),
      JSONMember(
        "ModelCreatedResponse", envelope(Schema.reference("ProjectModel"), and: created)),
      JSONMember("CreatedModel", Schema.record(created)),
      JSONMember(
        "ModelChanges",
        Schema.open([
          optional("starred", flag), optional("projectId", text()), optional("name", text()),
          optional("description", text()),
          optional("status", Schema.choice(ModelStatus.settable.map(\.rawValue))),
          optional("license", license), optional("color", nullableText("A color.")),
          optional("version", text()), optional("datasetSlug", nullableText("A dataset.")),
          optional("epochs", count()), optional("bestEpoch", count()),
          optional("bestFitness", Schema.type("number")), optional("trainArgs", anything),
          optional("trainResults", epochs), optional("trainingError", trainingError),
          optional("metadata", anything),
        ])),
      JSONMember(
        "ModelUpdatedResponse",
        Schema.any([
          success([
            Schema.Field("model", text("The slug.")), optional("slug", text()),
            optional("name", text()), optional("renamed", flag),
            optional("projectSlug", text()),
          ]), Schema.reference("StarData"),
        ])),
      JSONMember("Success", success()),
      JSONMember(
        "ModelUploadForm",
        Schema.open([
          Schema.Field(
            "file",
            Schema.adding(
              ["format": .string("binary")],
              to: text("A checkpoint, a .pt file of \(ModelForm.fileLimit) bytes at most."))),
          Schema.Field("projectId", text("The identifier of the project.")),
          optional("name", text("The name; that of the file if not given.")),
          optional("model", text("The slug; one of the name if not given.")),
          optional("description", text()),
        ])),
      JSONMember("ModelFileList", Schema.record([files])),
      JSONMember("ModelFilesResponse", envelope(files.value, and: [files])),
      JSONMember("PlatformPrediction", prediction),
      JSONMember(
        "ModelClone",
        Schema.open([
          Schema.Field("project", text("The slug of the project that the copy is for.")),
          optional("owner", text("The account of the key.")),
          optional("model", text("The slug.")), optional("name", text()),
          optional("description", text()),
        ])),
    ]
  }
}
#endif
