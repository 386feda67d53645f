#if Server
import HTTPTypes
import Hummingbird
import JSONText
import YOLOSystem

/// Answers what is asked about the models of projects.
///
/// Paths with an identifier answer in the envelope of the first documents, paths with names are
/// flat.
struct ProjectModelController: Sendable {
  let models: ModelRepository
  let trainings: TrainingRepository
  /// The files of models, and what runs them.
  let storage: ModelFiles
  /// Where the data are, as answers call it.
  let region: String

  /// The body of `POST /api/models`, and of `POST …/clone`.
  private struct Creation: Decodable {
    let owner: String?
    let project: String?
    let projectId: String?
    let model: String?
    /// The name that `model` had in between.
    let slug: String?
    let name: String?
    let description: String?
    let metadata: StoredJSON?
    let task: String?
    let trainArgs: StoredJSON?
    let trainResults: [EpochResult]?
    let epochs: Int?
    let metrics: [String: Double]?
    let version: String?
    let docs: String?
    let environment: StoredJSON?
    let completedAt: String?

    /// What the model is to be.
    func draft(slug: String?) throws(PlatformError) -> ModelDraft {
      let completed = completedAt.map { QueryReader.seconds($0) }
      if let completed, completed == nil {
        throw .invalid(
          argument: "completedAt", given: (completedAt ?? "").excerpt(),
          expected: "a time such as 2026-01-31T08:00:00Z")
      }
      return ModelDraft(
        name: name, slug: slug, description: description, task: task, version: version,
        docs: docs, epochs: epochs, metrics: metrics, trainArgs: trainArgs,
        trainResults: trainResults, environment: environment, metadata: metadata,
        completed: completed ?? nil)
    }
  }

  /// The body of `PATCH`.
  private struct Changes: Decodable {
    let starred: Bool?
    let projectId: String?
    let name: String?
    let description: String?
    let status: String?
    let license: String?
    let color: Nullable<String>?
    let version: String?
    let datasetSlug: Nullable<String>?
    let epochs: Int?
    let bestEpoch: Int?
    let bestFitness: Double?
    let trainArgs: StoredJSON?
    let trainResults: [EpochResult]?
    let trainingError: TrainingFailure?
    let metadata: StoredJSON?
  }

  // MARK: Paths with an identifier

