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
  /// The versions, the newest first, where a single dataset is asked for.
  let versions: [VersionData]?

  init(_ row: DatasetRow, region: String, versions: [DatasetVersionRow]? = nil) {
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
    self.versions = versions.map { $0.map(VersionData.init) }
  }
}

/// The answer of `GET /api/datasets/{owner}`.
struct DatasetList: Encodable {
  let datasets: [DatasetData]
  let total: Int
  let region: String
}

/// A version of a dataset.
struct VersionData: Encodable {
  let version: Int
  let description: String?
  let sizeBytes: Int
  let contentHash: String
  let imageCount: Int
  let classCount: Int
  let annotationCount: Int
  let splits: DatasetData.Splits
  let sourceUpdatedAt: Timestamp
  let createdAt: Timestamp

  init(_ row: DatasetVersionRow) {
    version = row.number
    description = row.description
    sizeBytes = row.bytes
    contentHash = String(row.content.prefix(32))
    imageCount = row.images
    classCount = row.classes
    annotationCount = row.labels
    splits = DatasetData.Splits(
      train: row.trainImages, val: row.valImages, test: row.testImages,
      labeled: row.labeledImages)
    sourceUpdatedAt = Timestamp(row.sourceUpdated)
    createdAt = Timestamp(row.created)
  }
}

/// The answer of `GET /api/datasets/{owner}/{dataset}`.
struct DatasetDetail: Encodable {
  let dataset: DatasetData
  let isOwner: Bool
  /// What became of the last file; for the owner.
  let ingest: IngestData?
}

/// What was created.
struct CreatedDataset: Encodable {
  let id: String
  let owner: String
  let dataset: String
  let region: String
}

/// What was copied.
struct ClonedDataset: Encodable {
  let id: String
  let owner: String
  let dataset: String
  let name: String
  let imageCount: Int
  let classCount: Int
  let region: String

  init(_ row: DatasetRow, region: String) {
    id = row.id
    owner = row.owner
    dataset = row.slug
    name = row.name
    imageCount = row.images
    classCount = row.classNames.count
    self.region = region
  }
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
  /// Nil if none was asked for.
  let downloadUrl: String?
  let format = "ndjson"
  let cached: Bool
  let version: Int
  /// Whether a version that was to be made was there; nil if none was to be made.
  let reused: Bool?
  let expiresAt: Timestamp?

  init(_ export: DatasetExporter.Export, isReused: Bool? = nil) {
    downloadUrl = export.address
    cached = export.isCached
    version = export.version
    reused = isReused
    expiresAt = Timestamp(export.expires)
  }

  init(version: Int, isReused: Bool) {
    downloadUrl = nil
    cached = isReused
    self.version = version
    reused = isReused
    expiresAt = nil
  }
}

/// That what is said about a version was changed.
struct ChangedVersion: Encodable {
  let ok = true
}

/// The answer of `POST …/restore`.
struct RestoredVersion: Encodable {
  let version: Int
  let imageCount: Int
}

/// The answer of `POST …/classes/delete`.
struct DeletedClasses: Encodable {
  let success = true
  let classNames: [String]
  let classColors: [String: String] = [:]
  let deletedClassIds: [Int]
  let deletedAnnotations: Int
}

/// The answer of `POST …/classes/merge`.
struct MergedClasses: Encodable {
  let success = true
  let classNames: [String]
  let classColors: [String: String] = [:]
  let mergedClassIds: [Int]
  let targetClassId: Int
}

/// The answer of `POST …/splits/redistribute`.
struct RedistributedSplits: Encodable {
  struct Splits: Encodable {
    let train: Int
    let val: Int
    let test: Int
  }

  let success = true
  let splits: Splits
  let modified: Int

  init(_ row: DatasetRow, modified: Int) {
    splits = Splits(train: row.trainImages, val: row.valImages, test: row.testImages)
    self.modified = modified
  }
}

/// A model that was trained with a dataset.
struct DatasetModelData: Encodable {
  let id: String
  let owner: String
  let project: String
  let model: String
  let name: String
  let status: ModelStatus
  let task: String?
  let epochs: Int?
  let bestEpoch: Int?
  let bestFitness: Double?
  let metrics: [String: Double]
  let startedAt: Timestamp?
  let completedAt: Timestamp?
  let createdAt: Timestamp

  init(_ row: ModelRow) {
    id = row.id
    owner = row.owner
    project = row.projectSlug
    model = row.slug
    name = row.name
    status = row.status
    task = row.task
    epochs = row.epochs
    bestEpoch = row.bestEpoch
    bestFitness = row.bestFitness
    metrics = row.metrics ?? [:]
    startedAt = row.started.map(Timestamp.init)
    completedAt = row.completed.map(Timestamp.init)
    createdAt = Timestamp(row.created)
  }
}

/// The answer of `GET …/models`.
struct DatasetModels: Encodable {
  let models: [DatasetModelData]
  let count: Int
}

/// The answer of `GET …/class-stats`.
struct ClassStatistics: Encodable {
  struct Class: Encodable {
    let classId: Int
    /// The same.
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
    let widthHistogram: [DatasetStatistics.Bin]
    let heightHistogram: [DatasetStatistics.Bin]
    let pointsHistogram: [DatasetStatistics.Bin]
    let formatDistribution: [String: Int]
    let fileSizeHistogram: [DatasetStatistics.Bin]
    let objectsPerImageHistogram: [DatasetStatistics.Bin]
    let bboxWidthHistogram: [DatasetStatistics.Bin]
    let bboxHeightHistogram: [DatasetStatistics.Bin]
    let bboxWidthNormHistogram: [DatasetStatistics.Bin]
    let bboxHeightNormHistogram: [DatasetStatistics.Bin]
  }

  let classes: [Class]
  let imageStats: Images
  let locationHeatmap: DatasetStatistics.LocationMap
  let dimensionHeatmap: DatasetStatistics.SizeMap
  let classNames: [String]
  let cached: Bool
  let sampleSize: Int?

  init(
    _ row: DatasetRow, _ counts: [DatasetRepository.ClassCount], _ statistics: DatasetStatistics,
    isCached: Bool
  ) {
    let found = Dictionary(
      counts.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
    classes = row.classNames.enumerated().map { index, name in
      Class(
        classId: index, index: index, name: name, count: found[index]?.labels ?? 0,
        imageCount: found[index]?.images ?? 0)
    }
    imageStats = Images(
      total: row.images, labeled: row.labeledImages, unlabeled: row.images - row.labeledImages,
      train: row.trainImages, val: row.valImages, test: row.testImages,
      widthHistogram: statistics.widths, heightHistogram: statistics.heights,
      pointsHistogram: statistics.points, formatDistribution: statistics.formats,
      fileSizeHistogram: statistics.fileSizes, objectsPerImageHistogram: statistics.objects,
      bboxWidthHistogram: statistics.boxWidths, bboxHeightHistogram: statistics.boxHeights,
      bboxWidthNormHistogram: statistics.boxWidthFractions,
      bboxHeightNormHistogram: statistics.boxHeightFractions)
    locationHeatmap = statistics.locations
    dimensionHeatmap = statistics.sizes
    classNames = row.classNames
    cached = isCached
    sampleSize = statistics.sampleSize
  }
}
#endif
