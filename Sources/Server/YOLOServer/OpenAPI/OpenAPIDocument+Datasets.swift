#if Server
import JSONText
import YOLODatasets

/// The schemas of datasets and images.
extension OpenAPIDocument {
  private static var number: JSONValue { Schema.type("number") }

  private static var datasetTask: JSONValue { Schema.choice(DatasetController.tasks) }

  private static var split: JSONValue { Schema.choice(Dataset.splits) }

  /// Rows of numbers, the class first.
  private static var labels: JSONValue { Schema.list(of: Schema.list(of: number)) }

  private static var integers: JSONValue { Schema.list(of: Schema.type("integer")) }

  private static var dataset: [Schema.Field] {
    [
      Schema.Field("id", text("`dataset_` and 24 hexadecimal digits.")),
      Schema.Field("name", text("The name for people.")),
      Schema.Field("slug", text("The name in paths; `dataset` is the same.")),
      Schema.Field("task", datasetTask), Schema.Field("imageCount", count()),
      Schema.Field("classCount", count()), Schema.Field("visibility", visibility),
      Schema.Field("createdAt", time), Schema.Field("owner", text()),
      Schema.Field("dataset", text()), optional("description", text()),
      Schema.Field("classNames", Schema.list(of: text())),
      Schema.Field(
        "splits",
        Schema.record(["train", "val", "test", "labeled"].map { Schema.Field($0, count()) })),
      Schema.Field("annotationCount", count()), Schema.Field("totalBytes", count()),
      Schema.Field("status", Schema.choice(["ready", "processing", "failed"])),
      optional(
        "processingError",
        Schema.record([Schema.Field("message", text()), Schema.Field("timestamp", time)])),
      Schema.Field("starCount", count()), Schema.Field("isStarred", flag),
      optional("kptShape", integers), optional("flipIdx", integers),
      optional("tags", Schema.list(of: text())), optional("license", text()),
      Schema.Field("version", count("Grows with every change of images or labels.")),
      optional("clonedFrom", text()), region, Schema.Field("updatedAt", time),
      Schema.Field("metadata", anything),
    ]
  }

  /// The members that a dataset can be created and copied with.
  private static var datasetDraft: [Schema.Field] {
    [
      optional("description", text()), optional("visibility", visibility),
      optional("license", text()), optional("owner", text("The account of the key.")),
    ]
  }

  private static var datasetCreation: [Schema.Field] {
    [Schema.Field("name", text())] + datasetDraft + [
      optional("task", datasetTask), optional("tags", Schema.list(of: text())),
      optional("metadata", anything), optional("classNames", Schema.list(of: text())),
      optional("kptShape", integers), optional("flipIdx", integers),
    ]
  }

  private static var createdDataset: [Schema.Field] {
    [
      Schema.Field("id", text()), Schema.Field("owner", text()), Schema.Field("dataset", text()),
      region,
    ]
  }

  private static var exported: JSONValue {
    Schema.record([
      Schema.Field("downloadUrl", text("A signed address.")),
      Schema.Field("format", Schema.choice(["ndjson"])), Schema.Field("cached", flag),
      Schema.Field("version", count()), Schema.Field("expiresAt", time),
    ])
  }

  private static var fault: JSONValue {
    Schema.record([
      Schema.Field("severity", Schema.choice(["error", "warning"])),
      Schema.Field("kind", text()), Schema.Field("file", text("The file in the archive.")),
      optional("line", count()), Schema.Field("message", text()),
    ])
  }

  private static var ingestStatus: JSONValue {
    Schema.choice(["queued", "running", "completed", "failed"])
  }

  private static var image: [Schema.Field] {
    [
      Schema.Field("id", text("24 hexadecimal digits.")), Schema.Field("datasetId", text()),
      Schema.Field("filename", text()),
      Schema.Field("hash", text("The first 32 digits of the SHA-256 of the file.")),
      Schema.Field("split", split), Schema.Field("width", count()),
      Schema.Field("height", count()), Schema.Field("bytes", count()),
      Schema.Field("labelCount", count()), optional("labels", labels),
      Schema.Field("url", text("A signed address.")), Schema.Field("createdAt", time),
    ]
  }

