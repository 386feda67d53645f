#if Server
import HTTPTypes
import Hummingbird
import JSONText
import YOLOSystem

/// Answers what is asked about deployments.
///
/// Paths with an identifier answer in the envelope of the first documents, paths with names are
/// flat. Deployments are their owner's alone, whoever may see the model.
struct DeploymentController: Sendable {
  let deployments: DeploymentRepository
  let engine: any DeploymentEngine
  let metrics: DeploymentMetrics
  let proxy: DeploymentProxy
  let signal: WakeSignal
  let origins: OriginPolicy
  /// Where the data are, as answers call it.
  let region: String

  /// The body of `POST`.
  private struct Creation: Decodable {
    struct Resources: Decodable {
      let cpu: Int?
      let memoryGi: Int?
      let minInstances: Int?
      let maxInstances: Int?
    }

    let modelId: String?
    let project: String?
    let model: String?
    let deployment: String?
    let name: String?
    let region: String?
    let cpu: Int?
    let memoryGi: Int?
    let minInstances: Int?
    let maxInstances: Int?
    let resources: Resources?

    /// What the deployment is to be.
    func draft() throws(APIError) -> DeploymentDraft {
      guard let region else {
        throw .invalidField("region", expected: "the name of a region", "region is missing.")
      }
      var draft = DeploymentDraft(slug: deployment, name: name, region: region)
      apply(to: &draft.resources)
      return draft
    }

    func apply(to resources: inout DeploymentResources) {
      let given = self.resources
      if let cpu = cpu ?? given?.cpu { resources.cpu = cpu }
      if let memory = memoryGi ?? given?.memoryGi { resources.memory = memory }
      if let minimum = minInstances ?? given?.minInstances { resources.minInstances = minimum }
      if let maximum = maxInstances ?? given?.maxInstances {
        resources.maxInstances = maximum
      } else {
        resources.maxInstances = max(resources.maxInstances, resources.minInstances)
      }
    }
  }

  /// The body of `PATCH`.
  private struct Changes: Decodable {
    let action: String?
    let project: String?
    let model: String?
    let name: String?
    let metadata: StoredJSON?
    let sizes: Creation

