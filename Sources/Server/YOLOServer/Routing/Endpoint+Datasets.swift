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
    export(.get, "/api/datasets/{datasetId:dataset_}/export", "datasetExport"),
    export(.post, "/api/datasets/{datasetId:dataset_}/export", "exportDataset"),
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
      answer: .json("CreatedDataset", "The copy.", status: .created), failures: [404, 409]
    ) { try await $0.datasets.clone($1, $2) },
    exportNamed(.get, "ownerDatasetExport"),
    exportNamed(.post, "exportOwnerDataset"),
    operation(
      .post, "\(ownedDataset)/ingest", "ingestDataset",
      "Takes a file that was uploaded into a dataset, in the background.", datasetWriters,
      form: .flat, body: .json("IngestRequest"),
      answer: .json("IngestAccepted", "It is in the queue.", status: .created),
      failures: [404, 409]
    ) { try await $0.datasets.ingest($1, $2) },
    operation(
      .get, "\(ownedDataset)/images", "datasetImages",
      "The images of a dataset in the order in which they were added.", datasetVisitors,
      form: .flat,
      parameters: [
        .query("split", "The part.", Schema.choice(Dataset.splits)),
        .query("labeled", "Whether those with labels are meant.", Schema.type("boolean")),
        .query("search", "What the name of the file must have."),
        .query("cursor", "The last image of the page before."),
        .query("offset", "How many come before.", Schema.type("integer")),
        .limit(100, maximum: 5000),
        .query("includeLabels", "Whether the labels are listed.", Schema.type("boolean")),
      ], answer: .json("ImageList", "A part of the images."), failures: [400, 404]
    ) { try await $0.datasets.images($1, $2) },
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
      .patch, "/api/images/{imageId}", "updateImage", "Changes the part or the labels of an image.",
      datasetWriters, form: .flat, body: .json("ImageChanges"),
      answer: .json("ChangedLabels", "The labels."), failures: [404]
    ) { try await $0.datasets.updateImage($1, $2) },
    operation(
      .delete, "/api/images/{imageId}", "deleteImage", "Deletes an image for ever.",
      datasetWriters, form: .flat, answer: .json("DeletedImage", "It is deleted."),
      failures: [404]
    ) { try await $0.datasets.deleteImage($1, $2) },
  ]

  private static func export(
    _ method: HTTPRequest.Method, _ path: String, _ id: String
  ) -> Endpoint {
    operation(
      method, path, id, "The dataset as NDJSON, which Ultralytics' clients train from.",
      datasetReaders, body: method == .post ? .json("DatasetExport", isRequired: false) : nil,
      answer: .json("DatasetExportResponse", "Where it is."), failures: [404, 409]
    ) { try await $0.datasets.export($1, $2) }
  }

  private static func exportNamed(_ method: HTTPRequest.Method, _ id: String) -> Endpoint {
    operation(
      method, "\(ownedDataset)/export", id,
      "The dataset as NDJSON, which Ultralytics' clients train from.",
      method == .post ? datasetWriters : datasetVisitors, form: .flat,
      body: method == .post ? .json("DatasetExport", isRequired: false) : nil,
      answer: .json("ExportedDataset", "Where it is."), failures: [404, 409]
    ) { try await $0.datasets.exportNamed($1, $2) }
  }
}
#endif
