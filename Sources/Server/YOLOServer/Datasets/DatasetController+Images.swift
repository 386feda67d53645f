#if Server
import Hummingbird
import YOLODatasets
import YOLOSystem

/// Images: those of a dataset, single ones, and many at once.
extension DatasetController {
  /// The maximum number of images that a request changes, and that it asks addresses of.
  static let maximumImages = 1000
  static let maximumAddresses = 100

  /// The body of `POST …/images`, `POST /api/images/urls` and `DELETE /api/images/bulk`.
  private struct Selection: Decodable {
    let imageIds: [String]
  }

  /// The body of `PATCH /api/images/{imageId}`.
  private struct Changes: Decodable {
    let split: String?
    let labels: [LabelInput]?
    let metadata: StoredJSON?
  }

  /// The body of `PATCH /api/images/bulk`.
  private struct Move: Decodable {
    let imageIds: [String]
    let split: String
    let conflictPolicy: String?
  }

  /// The body of `POST /api/images/{imageId}/predict`.
  private struct Prediction: Decodable {
    let modelId: String
    let confidence: Double?
    let iou: Double?
  }

  /// `GET /api/datasets/{owner}/{dataset}/images`.
  func images(_ request: Request, _ context: ServerContext) async throws -> Response {
    let query = QueryReader(request)
    var filter = try Self.filter(query)
    filter.cursor = try query.text("cursor", limit: 24)
    filter.offset = try query.integer("offset", in: 0...10_000_000) ?? 0
    filter.limit = try query.integer("limit", in: 1...5000) ?? 100
    return try await list(filter, query, request, context)
  }

  /// `POST /api/datasets/{owner}/{dataset}/images`.
  func selectedImages(_ request: Request, _ context: ServerContext) async throws -> Response {
    let query = QueryReader(request)
    var filter = try Self.filter(query)
    let ids = try await request.decoded(Selection.self, context).imageIds
    try Self.check(ids, maximum: Self.maximumImages)
    filter.ids = ids
    filter.limit = Self.maximumImages
    return try await list(filter, query, request, context)
  }

  private static func filter(_ query: QueryReader) throws -> ImageFilter {
    var filter = ImageFilter(
      split: try query.choice("split", of: Dataset.splits),
      isLabeled: try query.flag("hasLabel") ?? query.flag("labeled"),
      search: try query.text("search", limit: 200) ?? query.text("q", limit: 200),
      order: try query.choice("sort", of: ImageOrder.allCases.map(\.rawValue))
        .flatMap(ImageOrder.init(rawValue:)) ?? .newest)
    if let text = try query.text("classIds", limit: 1000) {
      let classes = text.split(separator: ",").map { Int($0) }
      guard !classes.contains(nil) else {
        throw APIError.invalidField(
          "classIds", given: text.excerpt(), expected: "classes with commas between them",
          "classIds must be classes with commas between them.")
      }
      filter.classes = classes.compactMap(\.self)
    }
    // Images with errors are left out when they are taken in.
    if try query.flag("hasError") == true { filter.ids = [] }
    return filter
  }

  private func list(
    _ filter: ImageFilter, _ query: QueryReader, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let viewer = context.key?.account
    let withLabels = try query.flag("includeLabels") ?? true
    let (row, images, total) = try await datasets.images(
      of: try context.locator("owner", "dataset"), filter,
      counts: try query.flag("includeTotal") ?? true, viewer: viewer)
    var faulty = 0
    if let viewer, viewer.id == row.account {
      faulty = try await ingests.last(of: .id(row.id), by: viewer)?.faulty ?? 0
    }
    let isFull = filter.ids == nil && images.count == filter.limit
    return try .encoded(
      ImageList(
        images: try images.map {
          ImageData(
            $0, task: row.task, url: try address(of: $0, request, context),
            withLabels: withLabels)
        }, total: total, hasMore: isFull, nextCursor: isFull ? images.last?.id : nil,
        classes: row.classNames, errorCount: faulty))
  }

  /// `GET /api/images/{imageId}`.
  func image(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (image, dataset) = try await datasets.image(
      try context.pathName("imageId"), viewer: context.key?.account)
    let rows = image.numbers
    return try .encoded(
      ImageDetail(
        properties: ImageProperties(
          image, rows, url: try address(of: image, request, context), region: region),
        metadata: image.metadata ?? .emptyObject,
        labels: LabelPreview(rows, task: dataset.task, isWhole: true).labels, rows: rows,
        classNames: dataset.classNames, classes: dataset.classNames, task: dataset.task,
        owner: dataset.owner, dataset: dataset.slug))
  }

