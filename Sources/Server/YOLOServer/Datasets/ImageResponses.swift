#if Server
import YOLOGeometry

/// An image of a dataset, in lists.
struct ImageData: Encodable {
  let id: String
  let datasetId: String
  let name: String
  /// The same.
  let filename: String
  let hash: String
  let ext: String
  let split: String
  let width: Int
  let height: Int
  let bytes: Int
  let labelCount: Int
  /// The labels as objects, as many as a preview needs.
  let labels: [ImageLabel]?
  let labelsTruncated: Bool?
  /// The same labels as rows of numbers, the class first, coordinates from 0 to 1.
  let rows: [[Float]]?
  let url: String
  let imageUrl: String
  let thumbnailUrl: String
  let createdAt: Timestamp

  init(_ row: ImageRow, task: VisionTask, url: String, withLabels: Bool) {
    id = row.id
    datasetId = row.dataset
    name = row.name
    filename = row.name
    hash = String(row.sha.prefix(32))
    ext = ImageRow.suffix(of: row.name)
    split = row.split
    width = row.width
    height = row.height
    bytes = row.bytes
    labelCount = row.labels
    let numbers = withLabels ? row.numbers : []
    let preview = LabelPreview(numbers, task: task)
    labels = withLabels ? preview.labels : nil
    labelsTruncated = preview.isTruncated ? true : nil
    rows = withLabels ? Array(numbers.prefix(preview.labels.count)) : nil
    self.url = url
    imageUrl = url
    thumbnailUrl = url
    createdAt = Timestamp(row.created)
  }
}

/// The answer of `GET …/images`.
struct ImageList: Encodable {
  let images: [ImageData]
  let total: Int?
  let hasMore: Bool
  let nextCursor: String?
  let classes: [String]
  /// The images that the last file had and that were left out.
  let errorCount: Int
}

/// What is to be known of an image besides its labels.
struct ImageProperties: Encodable {
  let id: String
  let datasetId: String
  let filename: String
  let hash: String
  let `extension`: String
  let split: String
  let width: Int
  let height: Int
  let bytes: Int
  let annotationCount: Int
  let labelCount: Int
  let classIds: [Int]
  let retainedByVersion: Bool
  let region: String
  let url: String
  let createdAt: Timestamp
  let updatedAt: Timestamp

  init(_ row: ImageRow, _ rows: [[Float]], url: String, region: String) {
    id = row.id
    datasetId = row.dataset
    filename = row.name
    hash = String(row.sha.prefix(32))
    self.extension = ImageRow.suffix(of: row.name)
    split = row.split
    width = row.width
    height = row.height
    bytes = row.bytes
    annotationCount = row.labels
    labelCount = row.labels
    classIds = Set(rows.compactMap { $0.first.map { Int($0) } }).sorted()
    retainedByVersion = row.isVersioned
    self.region = region
    self.url = url
    createdAt = Timestamp(row.created)
    updatedAt = Timestamp(row.updated ?? row.created)
  }
}

/// The answer of `GET /api/images/{imageId}`.
struct ImageDetail: Encodable {
  let properties: ImageProperties
  let metadata: StoredJSON
  let labels: [ImageLabel]
  /// The same labels as rows of numbers, the class first.
  let rows: [[Float]]
  let classNames: [String]
  /// The same.
  let classes: [String]
  let task: VisionTask
  let owner: String
  let dataset: String
}

/// The answer to a changed part or labels.
struct ChangedLabels: Encodable {
  let success = true
  let labels: [ImageLabel]
  let rows: [[Float]]
  let labelCount: Int
  let split: String
}

/// The answer to changed metadata.
struct ChangedMetadata: Encodable {
  let success = true
  let metadata: StoredJSON
  let updatedAt: Timestamp
}

/// The answer to a deleted image.
struct DeletedImage: Encodable {
  let success = true
  let deletedImageId: String
  let deletedCount = 1
}

/// The answer of `DELETE /api/images/bulk`.
struct DeletedImages: Encodable {
  let success = true
  let deletedCount: Int
  let deletedImageIds: [String]
}

/// The answer of `PATCH /api/images/bulk`.
struct MovedImages: Encodable {
  let success = true
  let modifiedCount: Int
  let skippedCount: Int
  let targetSplit: String
}

/// The answer of `POST /api/images/urls`.
struct ImageAddresses: Encodable {
  let urls: [String: String]
  let thumbnails: [String: String]
  let depths: [String: String] = [:]
}

/// The answer of `POST /api/images/{imageId}/predict`.
struct PredictedLabels: Encodable {
  let success = true
  let predictions: [ImageLabel]
  let modelUsed: String
  /// In milliseconds.
  let inferenceTime: Double
}
#endif
