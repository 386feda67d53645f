#if Server
import JSONText
import YOLODatasets

/// The schemas of datasets and images.
extension OpenAPIDocument {
  private static var number: JSONValue { Schema.type("number") }

  private static var datasetTask: JSONValue { Schema.choice(DatasetController.tasks) }

  private static var split: JSONValue { Schema.choice(Dataset.splits) }

  /// Rows of numbers, the class first.
  private static var rows: JSONValue { Schema.list(of: Schema.list(of: number)) }

  private static var numbers: JSONValue { Schema.list(of: number) }

  private static var label: JSONValue {
    Schema.record([
      Schema.Field("classId", count()),
      optional("bbox", Schema.list(of: number, count: 4, "The center and the size.")),
      optional("segments", numbers), optional("keypoints", numbers),
      optional("obb", Schema.list(of: number, count: 8, "The corners.")),
    ])
  }

  private static var labels: JSONValue { Schema.list(of: Schema.reference("ImageLabel")) }

  private static var labelInputs: JSONValue {
    Schema.list(of: Schema.any([Schema.reference("ImageLabel"), numbers]))
  }

  private static var ids: JSONValue { Schema.list(of: text()) }

  private static var strings: JSONValue { Schema.list(of: text()) }

  private static var colors: JSONValue { anything }

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
      Schema.Field("splits", splits),
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
      optional("versions", Schema.list(of: Schema.reference("DatasetVersion"))),
    ]
  }

  private static var splits: JSONValue {
    Schema.record(["train", "val", "test", "labeled"].map { Schema.Field($0, count()) })
  }

  private static var version: JSONValue {
    Schema.record([
      Schema.Field("version", count()), optional("description", text()),
      Schema.Field("sizeBytes", count()),
      Schema.Field("contentHash", text("Equal ones are of the same images and labels.")),
      Schema.Field("imageCount", count()), Schema.Field("classCount", count()),
      Schema.Field("annotationCount", count()), Schema.Field("splits", splits),
      Schema.Field("sourceUpdatedAt", time), Schema.Field("createdAt", time),
    ])
  }

  private static var bins: JSONValue {
    Schema.list(
      of: Schema.record([
        Schema.Field("bin", number), Schema.Field("count", count()), Schema.Field("size", number),
      ]))
  }

  private static var heatmap: [Schema.Field] {
    [
      Schema.Field("bins", Schema.list(of: Schema.list(of: count()))),
      Schema.Field("maxCount", count()),
    ]
  }

  private static var classStatistics: JSONValue {
    let counts = ["total", "labeled", "unlabeled", "train", "val", "test"]
    let histograms = [
      "width", "height", "points", "fileSize", "objectsPerImage", "bboxWidth", "bboxHeight",
      "bboxWidthNorm", "bboxHeightNorm",
    ]
    var images = counts.map { Schema.Field($0, count()) }
    images += histograms.map { Schema.Field("\($0)Histogram", bins) }
    images.append(Schema.Field("formatDistribution", anything))
    let sides = ["minWidth", "maxWidth", "minHeight", "maxHeight"]
    let sizes = heatmap + sides.map { Schema.Field($0, count()) }
    return Schema.record([
      Schema.Field(
        "classes",
        Schema.list(
          of: Schema.record([
            Schema.Field("classId", count()), Schema.Field("index", count()),
            Schema.Field("name", text()), Schema.Field("count", count()),
            Schema.Field("imageCount", count()),
          ]))),
      Schema.Field("imageStats", Schema.record(images)),
      Schema.Field("locationHeatmap", Schema.record(heatmap)),
      Schema.Field("dimensionHeatmap", Schema.record(sizes)),
      Schema.Field("classNames", strings),
      Schema.Field("cached", flag),
      optional("sampleSize", count("The images that were looked at, if these are not all.")),
    ])
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
      optional("downloadUrl", text("A signed address.")),
      Schema.Field("format", Schema.choice(["ndjson"])), Schema.Field("cached", flag),
      Schema.Field("version", count()),
      optional("reused", Schema.type("boolean", "Whether the version was there already.")),
      optional("expiresAt", time),
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
      Schema.Field("name", text()), Schema.Field("filename", text()),
      Schema.Field("hash", text("The first 32 digits of the SHA-256 of the file.")),
      Schema.Field("ext", text()), Schema.Field("split", split), Schema.Field("width", count()),
      Schema.Field("height", count()), Schema.Field("bytes", count()),
      Schema.Field("labelCount", count()), optional("labels", labels),
      optional("labelsTruncated", Schema.type("boolean", "Whether there are more labels.")),
      optional("rows", rows),
      Schema.Field("url", text("A signed address.")), Schema.Field("imageUrl", text()),
      Schema.Field("thumbnailUrl", text()), Schema.Field("createdAt", time),
    ]
  }

  private static var imageProperties: JSONValue {
    Schema.record([
      Schema.Field("id", text()), Schema.Field("datasetId", text()),
      Schema.Field("filename", text()), Schema.Field("hash", text()),
      Schema.Field("extension", text()), Schema.Field("split", split),
      Schema.Field("width", count()), Schema.Field("height", count()),
      Schema.Field("bytes", count()), Schema.Field("annotationCount", count()),
      Schema.Field("labelCount", count()), Schema.Field("classIds", integers),
      Schema.Field(
        "retainedByVersion", Schema.type("boolean", "Whether a version has the image.")),
      region, Schema.Field("url", text("A signed address.")), Schema.Field("createdAt", time),
      Schema.Field("updatedAt", time),
    ])
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
        "ClonedDataset",
        Schema.record(
          createdDataset + [
            Schema.Field("name", text()), Schema.Field("imageCount", count()),
            Schema.Field("classCount", count()),
          ])),
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
      JSONMember(
        "DatasetExport",
        Schema.open([
          optional("description", text("What is to be said about the version.")),
          optional("download", flag),
        ])),
      JSONMember("DatasetVersion", version),
      JSONMember(
        "VersionChanges",
        Schema.open([Schema.Field("version", count()), Schema.Field("description", text())])),
      JSONMember(
        "ChangedVersion",
        Schema.record([Schema.Field("ok", Schema.adding(["const": .bool(true)], to: flag))])),
      JSONMember("VersionRestoration", Schema.open([Schema.Field("version", count())])),
      JSONMember(
        "RestoredVersion",
        Schema.record([Schema.Field("version", count()), Schema.Field("imageCount", count())])),
      JSONMember("ClassDeletion", Schema.open([Schema.Field("classIds", integers)])),
      JSONMember(
        "DeletedClasses",
        success([
          Schema.Field("classNames", strings), Schema.Field("classColors", colors),
          Schema.Field("deletedClassIds", integers),
          Schema.Field("deletedAnnotations", count()),
        ])),
      JSONMember(
        "ClassMerger",
        Schema.open([
          Schema.Field("sourceClassIds", integers), Schema.Field("targetClassId", count()),
        ])),
      JSONMember(
        "MergedClasses",
        success([
          Schema.Field("classNames", strings), Schema.Field("classColors", colors),
          Schema.Field("mergedClassIds", integers), Schema.Field("targetClassId", count()),
        ])),
      JSONMember(
        "SplitRatios",
        Schema.open(
          ["train", "val", "test"].map { Schema.Field($0, count("Hundredths.")) }
            + [optional("seed", Schema.type("integer"))])),
      JSONMember(
        "RedistributedSplits",
        success([
          Schema.Field(
            "splits",
            Schema.record(["train", "val", "test"].map { Schema.Field($0, count()) })),
          Schema.Field("modified", count()),
        ])),
      JSONMember(
        "DatasetModels",
        Schema.record([
          Schema.Field(
            "models",
            Schema.list(
              of: Schema.record([
                Schema.Field("id", text()), Schema.Field("owner", text()),
                Schema.Field("project", text()), Schema.Field("model", text()),
                Schema.Field("name", text()),
                Schema.Field("status", Schema.choice(ModelStatus.allCases.map(\.rawValue))),
                optional("task", text()), optional("epochs", count()),
                optional("bestEpoch", count()), optional("bestFitness", number),
                Schema.Field("metrics", anything), optional("startedAt", time),
                optional("completedAt", time), Schema.Field("createdAt", time),
              ]))),
          Schema.Field("count", count()),
        ])),
      JSONMember("ExportedDataset", exported),
      JSONMember("DatasetExportResponse", envelope(exported)),
      JSONMember(
        "IngestRequest",
        Schema.open([
          optional("sessionId", text("The upload.")),
          optional("sourceUrl", text("The address of the file, if the server fetches any.")),
          optional("targetSplit", split),
          optional("conflictPolicy", Schema.choice(ConflictPolicy.names)),
          optional(
            "classMapping",
            Schema.type(
              "object", "What classes of the file become: an index, a name, or null for none.")),
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
          optional("total", count()), Schema.Field("hasMore", flag),
          optional("nextCursor", text()), Schema.Field("classes", strings),
          Schema.Field("errorCount", count()),
        ])),
      JSONMember("ImageLabel", label),
      JSONMember("ImageSelection", Schema.open([Schema.Field("imageIds", ids)])),
      JSONMember(
        "ImageMove",
        Schema.open([
          Schema.Field("imageIds", ids), Schema.Field("split", split),
          optional("conflictPolicy", Schema.choice(ConflictPolicy.names)),
        ])),
      JSONMember(
        "ImageAdoption",
        Schema.open([
          Schema.Field("imageIds", ids), optional("release", flag),
          optional("classMapping", anything),
        ])),
      JSONMember("AdoptedImages", Schema.record([Schema.Field("adopted", count())])),
      JSONMember(
        "MovedImages",
        success([
          Schema.Field("modifiedCount", count()), Schema.Field("skippedCount", count()),
          Schema.Field("targetSplit", split),
        ])),
      JSONMember(
        "DeletedImages",
        success([Schema.Field("deletedCount", count()), Schema.Field("deletedImageIds", ids)])),
      JSONMember(
        "ImageAddresses",
        Schema.record(
          ["urls", "thumbnails", "depths"].map { Schema.Field($0, anything) })),
      JSONMember(
        "ImagePrediction",
        Schema.open([
          Schema.Field("modelId", text("`ul://owner/project/model`.")),
          optional("confidence", number), optional("iou", number),
        ])),
      JSONMember(
        "PredictedLabels",
        success([
          Schema.Field("predictions", labels), Schema.Field("modelUsed", text()),
          Schema.Field("inferenceTime", Schema.type("number", "Milliseconds.")),
        ])),
      JSONMember(
        "ImageDetail",
        Schema.record([
          Schema.Field("properties", imageProperties), Schema.Field("metadata", anything),
          Schema.Field("labels", labels), Schema.Field("rows", rows),
          Schema.Field("classNames", strings), Schema.Field("classes", strings),
          Schema.Field("task", datasetTask),
          Schema.Field("owner", text()), Schema.Field("dataset", text()),
        ])),
      JSONMember(
        "ImageChanges",
        Schema.open([
          optional("split", split), optional("labels", labelInputs),
          optional("metadata", anything),
        ])),
      JSONMember(
        "ChangedLabels",
        Schema.any([
          success([
            Schema.Field("labels", labels), Schema.Field("rows", rows),
            Schema.Field("labelCount", count()), Schema.Field("split", split),
          ]),
          success([Schema.Field("metadata", anything), Schema.Field("updatedAt", time)]),
        ])),
      JSONMember(
        "DeletedImage",
        success([Schema.Field("deletedImageId", text()), Schema.Field("deletedCount", count())])),
      JSONMember("ClassStatistics", classStatistics),
    ]
  }
}
#endif