  /// `GET /api/models`.
  func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let query = QueryReader(request)
    let page = try query.page(default: 20, maximum: 100)
    let filter = ModelRepository.Filter(
      project: try query.text("projectId", limit: 100),
      task: try query.choice("task", of: ModelTask.names),
      status: try query.choice("status", of: ModelStatus.allCases.map(\.rawValue)))
    let (rows, total) = try await models.list(for: try context.account(), filter, page: page)
    return try .encoded(
      ListEnvelope(
        data: rows.map { ModelData($0) },
        meta: PageData(page: page.number, limit: page.limit, total: total)))
  }

  /// `GET /api/models/{modelId}`.
  func model(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await models.model(
      try context.locator("modelId"), viewer: context.key?.account)
    let details = try await trainings.details(of: row, viewer: context.key?.account)
    return try .encoded(Envelope(data: ModelData(row, details)))
  }

  /// `POST /api/models` with the member `projectId`.
  func create(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try await request.decoded(Creation.self, context)
    guard let project = asked.projectId else {
      throw APIError.invalidField(
        "projectId", expected: "the identifier of a project",
        "projectId is missing: name the project of the model, or send a form with its file.")
    }
    let row = try await models.create(
      try asked.draft(slug: asked.model ?? asked.slug), in: .id(project), of: account)
    return try .encoded(
      Superset(data: ModelData(row), flat: created(row)), status: .created)
  }

  /// `DELETE /api/models/{modelId}`.
  func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await models.trash(
      try context.locator("modelId"), by: try context.account())
    return try .encoded(Envelope(data: ResourceIdentity(id: row.id)))
  }

  // MARK: Paths with names

  /// `GET /api/models/{owner}/{project}`.
  func listOfProject(_ request: Request, _ context: ServerContext) async throws -> Response {
    let page = try QueryReader(request).page(default: 20, maximum: 100)
    let rows = try await models.list(
      of: try context.locator("owner", "project"), viewer: context.key?.account,
      limit: page.limit)
    return try .encoded(ProjectModelList(models: rows.map { ModelData($0) }, region: region))
  }

  /// `GET /api/models/{owner}/{project}/{model}`.
  func modelOfProject(_ request: Request, _ context: ServerContext) async throws -> Response {
    let viewer = context.key?.account
    if try QueryReader(request).flag("analysis") == true {
      throw APIError.notFound("The analysis of models is not available on this server.")
    }
    let row = try await models.model(
      try context.locator("owner", "project", "model"), viewer: viewer)
    let details = try await trainings.details(of: row, viewer: viewer)
    return try .encoded(
      ModelDetail(model: ModelData(row, details), isOwner: row.account == viewer?.id))
  }

  /// `POST /api/models` with the member `project`.
  func createNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try await request.decoded(Creation.self, context)
    try account.check(owner: asked.owner)
    let row = try await models.create(
      try asked.draft(slug: asked.model), in: .path([account.username, asked.project ?? ""]),
      of: account)
    return try .encoded(created(row), status: .created)
  }

  /// `PATCH /api/models/{owner}/{project}/{model}`.
  func update(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let locator = try context.locator("owner", "project", "model")
    let asked = try await request.decoded(Changes.self, context)
    if let starred = asked.starred {
      let count = try await models.star(locator, starred, by: account)
      return try .encoded(StarData(starred: starred, starCount: count))
    }
    if let project = asked.projectId {
      let before = try await models.model(locator, viewer: account)
      let row = try await models.move(locator, to: project, by: account)
      return try .encoded(
        UpdatedResource(
          model: row.slug, slug: row.slug, name: row.name, renamed: row.slug != before.slug,
          projectSlug: row.projectSlug))
    }
    try ResourceName.check("status", asked.status, in: ModelStatus.settable.map(\.rawValue))
    if let slug = asked.datasetSlug?.value {
      throw PlatformError.unknownResource(.dataset, "\(account.username)/\(slug.excerpt())")
    }
    let changes = ModelChanges(
      name: asked.name, description: asked.description,
      status: asked.status.flatMap(ModelStatus.init(rawValue:)), license: asked.license,
      color: asked.color,
      version: asked.version, dataset: asked.datasetSlug, epochs: asked.epochs,
      bestEpoch: asked.bestEpoch, bestFitness: asked.bestFitness, trainArgs: asked.trainArgs,
      trainResults: asked.trainResults, trainingError: asked.trainingError,
      metadata: asked.metadata)
    let row = try await models.update(locator, changes, by: account)
    return try .encoded(UpdatedResource(model: row.slug))
  }

  /// `DELETE /api/models/{owner}/{project}/{model}`.
  func deleteNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    _ = try await models.trash(
      try context.locator("owner", "project", "model"), by: try context.account())
    return try .encoded(TrashedResource())
  }

  /// `POST /api/models/{owner}/{project}/{model}/clone`.
  func clone(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try await request.decoded(Creation.self, context)
    try account.check(owner: asked.owner)
    guard let project = asked.project else {
      throw APIError.invalidField("project", expected: "a value", "project is missing.")
    }
    let row = try await models.clone(
      try context.locator("owner", "project", "model"), to: project, of: account,
      ModelDraft(name: asked.name, slug: asked.model, description: asked.description))
    return try .encoded(created(row), status: .created)
  }

  func created(_ row: ModelRow) -> CreatedResource {
    CreatedResource(
      id: row.id, owner: row.owner, project: row.projectSlug, model: row.slug, name: row.name,
      region: region)
  }
}
#endif
