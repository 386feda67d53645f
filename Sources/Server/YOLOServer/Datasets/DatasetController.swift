#if Server
import GRDB
import HTTPTypes
import Hummingbird
import JSONText
import YOLODatasets
import YOLOGeometry
import YOLOSystem

/// Answers what is asked about datasets.
///
/// Paths with an identifier answer in the envelope of the first documents, paths with names are
/// flat.
struct DatasetController: Sendable {
  let accounts: AccountRepository
  let datasets: DatasetRepository
  let ingests: IngestRepository
  let exporter: DatasetExporter
  let versions: VersionRepository
  let uploads: UploadRepository
  let predictor: ImagePredictor
  let statistics: StatisticsCache
  let signal: WakeSignal
  /// What fetches from addresses; nil if the operator does not allow it.
  let fetcher: SourceFetcher?
  let origins: OriginPolicy
  /// Where the data are, as answers call it.
  let region: String

  /// The body of `POST /api/datasets` and `POST …/clone`.
  private struct Creation: Decodable {
    let name: String?
    let dataset: String?
    /// The name that `dataset` had in between.
    let slug: String?
    let description: String?
    let task: String?
    let visibility: String?
    let tags: [String]?
    let license: String?
    let metadata: StoredJSON?
    let owner: String?
    let classNames: [String]?
    let kptShape: [Int]?
    let flipIdx: [Int]?
  }

  /// The body of `PATCH`.
  private struct Changes: Decodable {
    let starred: Bool?
    let name: String?
    let description: String?
    let visibility: String?
    let tags: [String]?
    let license: String?
    let metadata: StoredJSON?
    let classNames: [String]?
  }

  /// The body of `POST …/ingest`.
  private struct Ingest: Decodable {
    let sessionId: String?
    let sourceUrl: String?
    let targetSplit: String?
    let conflictPolicy: String?
    let classMapping: [String: ClassTarget?]?
    let reference: StoredJSON?
  }

  /// The tasks that datasets have labels for.
  static let tasks = VisionTask.labeled.map(\.rawValue)

  // MARK: Paths with an identifier

