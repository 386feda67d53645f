#if Server
import JSONText

/// The schemas of trainings.
extension OpenAPIDocument {
  private static var number: JSONValue { Schema.type("number") }

  private static var numbers: JSONValue {
    Schema.adding(["additionalProperties": number], to: Schema.type("object"))
  }

  private static func nullable(_ schema: JSONValue) -> JSONValue {
    Schema.any([schema, Schema.type("null")])
  }

  private static var gpu: JSONValue {
    Schema.choice(
      TrainingDevice.all.map(\.name), "The device; one of this server if it does not have it.")
  }

  /// What a training has printed.
  static var consoleChunks: JSONValue {
    Schema.list(
      of: Schema.record([
        Schema.Field("chunkId", count()), Schema.Field("content", text()),
        Schema.Field("lineCount", count()), Schema.Field("timestamp", time),
      ]), "What the training has printed last; for the owner.")
  }

  /// What a training has cost.
  static var computeCost: JSONValue {
    Schema.record([
      Schema.Field("gpuType", text()), Schema.Field("gpuDisplayName", text()),
      Schema.Field("pricePerHour", number), Schema.Field("totalCost", number),
      optional("durationMs", count()),
    ])
  }

  private static var job: JSONValue {
    Schema.record([
      Schema.Field("id", text("The identifier of the job, or of a model that others train.")),
      Schema.Field("status", Schema.choice(ModelStatus.allCases.map(\.rawValue))),
      Schema.Field(
        "progress",
        Schema.record([
          Schema.Field("currentEpoch", count()), Schema.Field("totalEpochs", count()),
          Schema.Field("percentage", number), optional("startedAt", time),
          optional("completedAt", time),
        ])),
      Schema.Field(
        "timing",
        Schema.record(
          ["elapsedMs", "timePerEpochMs", "etaMs"].map { Schema.Field($0, count()) })),
      Schema.Field(
        "compute",
        nullable(
          Schema.record([
            Schema.Field("gpuType", text()), Schema.Field("gpuDisplayName", text()),
            Schema.Field("gpuMemoryGb", number),
          ]))),
      Schema.Field("trainArgs", nullable(anything)),
      Schema.Field("epochMetrics", nullable(numbers)),
      Schema.Field(
        "error",
        nullable(
          Schema.record([
            Schema.Field("message", text()), optional("code", text()),
            Schema.Field("timestamp", time),
          ]))),
      Schema.Field("createdAt", time), Schema.Field("updatedAt", time),
    ])
  }

  private static var started: JSONValue {
    Schema.record([
      Schema.Field("modelId", text()), Schema.Field("jobId", text()),
      Schema.Field("status", Schema.choice(["starting"])),
      Schema.Field("gpuType", text("The device that it runs on.")),
      Schema.Field(
        "estimatedCost",
        Schema.record([
          Schema.Field("pricePerHour", number), Schema.Field("gpuMemoryGb", number),
        ])),
      Schema.Field(
        "billing",
        Schema.record([
          Schema.Field("estimatedCostCents", number),
          Schema.Field("estimatedCostDisplay", text()), Schema.Field("balanceCents", number),
        ])),
    ])
  }

  private static var cancelled: Schema.Field {
    Schema.Field("status", Schema.choice(["cancelled"]))
  }

  static var trainingSchemas: [JSONMember] {
    [
      JSONMember("TrainingStart", started),
      JSONMember("TrainingStartResponse", envelope(Schema.reference("TrainingStart"))),
      JSONMember(
        "TrainingRequest",
        Schema.open([
          Schema.Field("modelId", text()), Schema.Field("datasetId", text()),
          optional("epochs", count("100 if not given.")),
          optional("imageSize", count("640 if not given.")), optional("gpuType", gpu),
        ])),
      JSONMember(
        "TrainingArgumentRequest",
        Schema.open([
          Schema.Field("modelId", text()),
          Schema.Field(
            "trainArgs",
            Schema.open([
              Schema.Field(
                "model", text("A name such as yolo26n.pt, or ul://owner/project/model.")),
              Schema.Field("data", text("ul://owner/datasets/slug.")),
              Schema.Field("epochs", count()),
            ])),
          optional("gpuType", gpu), optional("captureDatasetVersion", flag),
        ])),
      JSONMember(
        "DeviceAvailability",
        Schema.adding(
          ["additionalProperties": nullable(Schema.choice(["High", "Medium", "Low"]))],
          to: Schema.type("object"))),
      JSONMember("TrainingJob", job),
      JSONMember(
        "TrainingJobResponse", envelope(nullable(Schema.reference("TrainingJob")))),
      JSONMember(
        "TrainingJobDetail",
        Schema.record([Schema.Field("job", nullable(Schema.reference("TrainingJob")))])),
      JSONMember("TrainingCancelledResponse", envelope(Schema.record([cancelled]))),
      JSONMember("TrainingCancelled", success([cancelled])),
      JSONMember(
        "TrainingReport",
        Schema.open([
          Schema.Field("event", Schema.choice(TrainingEventKind.allCases.map(\.rawValue))),
          optional("data", nullable(anything)), optional("modelId", nullableText("The model.")),
          optional("project", nullableText("The project, with its owner or without.")),
          optional("name", nullableText("The name of the model.")),
        ])),
      JSONMember(
        "TrainingReceipt",
        Schema.record([
          Schema.Field("received", flag), Schema.Field("event", text()),
          Schema.Field("mode", Schema.choice(["cloud", "remote"])),
          Schema.Field("modelId", text()), Schema.Field("runId", count()),
          Schema.Field("modelSlug", text()), Schema.Field("modelUrl", text()),
          optional("cancelled", flag),
          optional("action", Schema.choice(["training_terminated"])), optional("reason", text()),
          optional("warning", text()), optional("ignored", Schema.choice(["stale_instance"])),
        ])),
      JSONMember(
        "CheckpointRequest",
        Schema.open([
          Schema.Field("filename", text()), optional("modelId", nullableText("The model.")),
          optional("runId", nullable(count("The run; the last one if not given."))),
          optional("size", nullable(count("Bytes."))),
          optional("project", nullableText("The project, without modelId.")),
          optional("name", nullableText("The name of the model, without modelId.")),
        ])),
      JSONMember(
        "CheckpointTicket",
        Schema.record([
          Schema.Field("uploadUrl", text("Where to send the file, by PUT, without a key.")),
          Schema.Field("gcsPath", text("What names the upload in reports.")),
          Schema.Field("uploadPath", text("The same.")), Schema.Field("modelId", text()),
          Schema.Field("runId", count()),
        ])),
    ]
  }
}
#endif