  /// `PATCH /api/images/{imageId}`.
  func updateImage(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let id = try context.pathName("imageId")
    let asked = try await request.decoded(Changes.self, context)
    try ResourceName.check("split", asked.split, in: Dataset.splits)
    try asked.metadata?.checkObject("metadata")
    let (image, dataset) = try await datasets.updateImage(
      id,
      DatasetRepository.ImageChanges(
        split: asked.split, labels: asked.labels, metadata: asked.metadata), by: account)
    if let metadata = asked.metadata, asked.labels == nil, asked.split == nil {
      return try .encoded(
        ChangedMetadata(
          metadata: metadata, updatedAt: Timestamp(image.updated ?? image.created)))
    }
    let rows = image.numbers
    return try .encoded(
      ChangedLabels(
        labels: LabelPreview(rows, task: dataset.task, isWhole: true).labels, rows: rows,
        labelCount: image.labels, split: image.split))
  }

  /// `DELETE /api/images/{imageId}`.
  func deleteImage(_ request: Request, _ context: ServerContext) async throws -> Response {
    let id = try context.pathName("imageId")
    _ = try await datasets.deleteImages([id], by: try context.account())
    return try .encoded(DeletedImage(deletedImageId: id))
  }

  /// `PATCH /api/images/bulk`.
  func moveImages(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try await request.decoded(Move.self, context)
    try Self.check(asked.imageIds, maximum: Self.maximumImages)
    try ResourceName.check("split", asked.split, in: Dataset.splits)
    try ResourceName.check("conflictPolicy", asked.conflictPolicy, in: ConflictPolicy.names)
    let (moved, skipped) = try await datasets.moveImages(
      asked.imageIds, to: asked.split,
      asked.conflictPolicy.flatMap(ConflictPolicy.init(rawValue:)), by: account)
    return try .encoded(
      MovedImages(modifiedCount: moved, skippedCount: skipped, targetSplit: asked.split))
  }

  /// `DELETE /api/images/bulk`.
  func deleteImages(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let ids = try await request.decoded(Selection.self, context).imageIds
    try Self.check(ids, maximum: Self.maximumImages)
    let count = try await datasets.deleteImages(ids, by: account)
    return try .encoded(
      DeletedImages(deletedCount: count, deletedImageIds: Array(Set(ids)).sorted()))
  }

  /// `POST /api/images/urls`.
  func imageAddresses(_ request: Request, _ context: ServerContext) async throws -> Response {
    let ids = try await request.decoded(Selection.self, context).imageIds
    try Self.check(ids, maximum: Self.maximumAddresses)
    let images = try await datasets.images(ids, viewer: context.key?.account)
    let addresses = Dictionary(
      try images.map { ($0.id, try address(of: $0, request, context)) },
      uniquingKeysWith: { first, _ in first })
    return try .encoded(ImageAddresses(urls: addresses, thumbnails: addresses))
  }

  /// `POST /api/images/{imageId}/predict`.
  func predictImage(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let presence = try await context.channel.disconnectMonitor()
    let id = try context.pathName("imageId")
    let asked = try await request.decoded(Prediction.self, context)
    let (image, dataset) = try await datasets.image(id, viewer: account)
    guard dataset.account == account.id else {
      throw PlatformError.foreignResource(.dataset, dataset.slug)
    }
    let predicted = try await predictor.predict(
      image, of: dataset, with: asked.modelId, confidence: asked.confidence, iou: asked.iou,
      viewer: account, presence: presence)
    return try .encoded(predicted)
  }

  static func check(_ ids: [String], maximum: Int) throws(APIError) {
    guard (1...maximum).contains(ids.count) else {
      throw .invalidField(
        "imageIds", given: "\(ids.count) images", expected: "1 to \(maximum) images",
        "imageIds must be 1 to \(maximum) images.")
    }
  }

  private func address(
    of image: ImageRow, _ request: Request, _ context: ServerContext
  ) throws -> String {
    exporter.signer.address(
      of: try image.reference, for: .get,
      expires: exporter.clock() + DatasetExporter.imageLifetime,
      origin: try origins.origin(of: request, context))
  }
}
#endif