  /// `GET /api/datasets`.
  func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let query = QueryReader(request)
    let page = try query.page(default: 20, maximum: 100)
    let filter = DatasetRepository.Filter(
      task: try query.choice("task", of: Self.tasks).flatMap(VisionTask.init(rawValue:)),
      search: try query.text("search", limit: 100))
    let account = try context.account()
    let (rows, total) = try await datasets.list(
      of: account, viewer: account, filter, page: page)
    return try .encoded(
      ListEnvelope(
        data: rows.map { DatasetData($0, region: region) },
        meta: PageData(page: page.number, limit: page.limit, total: total)))
  }

  /// `GET /api/datasets/{datasetId}`.
  func dataset(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await datasets.dataset(
      try context.locator("datasetId"), viewer: context.key?.account)
    let versions = try await versions.list(of: row.id)
    return try .encoded(
      Envelope(data: DatasetData(row, region: region, versions: versions)))
  }

  /// `POST /api/datasets` without the member `dataset`.
  func create(_ request: Request, _ context: ServerContext) async throws -> Response {
    let asked = try await request.decoded(Creation.self, context)
    let row = try await create(asked, slug: asked.slug, context)
    return try .encoded(
      Superset(data: DatasetData(row, region: region), flat: created(row)), status: .created)
  }

  /// `DELETE /api/datasets/{datasetId}`.
  func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await datasets.trash(
      try context.locator("datasetId"), by: try context.account())
    return try .encoded(Envelope(data: TrashedIdentity(id: row.id)))
  }

  /// `GET /api/datasets/{datasetId}/export`.
  func export(_ request: Request, _ context: ServerContext) async throws -> Response {
    let export = try await export(try context.locator("datasetId"), request, context)
    return try .encoded(Envelope(data: DatasetExportData(export)))
  }

  // MARK: Paths with names

  /// `GET /api/datasets/{owner}`.
  func listOfOwner(_ request: Request, _ context: ServerContext) async throws -> Response {
    let page = try QueryReader(request).page(default: 20, maximum: 1000)
    let owner = try await accounts.account(named: context.pathName("owner"))
    let (rows, total) = try await datasets.list(
      of: owner, viewer: context.key?.account, page: page)
    return try .encoded(
      DatasetList(
        datasets: rows.map { DatasetData($0, region: region) }, total: total, region: region))
  }

  /// `GET /api/datasets/{owner}/{dataset}`.
  func datasetOfOwner(_ request: Request, _ context: ServerContext) async throws -> Response {
    let viewer = context.key?.account
    let locator = try context.locator("owner", "dataset")
    let row = try await datasets.dataset(locator, viewer: viewer)
    let isOwner = row.account == viewer?.id
    var ingest: IngestRow?
    if isOwner, let viewer { ingest = try await ingests.last(of: .id(row.id), by: viewer) }
    return try .encoded(
      DatasetDetail(
        dataset: DatasetData(
          row, region: region, versions: try await versions.list(of: row.id)),
        isOwner: isOwner,
        ingest: ingest.map(IngestData.init)))
  }

  /// `POST /api/datasets` with the member `dataset`.
  func createNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    let asked = try await request.decoded(Creation.self, context)
    return try .encoded(
      created(try await create(asked, slug: asked.dataset, context)), status: .created)
  }

  /// `PATCH /api/datasets/{owner}/{dataset}`.
  func update(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let locator = try context.locator("owner", "dataset")
    let asked = try await request.decoded(Changes.self, context)
    if let starred = asked.starred {
      let count = try await datasets.star(locator, starred, by: account)
      return try .encoded(StarData(starred: starred, starCount: count))
    }
    let changes = DatasetChanges(
      name: asked.name, description: asked.description,
      visibility: try Visibility(named: asked.visibility), tags: asked.tags,
      license: asked.license, metadata: asked.metadata, classNames: asked.classNames)
    let row = try await datasets.update(locator, changes, by: account)
    return try .encoded(UpdatedDataset(dataset: row.slug))
  }

  /// `DELETE /api/datasets/{owner}/{dataset}`.
  func deleteNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    _ = try await datasets.trash(
      try context.locator("owner", "dataset"), by: try context.account())
    return try .encoded(TrashedResource())
  }

  /// `POST /api/datasets/{owner}/{dataset}/clone`.
  func clone(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try await request.decoded(Creation.self, context)
    try account.check(owner: asked.owner)
    let visibility = try Visibility(named: asked.visibility)
    let row = try await datasets.clone(
      try context.locator("owner", "dataset"), to: account
    ) { source in
      DatasetDraft(
        name: asked.name ?? source.name, slug: asked.dataset, task: source.task,
        description: asked.description ?? source.description, visibility: visibility ?? .private,
        tags: source.tags, license: asked.license ?? source.license, metadata: source.metadata,
        classNames: source.classNames, keypointShape: source.keypointShape,
        keypointFlip: source.keypointFlip)
    }
    return try .encoded(ClonedDataset(row, region: region), status: .created)
  }

  /// `POST /api/datasets/{owner}/{dataset}/ingest`.
  func ingest(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let locator = try context.locator("owner", "dataset")
    let asked = try await request.decoded(Ingest.self, context)
    if asked.reference != nil {
      throw APIError.notFound("Datasets of other providers are not available on this server.")
    }
    try ResourceName.check("targetSplit", asked.targetSplit, in: Dataset.splits)
    try ResourceName.check("conflictPolicy", asked.conflictPolicy, in: ConflictPolicy.names)
    let options = IngestOptions(
      split: asked.targetSplit,
      policy: asked.conflictPolicy.flatMap(ConflictPolicy.init(rawValue:)),
      classMapping: asked.classMapping)
    if let source = asked.sourceUrl {
      let job = try await ingest(source, asked.sessionId, into: locator, options, by: account)
      return try .encoded(
        IngestAccepted(jobId: job.id, status: job.status), status: .created)
    }
    guard let session = asked.sessionId else {
      throw APIError.invalidField(
        "sessionId", expected: "the identifier of an upload", "sessionId is missing.")
    }
    let dataset = try await datasets.dataset(locator, of: account)
    let upload = try await uploads.upload(session, of: account)
    let file = try DatasetUploads.reference(dataset: dataset.id, upload: upload.id)
    guard upload.redeemed != nil, upload.request.asset == dataset.id else {
      throw APIError.conflict("The upload \(session.excerpt()) is not complete, or of another set.")
    }
    let job = try await ingests.add(
      file, named: upload.request.filename, to: locator, options, by: account)
    signal.send()
    return try .encoded(
      IngestAccepted(jobId: job.id, status: job.status), status: .created)
  }

  private func ingest(
    _ source: String, _ session: String?, into locator: ResourceLocator,
    _ options: IngestOptions, by account: Account
  ) async throws -> IngestRow {
    guard session == nil else {
      throw APIError.invalidField(
        "sourceUrl", expected: "no sessionId beside it",
        "sessionId and sourceUrl are two sources; name one of them.")
    }
    guard let fetcher else {
      throw APIError.notFound(
        "This server fetches no datasets from addresses (--source-urls): upload the file.")
    }
    try fetcher.check(source)
    let job = try await ingests.add(source: source, to: locator, options, by: account)
    signal.send()
    return job
  }

  private func create(
    _ asked: Creation, slug: String?, _ context: ServerContext
  ) async throws -> DatasetRow {
    let account = try context.account()
    try account.check(owner: asked.owner)
    guard let name = asked.name else {
      throw APIError.invalidField("name", expected: "a value", "name is missing.")
    }
    try ResourceName.check("task", asked.task, in: Self.tasks)
    let draft = DatasetDraft(
      name: name, slug: slug, task: asked.task.flatMap(VisionTask.init(rawValue:)),
      description: asked.description,
      visibility: try Visibility(named: asked.visibility) ?? .private,
      tags: asked.tags, license: asked.license, metadata: asked.metadata,
      classNames: asked.classNames ?? [], keypointShape: asked.kptShape, keypointFlip: asked.flipIdx
    )
    return try await datasets.create(draft, of: account)
  }

  private func created(_ row: DatasetRow) -> CreatedDataset {
    CreatedDataset(id: row.id, owner: row.owner, dataset: row.slug, region: region)
  }
}