    private enum Key: CodingKey { case action, project, model, name, metadata }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      action = try container.decodeIfPresent(String.self, forKey: .action)
      project = try container.decodeIfPresent(String.self, forKey: .project)
      model = try container.decodeIfPresent(String.self, forKey: .model)
      name = try container.decodeIfPresent(String.self, forKey: .name)
      metadata = try container.decodeIfPresent(StoredJSON.self, forKey: .metadata)
      sizes = try Creation(from: decoder)
    }
  }

  // MARK: Paths with an identifier

  /// `GET /api/deployments`.
  func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let query = QueryReader(request)
    let page = try query.page(default: 20, maximum: 100)
    let filter = DeploymentRepository.Filter(
      model: try query.text("modelId", limit: 100).map { .id($0) },
      status: try query.choice("status", of: DeploymentStatus.allCases.map(\.rawValue)))
    let (rows, total) = try await deployments.list(of: try context.account(), filter, page: page)
    let origin = try origins.origin(of: request, context)
    return try .encoded(
      ListEnvelope(
        data: rows.map { DeploymentData($0, origin: origin) },
        meta: PageData(page: page.number, limit: page.limit, total: total)))
  }

  /// `POST /api/deployments`.
  func create(_ request: Request, _ context: ServerContext) async throws -> Response {
    let asked = try await request.decoded(Creation.self, context)
    guard let model = asked.modelId else {
      throw APIError.invalidField(
        "modelId", expected: "the identifier of a model", "modelId is missing.")
    }
    let row = try await create(try asked.draft(), of: .id(model), context)
    let origin = try origins.origin(of: request, context)
    return try .encoded(Envelope(data: DeploymentData(row, origin: origin)), status: .created)
  }

  /// `GET /api/deployments/{deploymentId}`.
  func deployment(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await row(try context.locator("deploymentId"), context)
    let origin = try origins.origin(of: request, context)
    return try .encoded(Envelope(data: DeploymentData(row, origin: origin)))
  }

  /// `DELETE /api/deployments/{deploymentId}`.
  func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await delete(try context.locator("deploymentId"), context)
    return try .encoded(Envelope(data: ResourceIdentity(id: row.id)))
  }

  /// `POST /api/deployments/{deploymentId}/start`.
  func start(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await deployments.start(
      try context.locator("deploymentId"), by: try context.account())
    return try changed(row, request, context)
  }

  /// `POST /api/deployments/{deploymentId}/stop`.
  func stop(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await deployments.stop(
      try context.locator("deploymentId"), by: try context.account())
    return try changed(row, request, context)
  }

  private func changed(
    _ row: DeploymentRow, _ request: Request, _ context: ServerContext
  ) throws -> Response {
    signal.send()
    let origin = try origins.origin(of: request, context)
    return try .encoded(Envelope(data: DeploymentData(row, origin: origin)), status: .accepted)
  }

  /// `GET /api/deployments/{deploymentId}/metrics`.
  func measures(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await row(try context.locator("deploymentId"), context)
    return try .encoded(Envelope(data: try await measures(of: row, QueryReader(request))))
  }

  /// `GET /api/deployments/{deploymentId}/logs`.
  func log(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await row(try context.locator("deploymentId"), context)
    let (entries, token) = try await lines(of: row, QueryReader(request))
    return try .encoded(
      DeploymentLogEnvelope(data: entries, meta: DeploymentLogEnvelope.Meta(nextPageToken: token)))
  }

  /// `POST /api/deployments/{deploymentId}/predict`.
  func predict(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await row(try context.locator("deploymentId"), context)
    return try await proxy.pass(request, context, to: row, path: "/predict", style: .platform)
  }

  // MARK: Paths with names

  /// `GET /api/deployments/{owner}`.
  func listOfOwner(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try owner(context)
    let query = QueryReader(request)
    let page = try query.page(default: 20, maximum: 100)
    let names = try query.text("model", limit: 257)?.split(separator: "/").map(String.init)
    if let names, names.count != 2 {
      throw APIError.invalidField(
        "model", given: names.joined(separator: "/").excerpt(), expected: "PROJECT/MODEL",
        "model must be the slugs of a project and a model with a slash between them.")
    }
    let filter = DeploymentRepository.Filter(
      model: names.map { .path([account.username] + $0) },
      status: try query.choice("status", of: DeploymentStatus.allCases.map(\.rawValue)))
    let (rows, total) = try await deployments.list(of: account, filter, page: page)
    let origin = try origins.origin(of: request, context)
    return try .encoded(
      DeploymentList(
        deployments: rows.map { DeploymentData($0, origin: origin) }, total: total, region: region))
  }

  /// `POST /api/deployments/{owner}`.
  func createNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try owner(context)
    let asked = try await request.decoded(Creation.self, context)
    for (name, value) in [
      ("project", asked.project), ("model", asked.model), ("deployment", asked.deployment),
    ] where value == nil {
      throw APIError.invalidField(name, expected: "a slug", "\(name) is missing.")
    }
    let model = ResourceLocator.path([account.username, asked.project ?? "", asked.model ?? ""])
    var draft = try asked.draft()
    draft.name = draft.name ?? draft.slug
    let row = try await create(draft, of: model, context)
    return try .encoded(
      CreatedDeployment(
        id: row.id, deployment: row.slug, status: row.status,
        message: "The deployment is being started.", region: row.region),
      status: .created)
  }

  /// `GET /api/deployments/{owner}/{deployment}`.
  func deploymentOfOwner(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await row(try named(context), context)
    let origin = try origins.origin(of: request, context)
    return try .encoded(
      DeploymentDetail(deployment: DeploymentData(row, origin: origin), region: region))
  }

  /// `PATCH /api/deployments/{owner}/{deployment}`.
  func update(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let locator = try named(context)
    let asked = try await request.decoded(Changes.self, context)
    let row: DeploymentRow
    let message: String
    switch asked.action {
    case "start":
      row = try await deployments.start(locator, by: account)
      message = "The deployment is being started."
    case "stop":
      row = try await deployments.stop(locator, by: account)
      message = "The deployment is being stopped."
    case "replace":
      guard let project = asked.project, let model = asked.model else {
        let name = asked.project == nil ? "project" : "model"
        throw APIError.invalidField(name, expected: "a slug", "\(name) is missing.")
      }
      row = try await deployments.replace(
        locator, with: .path([account.username, project, model]), name: asked.name, by: account)
      message = "The model is being replaced."
    case "resize":
      let sizes = asked.sizes
      row = try await deployments.resize(locator, { sizes.apply(to: &$0) }, by: account)
      message = "The deployment is being resized."
    case "camera":
      throw APIError.notFound("Cameras of deployments are not available on this server.")
    case nil where asked.name != nil || asked.metadata != nil:
      row = try await deployments.update(
        locator, name: asked.name, metadata: asked.metadata, by: account)
      message = "The deployment is \(row.slug)."
    default:
      throw APIError.invalidField(
        "action", given: asked.action?.excerpt(),
        expected: "start, stop, replace, resize, or instead of it name or metadata",
        "action must be start, stop, replace or resize; without it name or metadata is changed.")
    }
    signal.send()
    // What is being created is being deployed, as the later documents call it.
    let status = row.status == .creating ? .deploying : row.status
    return try .encoded(
      UpdatedDeployment(status: status, message: message, deployment: row.slug),
      status: [.deploying, .stopping].contains(status) ? .accepted : .ok)
  }

  /// `DELETE /api/deployments/{owner}/{deployment}`.
  func deleteNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    _ = try await delete(try named(context), context)
    return try .encoded(DeletedDeployment())
  }

  /// `GET /api/deployments/{owner}/{deployment}/health`.
  func health(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await row(try named(context), context)
    return try .encoded(await proxy.health(of: row, context))
  }

  /// `GET /api/deployments/{owner}/{deployment}/metrics`.
  func measuresOfOwner(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await row(try named(context), context)
    let query = QueryReader(request)
    if try query.flag("sparkline") == true {
      return try .encoded(DeploymentSparkline(try await metrics.series(row.id, .day)))
    }
    return try .encoded(try await measures(of: row, query))
  }

  /// `GET /api/deployments/{owner}/{deployment}/logs`.
  func logOfOwner(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await row(try named(context), context)
    let (entries, token) = try await lines(of: row, QueryReader(request))
    return try .encoded(DeploymentLogPage(entries: entries, nextPageToken: token))
  }

  /// `POST /api/deployments/{owner}/{deployment}/predict`.
  func predictOfOwner(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await row(try named(context), context)
    return try await proxy.pass(request, context, to: row, path: "/predict", style: .platform)
  }

  // MARK: The service

  /// `POST /d/{owner}/{deployment}`, and `/predict` below it: as a dedicated server answers.
  func serve(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await row(try named(context), context)
    return try await proxy.pass(request, context, to: row, path: "/predict", style: .hub)
  }

  // MARK: What they share

  private func named(_ context: ServerContext) throws(APIError) -> ResourceLocator {
    try context.locator("owner", "deployment")
  }

  private func row(
    _ locator: ResourceLocator, _ context: ServerContext
  ) async throws -> DeploymentRow {
    try await deployments.deployment(locator, of: try context.account())
  }

  /// Returns the account of the key, which the path must name.
  private func owner(_ context: ServerContext) throws -> Account {
    let account = try context.account()
    let owner = try context.pathName("owner")
    guard owner == account.username else { throw PlatformError.unknownAccount(owner.excerpt()) }
    return account
  }

  private func create(
    _ draft: DeploymentDraft, of model: ResourceLocator, _ context: ServerContext
  ) async throws -> DeploymentRow {
    let row = try await deployments.create(draft, of: model, by: try context.account())
    signal.send()
    return row
  }

  private func delete(
    _ locator: ResourceLocator, _ context: ServerContext
  ) async throws -> DeploymentRow {
    let row = try await deployments.delete(locator, by: try context.account())
    signal.send()
    Task { try await engine.forget(row.id) }
    return row
  }

  private func measures(
    of row: DeploymentRow, _ query: QueryReader
  ) async throws -> DeploymentMeasures {
    let name = try query.choice("range", of: DeploymentMetrics.Range.allCases.map(\.rawValue))
    let range = name.flatMap(DeploymentMetrics.Range.init(rawValue:)) ?? .day
    let isOverview = try query.choice("view", of: ["overview"]) != nil
    return DeploymentMeasures(
      row, try await metrics.series(row.id, range), isOverview: isOverview)
  }

  private func lines(
    of row: DeploymentRow, _ query: QueryReader
  ) async throws -> (entries: [LogEntry], nextToken: String?) {
    let limit = try query.integer("limit", in: 1...200) ?? 50
    var severities: Set<LogSeverity>?
    if let text = try query.text("severity", limit: 200) {
      severities = []
      for name in text.split(separator: ",") {
        let plain = String(name.filter { $0 != " " })
        guard let severity = LogSeverity(name: plain) else {
          let expected = LogSeverity.allCases.map(\.rawValue).joined(separator: ", ")
          throw APIError.invalidField(
            "severity", given: plain.excerpt(), expected: "some of \(expected)",
            "There is no severity \(plain.excerpt()).")
        }
        severities?.insert(severity)
      }
    }
    return try await engine.log(
      of: row, severities, limit: limit, token: try query.text("pageToken", limit: 4096))
  }
}
#endif
