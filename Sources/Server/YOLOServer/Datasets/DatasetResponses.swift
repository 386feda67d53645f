#if Server
import JSONText
import YOLOGeometry

/// A dataset as all answers have it: the members of the first documents, and those of the later
/// ones.
struct DatasetData: Encodable {
  /// The images of the parts, and those with labels.
  struct Splits: Encodable {
    let train: Int
    let val: Int
    let test: Int
    let labeled: Int
  }

  /// Why the last file could not be taken in.
  struct Failure: Encodable {
    let message: String
    let timestamp: Timestamp
  }

  let id: String
  let name: String
  let slug: String
  let task: VisionTask
  let imageCount: Int
  let classCount: Int
  let visibility: Visibility
  let createdAt: Timestamp
  let owner: String
  /// The slug, as paths have it.
  let dataset: String
  let description: String?
  let classNames: [String]
  let splits: Splits
  let annotationCount: Int
  let totalBytes: Int
  let status: DatasetStatus
  let processingError: Failure?
  let starCount: Int
  let isStarred: Bool
  let kptShape: [Int]?
  let flipIdx: [Int]?
  let tags: [String]?
  let license: String?
  let version: Int
  let clonedFrom: String?
  let region: String
  let updatedAt: Timestamp
  let metadata: StoredJSON

  init(_ row: DatasetRow, region: String) {
    id = row.id
    name = row.name
    slug = row.slug
    task = row.task
    imageCount = row.images
    classCount = row.classNames.count
    visibility = row.visibility
    createdAt = Timestamp(row.created)
    owner = row.owner
    dataset = row.slug
    description = row.description
    classNames = row.classNames
    splits = Splits(
      train: row.trainImages, val: row.valImages, test: row.testImages,
      labeled: row.labeledImages)
    annotationCount = row.labels
    totalBytes = row.imageBytes
    status = row.status
    processingError = row.failure.map {
      Failure(message: $0, timestamp: Timestamp(row.failedAt ?? row.updated))
    }
    starCount = row.starCount
    isStarred = row.isStarred
    kptShape = row.keypointShape
    flipIdx = row.keypointFlip
    tags = row.tags
    license = row.license
    version = row.revision
    clonedFrom = row.clonedFrom
    self.region = region
    updatedAt = Timestamp(row.updated)
    metadata = row.metadata
  }
}

/// The answer of `GET /api/datasets/{owner}`.
struct DatasetList: Encodable {
  let datasets: [DatasetData]
  let total: Int
  let region: String
}

/// The answer of `GET /api/datasets/{owner}/{dataset}`.
struct DatasetDetail: Encodable {
  let dataset: DatasetData
  let isOwner: Bool
  /// What became of the last file; for the owner.
  let ingest: IngestData?
}

/// What was created, or copied.
struct CreatedDataset: Encodable {
  let id: String
  let owner: String
  let dataset: String
  let region: String
}

/// That a dataset was changed, with its slug.
struct UpdatedDataset: Encodable {
  let success = true
  let dataset: String
}

/// A file that is taken into a dataset.
struct IngestData: Encodable {
  let jobId: String
  let status: IngestStatus
  let filename: String
  let addedCount: Int
  let repeatedCount: Int
  let errorCount: Int
  let faults: [IngestFault]
  let omittedFaults: Int
  let error: String?
  let createdAt: Timestamp
  let updatedAt: Timestamp

  init(_ row: IngestRow) {
    jobId = row.id
    status = row.status
    filename = row.name
    addedCount = row.added
    repeatedCount = row.repeated
    errorCount = row.faulty
    faults = row.faults
    omittedFaults = row.omittedFaults
    error = row.failure
    createdAt = Timestamp(row.created)
    updatedAt = Timestamp(row.updated)
  }
}

/// The answer of `POST …/ingest`.
struct IngestAccepted: Encodable {
  let jobId: String
  let status: IngestStatus
}

/// Where an export is.
struct DatasetExportData: Encodable {
  let downloadUrl: String
  let format = "ndjson"
  let cached: Bool
  let version: Int
  let expiresAt: Timestamp

  init(_ export: DatasetExporter.Export) {
    downloadUrl = export.address
    cached = export.isCached
    version = export.version
    expiresAt = Timestamp(export.expires)
  }
}

/// An image of a dataset.
struct ImageData: Encodable {
  let id: String
  let datasetId: String
  let filename: String
  let hash: String
  let split: String
  let width: Int
  let height: Int
  let bytes: Int
  let labelCount: Int
  /// The labels: rows of numbers, the class first, coordinates from 0 to 1.
  let labels: StoredJSON?
  let url: String
  let createdAt: Timestamp

  init(_ row: ImageRow, url: String, withLabels: Bool) {
    id = row.id
    datasetId = row.dataset
    filename = row.name
    hash = String(row.sha.prefix(32))
    split = row.split
    width = row.width
    height = row.height
    bytes = row.bytes
    labelCount = row.labels
    labels = withLabels ? row.rows : nil
    self.url = url
    createdAt = Timestamp(row.created)
  }
}

/// The answer of `GET …/images`.
struct ImageList: Encodable {
  let images: [ImageData]
  let total: Int
  let hasMore: Bool
  let nextCursor: String?
  let classes: [String]
  /// The images that the last file had and that were left out.
  let errorCount: Int
}

/// The answer of `GET /api/images/{imageId}`.
struct ImageDetail: Encodable {
  let properties: ImageData
  let labels: StoredJSON
  let classes: [String]
  let task: VisionTask
  let owner: String
  let dataset: String
}

/// The answer to changed labels.
struct ChangedLabels: Encodable {
  let success = true
  let labels: StoredJSON
  let labelCount: Int
  let split: String
}

/// The answer to a deleted image.
struct DeletedImage: Encodable {
  let success = true
  let deletedImageId: String
}

/// The answer of `GET …/class-stats`.
struct ClassStatistics: Encodable {
  struct Class: Encodable {
    let index: Int
    let name: String
    let count: Int
    let imageCount: Int
  }

  struct Images: Encodable {
    let total: Int
    let labeled: Int
    let unlabeled: Int
    let train: Int
    let val: Int
    let test: Int
  }

  let classes: [Class]
  let imageStats: Images

  init(_ row: DatasetRow, _ counts: [DatasetRepository.ClassCount]) {
    let found = Dictionary(
      counts.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
    classes = row.classNames.enumerated().map { index, name in
      Class(
        index: index, name: name, count: found[index]?.labels ?? 0,
        imageCount: found[index]?.images ?? 0)
    }
    imageStats = Images(
      total: row.images, labeled: row.labeledImages, unlabeled: row.images - row.labeledImages,
      train: row.trainImages, val: row.valImages, test: row.testImages)
  }
}
#endif