/// Files that are uploaded for datasets; they wait at a reference of the set until they are asked
/// to be taken in.
struct DatasetUploads: UploadTarget {
  let datasets: DatasetRepository

  var assetType: UploadAssetType { .datasets }
  var scope: Scope { .datasets }

  /// Where the file of an upload waits.
  static func reference(
    dataset: String, upload: String
  ) throws(PlatformError) -> ObjectReference {
    try ObjectReference(.datasets, owner: dataset, name: "upload-\(upload)")
  }

  func check(_ request: UploadRequest, of account: Account) async throws {
    _ = try await datasets.dataset(.id(request.asset), of: account)
    let limit = account.limits.datasetUploadBytes
    guard (request.bytes ?? 0) <= limit else {
      throw APIError.forbidden(
        "A file for a dataset may have \(limit) bytes with the plan \(account.plan.title); divide "
          + "the archive, and send one part after the other.",
        details: [JSONMember("limit", .int(limit))])
    }
  }

  func receive(
    _ upload: ReceivedUpload
  ) async throws -> @Sendable (_ database: GRDB.Database) throws -> Void {
    let reference = try Self.reference(
      dataset: upload.upload.request.asset, upload: upload.upload.id)
    return { try upload.adopt($0, as: reference) }
  }
}
#endif