  static var datasetSchemas: [JSONMember] {
    [
      JSONMember("Dataset", Schema.record(dataset)),
      JSONMember("DatasetPage", page(of: Schema.reference("Dataset"))),
      JSONMember("DatasetResponse", envelope(Schema.reference("Dataset"))),
      JSONMember(
        "DatasetCreation",
        Schema.open(
          datasetCreation + [optional("slug", text("One of the name if not given."))])),
      JSONMember(
        "NamedDatasetCreation",
        Schema.open(datasetCreation + [Schema.Field("dataset", text("The slug."))])),
      JSONMember(
        "DatasetCreatedResponse", envelope(Schema.reference("Dataset"), and: createdDataset)),
      JSONMember("CreatedDataset", Schema.record(createdDataset)),
      JSONMember(
        "DatasetList",
        Schema.record([
          Schema.Field("datasets", Schema.list(of: Schema.reference("Dataset"))),
          Schema.Field("total", count()), region,
        ])),
      JSONMember(
        "DatasetDetail",
        Schema.record([
          Schema.Field("dataset", Schema.reference("Dataset")), Schema.Field("isOwner", flag),
          optional("ingest", Schema.reference("Ingest")),
        ])),
      JSONMember(
        "DatasetChanges",
        Schema.open(
          datasetDraft.dropLast() + [
            optional("name", text()), optional("tags", Schema.list(of: text())),
            optional("metadata", anything), optional("classNames", Schema.list(of: text())),
            optional("starred", flag),
          ])),
      JSONMember(
        "DatasetUpdatedResponse",
        Schema.any([
          success([Schema.Field("dataset", text())]),
          Schema.record([Schema.Field("starred", flag), Schema.Field("starCount", count())]),
        ])),
      JSONMember("DatasetTrashed", success()),
      JSONMember(
        "DatasetClone",
        Schema.open(datasetDraft + [optional("name", text()), optional("dataset", text())])),
      JSONMember("DatasetExport", Schema.open([optional("description", text())])),
      JSONMember("ExportedDataset", exported),
      JSONMember("DatasetExportResponse", envelope(exported)),
      JSONMember(
        "IngestRequest",
        Schema.open([
          Schema.Field("sessionId", text("The upload.")),
          optional("targetSplit", split),
        ])),
      JSONMember(
        "IngestAccepted",
        Schema.record([Schema.Field("jobId", text()), Schema.Field("status", ingestStatus)])),
      JSONMember(
        "Ingest",
        Schema.record([
          Schema.Field("jobId", text()), Schema.Field("status", ingestStatus),
          Schema.Field("filename", text()), Schema.Field("addedCount", count()),
          Schema.Field("repeatedCount", count("Images that the dataset had.")),
          Schema.Field("errorCount", count("Images that are damaged, or whose labels are.")),
          Schema.Field("faults", Schema.list(of: fault)), Schema.Field("omittedFaults", count()),
          optional("error", text("Why nothing could be taken in.")),
          Schema.Field("createdAt", time), Schema.Field("updatedAt", time),
        ])),
      JSONMember("Image", Schema.record(image)),
      JSONMember(
        "ImageList",
        Schema.record([
          Schema.Field("images", Schema.list(of: Schema.reference("Image"))),
          Schema.Field("total", count()), Schema.Field("hasMore", flag),
          optional("nextCursor", text()), Schema.Field("classes", Schema.list(of: text())),
          Schema.Field("errorCount", count()),
        ])),
      JSONMember(
        "ImageDetail",
        Schema.record([
          Schema.Field("properties", Schema.reference("Image")), Schema.Field("labels", labels),
          Schema.Field("classes", Schema.list(of: text())), Schema.Field("task", datasetTask),
          Schema.Field("owner", text()), Schema.Field("dataset", text()),
        ])),
      JSONMember(
        "ImageChanges", Schema.open([optional("split", split), optional("labels", labels)])),
      JSONMember(
        "ChangedLabels",
        success([
          Schema.Field("labels", labels), Schema.Field("labelCount", count()),
          Schema.Field("split", split),
        ])),
      JSONMember("DeletedImage", success([Schema.Field("deletedImageId", text())])),
      JSONMember(
        "ClassStatistics",
        Schema.record([
          Schema.Field(
            "classes",
            Schema.list(
              of: Schema.record([
                Schema.Field("index", count()), Schema.Field("name", text()),
                Schema.Field("count", count()), Schema.Field("imageCount", count()),
              ]))),
          Schema.Field(
            "imageStats",
            Schema.record(
              ["total", "labeled", "unlabeled", "train", "val", "test"].map {
                Schema.Field($0, count())
              })),
        ])),
    ]
  }
}
#endif
