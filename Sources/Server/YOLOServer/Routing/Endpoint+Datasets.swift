#if Server
import HTTPTypes
import JSONText
import YOLODatasets

extension Endpoint {
  private static let datasetReaders: Access = .scopes([.read, .datasets, .training])
  private static let datasetVisitors: Access = .visitors([.read, .datasets, .training])
  private static let datasetWriters: Access = .scopes([.datasets])
  private static let ownedDataset = "/api/datasets/{owner:!dataset_}/{dataset}"

  /// Datasets, by identifier and by owner and slug, and their images.
  static let datasets: [Endpoint] = [
    operation(
      .get, "/api/datasets", "listDatasets", "The datasets of the account, the newest first.",
      datasetReaders,
      parameters: [
        .page, .limit(20, maximum: 100),
        .query("task", "What the labels are for.", Schema.choice(DatasetController.tasks)),
        .query("search", "What the name must have."),
      ], answer: .json("DatasetPage", "A part of the datasets."), failures: [400]
    ) { try await $0.datasets.list($1, $2) },
    operation(
      .post, "/api/datasets", "createDataset", "Creates a dataset with a slug of its name.",
      datasetWriters, body: .json("DatasetCreation"),
      answer: .json("DatasetCreatedResponse", "The dataset.", status: .created), failures: [409]
    ) { try await $0.datasets.create($1, $2) },
    operation(
      .post, "/api/datasets", "createNamedDataset",
      "Creates a dataset with the slug `dataset`.", datasetWriters, form: .flat,
      selection: .member("dataset"), body: .json("NamedDatasetCreation"),
      answer: .json("CreatedDataset", "What was created.", status: .created), failures: [409]
    ) { try await $0.datasets.createNamed($1, $2) },
    operation(
      .get, "/api/datasets/{datasetId:dataset_}", "dataset", "A dataset.", datasetReaders,
      answer: .json("DatasetResponse", "The dataset."), failures: [404]
    ) { try await $0.datasets.dataset($1, $2) },
    operation(
      .delete, "/api/datasets/{datasetId:dataset_}", "deleteDataset",
      "Moves a dataset into the trash.", datasetWriters,
      answer: .json("IdentityResponse", "It is in the trash."), failures: [404, 409]
    ) { try await $0.datasets.delete($1, $2) },
    operation(
      .get, "/api/datasets/{datasetId:dataset_}/export", "datasetExport",
      "The dataset as NDJSON, which Ultralytics' clients train from.", datasetReaders,
      parameters: [version], answer: .json("DatasetExportResponse", "Where it is."),
      failures: [400, 404, 409]
    ) { try await $0.datasets.export($1, $2) },
    operation(
      .post, "/api/datasets/{datasetId:dataset_}/export", "exportDataset",
      "The same; with a description it makes a version, which needs the scope datasets.",
      datasetReaders, body: .json("DatasetExport", isRequired: false),
      answer: .json("DatasetExportResponse", "Where it is."), failures: [404, 409]
    ) { try await $0.datasets.createExport($1, $2) },
    operation(
      .get, "/api/datasets/{owner:!dataset_}", "listOwnerDatasets",
      "The datasets of an owner that whoever asks may see.", datasetVisitors, form: .flat,
      parameters: [.page, .limit(20, maximum: 1000)],
      answer: .json("DatasetList", "The datasets, the newest first."), failures: [400, 404]
    ) { try await $0.datasets.listOfOwner($1, $2) },
    operation(
      .get, ownedDataset, "ownerDataset", "A dataset, and what became of the last file.",
      datasetVisitors, form: .flat, answer: .json("DatasetDetail", "The dataset."),
      failures: [404]
    ) { try await $0.datasets.datasetOfOwner($1, $2) },
    operation(
      .patch, ownedDataset, "updateDataset",
      "Changes a dataset; a new name means a new slug. `starred` alone is what the account likes.",
      datasetWriters, form: .flat, body: .json("DatasetChanges"),
      answer: .json("DatasetUpdatedResponse", "The slug, or the stars."), failures: [404]
    ) { try await $0.datasets.update($1, $2) },
    operation(
      .delete, ownedDataset, "deleteOwnerDataset", "Moves a dataset into the trash.",
      datasetWriters, form: .flat, answer: .json("DatasetTrashed", "It is in the trash."),
      failures: [404, 409]
    ) { try await $0.datasets.deleteNamed($1, $2) },
    operation(
      .post, "\(ownedDataset)/clone", "cloneDataset",
      "Copies a dataset; the files of the images are shared.", datasetWriters, form: .flat,
      body: .json("DatasetClone", isRequired: false),
      answer: .json("ClonedDataset", "The copy.", status: .created), failures: [404, 409]
    ) { try await $0.datasets.clone($1, $2) },
    operation(
      .get, "\(ownedDataset)/export", "ownerDatasetExport",
      "The dataset as NDJSON, which Ultralytics' clients train from, or a version of it.",
      datasetVisitors, form: .flat, parameters: [version],
      answer: .json("ExportedDataset", "Where it is."), failures: [400, 404, 409]
    ) { try await $0.datasets.exportNamed($1, $2) },
    operation(
      .post, "\(ownedDataset)/export", "createDatasetVersion",
      "Makes a version of the dataset, which stays as it is; the last one if nothing has changed.",
      datasetWriters, form: .flat, body: .json("DatasetExport", isRequired: false),
      answer: .json("ExportedDataset", "The version."), failures: [404, 409]
    ) { try await $0.datasets.createVersionNamed($1, $2) },
    operation(
      .patch, "\(ownedDataset)/export", "updateDatasetVersion",
      "Changes the description of a version.", datasetWriters, form: .flat,
      body: .json("VersionChanges"), answer: .json("ChangedVersion", "It is changed."),
      failures: [404]
    ) { try await $0.datasets.updateVersion($1, $2) },
    operation(
      .post, "\(ownedDataset)/restore", "restoreDatasetVersion",
      "Makes the dataset what it was in a version.", datasetWriters, form: .flat,
      body: .json("VersionRestoration"),
      answer: .json("RestoredVersion", "How many images it has now."), failures: [404, 409]
    ) { try await $0.datasets.restore($1, $2) },
    operation(
      .post, "\(ownedDataset)/classes/delete", "deleteClasses",
      "Removes classes and their labels; the others close up.", datasetWriters, form: .flat,
      body: .json("ClassDeletion"), answer: .json("DeletedClasses", "The classes."),
      failures: [404, 409]
    ) { try await $0.datasets.deleteClasses($1, $2) },
    operation(
      .post, "\(ownedDataset)/classes/merge", "mergeClasses",
      "Makes labels of classes those of another one.", datasetWriters, form: .flat,
      body: .json("ClassMerger"), answer: .json("MergedClasses", "The classes."),
      failures: [404, 409]
    ) { try await $0.datasets.mergeClasses($1, $2) },
    operation(
      .post, "\(ownedDataset)/splits/redistribute", "redistributeSplits",
      "Parts the images anew, at random, the same way by the same seed.", datasetWriters,
      form: .flat, body: .json("SplitRatios"),
      answer: .json("RedistributedSplits", "The images of the parts."), failures: [404, 409]
    ) { try await $0.datasets.redistributeSplits($1, $2) },
    operation(
      .get, "\(ownedDataset)/models", "datasetModels",
      "The models that were trained with a dataset.", datasetVisitors, form: .flat,
      answer: .json("DatasetModels", "Those that whoever asks may see."), failures: [404]
    ) { try await $0.datasets.models($1, $2) },
    operation(
      .post, "\(ownedDataset)/ingest", "ingestDataset",
      "Takes a file that was uploaded into a dataset, in the background.", datasetWriters,
      form: .flat, body: .json("IngestRequest"),
      answer: .json("IngestAccepted", "It is in the queue.", status: .created),
      failures: [404, 409]
    ) { try await $0.datasets.ingest($1, $2) },
    operation(
      .get, "\(ownedDataset)/images", "datasetImages", "The images of a dataset.",
      datasetVisitors, form: .flat,
      parameters: imageFilter + imagePage,
      answer: .json("ImageList", "A part of the images."), failures: [400, 404]
    ) { try await $0.datasets.images($1, $2) },
    operation(
      .post, "\(ownedDataset)/images", "selectedImages", "Certain images of a dataset.",
      datasetVisitors, form: .flat, parameters: imageFilter,
      body: .json("ImageSelection"), answer: .json("ImageList", "The images."), failures: [404]
    ) { try await $0.datasets.selectedImages($1, $2) },
    operation(
      .post, "\(ownedDataset)/images/adopt", "adoptImages",
      "Adds images of other datasets; with `release` true they leave those of the account.",
      datasetWriters, form: .flat, body: .json("ImageAdoption"),
      answer: .json("AdoptedImages", "How many."), failures: [404, 409]
    ) { try await $0.datasets.adoptImages($1, $2) },
    operation(
      .get, "\(ownedDataset)/class-stats", "classStatistics",
      "How many labels of each class there are.", datasetVisitors, form: .flat,
      answer: .json("ClassStatistics", "The classes."), failures: [404]
    ) { try await $0.datasets.classStatistics($1, $2) },
    operation(
      .get, "/api/images/{imageId}", "image", "An image and its labels.", datasetVisitors,
      form: .flat, answer: .json("ImageDetail", "The image."), failures: [404]
    ) { try await $0.datasets.image($1, $2) },
    operation(
      .patch, "/api/images/bulk", "moveImages", "Moves images into a part.", datasetWriters,
      form: .flat, body: .json("ImageMove"), answer: .json("MovedImages", "How many."),
      failures: [404, 409]
    ) { try await $0.datasets.moveImages($1, $2) },
    operation(
      .delete, "/api/images/bulk", "deleteImages", "Deletes images for ever.", datasetWriters,
      form: .flat, body: .json("ImageSelection"), answer: .json("DeletedImages", "Which."),
      failures: [404]
    ) { try await $0.datasets.deleteImages($1, $2) },
    operation(
      .post, "/api/images/urls", "imageAddresses", "Signed addresses of images.",
      datasetVisitors, form: .flat, body: .json("ImageSelection"),
      answer: .json("ImageAddresses", "The addresses by image."), failures: [404]
    ) { try await $0.datasets.imageAddresses($1, $2) },
    operation(
      .patch, "/api/images/{imageId}", "updateImage", "Changes the part or the labels of an image.",
      datasetWriters, form: .flat, body: .json("ImageChanges"),
      answer: .json("ChangedLabels", "The labels."), failures: [404]
    ) { try await $0.datasets.updateImage($1, $2) },
    operation(
      .delete, "/api/images/{imageId}", "deleteImage", "Deletes an image for ever.",
      datasetWriters, form: .flat, answer: .json("DeletedImage", "It is deleted."),
      failures: [404]
    ) { try await $0.datasets.deleteImage($1, $2) },
    operation(
      .post, "/api/images/{imageId}/predict", "predictImage",
      "Labels that a model of the platform predicts for an image; they are not kept.",
      datasetWriters, form: .flat, body: .json("ImagePrediction"),
      answer: .json("PredictedLabels", "The labels."), failures: [404, 422]
    ) { try await $0.datasets.predictImage($1, $2) },
  ]

  private static let version = Parameter.query(
    "v", "The number of a version.",
    Schema.adding(["minimum": .int(1)], to: Schema.type("integer")))

  /// Which part of the images is listed.
  private static let imagePage: [Parameter] = [
    .query("cursor", "The last image of the page before."),
    .query("offset", "How many come before.", Schema.type("integer")),
    .limit(100, maximum: 5000),
  ]

  /// Which images are listed, and with what.
  private static let imageFilter: [Parameter] = [
    .query("split", "The part.", Schema.choice(Dataset.splits)),
    .query("hasLabel", "Whether those with labels are meant.", Schema.type("boolean")),
    .query("labeled", "The same.", Schema.type("boolean")),
    .query("hasError", "Images with errors are not kept: none.", Schema.type("boolean")),
    .query("classIds", "The classes of which one must be there, with commas between them."),
    .query("search", "What the name of the file must have."),
    .query("q", "The same."),
    .query("sort", "The order.", Schema.choice(ImageOrder.allCases.map(\.rawValue))),
    .query("includeLabels", "Whether the labels are listed.", Schema.type("boolean")),
    .query("includeTotal", "Whether `total` is counted.", Schema.type("boolean")),
  ]
}
#endif
