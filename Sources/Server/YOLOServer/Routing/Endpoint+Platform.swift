#if Server
import HTTPTypes
import Hummingbird
import JSONText
import YOLOServerOptions

extension Endpoint {
  /// The Platform API.
  static let platform: [Endpoint] = [
    accounts, projects, projectModels, trainings, exports, deployments, datasets, activity, trash,
    webhooks, billing, privacy, uploads, storage, console,
  ].flatMap(\.self)

  /// Why any request of the platform may be refused.
  static let platformFailures = [401, 403, 429, 500, 503]
  /// Why a request with a body may be.
  static let bodyFailures = [408, 413, 415, 499]

  /// What answers for the platform.
  typealias PlatformHandler =
    @Sendable (PlatformControllers, Request, ServerContext) async throws -> Response

  /// An endpoint of the platform, whose calls are those of the account's plan.
  static func operation(
    _ method: HTTPRequest.Method, _ path: String, _ id: String, _ summary: String,
    _ access: Access, form: ErrorForm = .envelope, selection: Selection = .otherwise,
    parameters: [Parameter] = [], body: Body? = nil, answer: Answer, failures: [Int] = [],
    _ handler: @escaping PlatformHandler
  ) -> Endpoint {
    let template = PathTemplate(path)
    let named = template.segments.compactMap(\.parameterName).map(Parameter.inPath)
    return Endpoint(
      method: method, path: template, id: id, summary: summary, selection: selection,
      access: access, budget: .plan, form: form, parameters: named + parameters, body: body,
      answer: answer,
      failures: platformFailures + failures + (body == nil ? [] : bodyFailures)
    ) { try await handler(try $0.platform(), $1, $2) }
  }
}

extension Endpoint.Parameter {
  /// A parameter of the path, by its name.
  static func inPath(_ name: String) -> Endpoint.Parameter {
    let description =
      switch name {
      case "owner": "The name of the owner."
      case "project", "model", "dataset", "deployment": "The slug of the \(name)."
      default: "The identifier of the \(name.hasSuffix("Id") ? String(name.dropLast(2)) : name)."
      }
    return Endpoint.Parameter(name: name, location: .path, description: description)
  }

  /// An optional parameter of the query.
  static func query(
    _ name: String, _ description: String, _ schema: JSONValue = Schema.type("string")
  ) -> Endpoint.Parameter {
    Endpoint.Parameter(
      name: name, location: .query, description: description, schema: schema, isRequired: false)
  }

  /// The maximum number of elements of a list.
  static func limit(_ standard: Int, maximum: Int) -> Endpoint.Parameter {
    query(
      "limit", "The maximum number of elements.",
      Schema.adding(
        ["minimum": .int(1), "maximum": .int(maximum), "default": .int(standard)],
        to: Schema.type("integer")))
  }

  /// The number of a part of a list.
  static let page = query(
    "page", "The number of the part, from 1 on.",
    Schema.adding(["minimum": .int(1), "default": .int(1)], to: Schema.type("integer")))
}

/// What the endpoints of the platform are answered by.
struct PlatformControllers: Sendable {
  let account: AccountController
  let keys: KeysController
  let datasets: DatasetController
  let projects: ProjectController
  let models: ProjectModelController
  let trainings: TrainingController
  let exports: ExportController
  let deployments: DeploymentController
  let explore: ExploreController
  let activity: ActivityController
  let trash: TrashController
  let webhooks: WebhookController
  let billing: BillingController
  let privacy: PrivacyController
  let uploads: UploadController
  let storage: StorageController
  let console: ConsoleController

  /// - Parameters:
  ///   - platform: What the platform keeps.
  ///   - settings: The settings of the server.
  ///   - predict: What runs models.
  ///   - ingest: What takes files into datasets.
  ///   - runner: What has workers train.
  ///   - exports: What exports models.
  ///   - deployments: What runs deployments.
  ///   - targets: What files may be uploaded for besides models and datasets.
  init(
    platform: Platform, settings: ServerSettings, predict: PredictController,
    ingest: IngestRunner, runner: TrainingRunner, exports: ExportRunner,
    deployments: DeploymentRunner, targets: [any UploadTarget]
  ) {
    let database = platform.database
    let accounts = AccountRepository(database: database)
    let clock = accounts.clock
    let origins = OriginPolicy(settings: settings)
    let datasets = DatasetRepository(store: platform.store, clock: clock)
    let region = settings.region ?? "eu"
    let billing = BillingRepository(database: database, clock: clock)
    let models = ModelRepository(database: database, clock: clock)
    let projects = ProjectRepository(database: database, clock: clock)
    account = AccountController(
      accounts: accounts, ledger: Ledger(database: database), billing: billing,
      counter: CallCounter(database: database), region: region)
    keys = KeysController(accounts: accounts)
    let exporter = DatasetExporter(store: platform.store, signer: platform.signer, clock: clock)
    self.datasets = DatasetController(
      accounts: accounts, datasets: datasets, ingests: ingest.jobs,
      exporter: exporter,
      versions: VersionRepository(store: platform.store, clock: clock),
      uploads: platform.uploads,
      predictor: ImagePredictor(models: models, store: platform.store, predict: predict),
      statistics: StatisticsCache(), signal: ingest.signal, fetcher: ingest.fetcher,
      origins: origins, region: region)
    self.projects = ProjectController(
      accounts: accounts, projects: projects, models: models, region: region)
    self.models = ProjectModelController(
      models: models, trainings: runner.trainings,
      storage: ModelFiles(
        store: platform.store, signer: platform.signer, origins: origins,
        inspector: ModelInspector(queue: predict.queue, limits: settings.limits),
        predict: predict), region: region)
    trainings = TrainingController(
      trainings: runner.trainings, jobs: runner.jobs,
      checkpoints: CheckpointRepository(uploads: platform.uploads, clock: clock), models: models,
      datasets: datasets, accounts: accounts, exporter: exporter, signer: platform.signer,
      origins: origins, terms: TrainingTerms(settings), hasTrainer: runner.engine != nil,
      uploads: predict.uploads, gate: ReportGate(), signal: runner.signal)
    self.exports = ExportController(
      exports: exports.exports, exporters: exports.exporters, signal: exports.signal,
      signer: platform.signer, origins: origins, region: region)
    self.deployments = DeploymentController(
      deployments: deployments.deployments, engine: deployments.engine,
      metrics: deployments.metrics,
      proxy: DeploymentProxy(
        engine: deployments.engine, metrics: deployments.metrics, limits: settings.limits),
      signal: deployments.signal, origins: origins, region: region)
    explore = ExploreController(projects: projects, datasets: datasets, region: region)
    activity = ActivityController(events: EventRepository(database: database))
    trash = TrashController(
      trash: TrashRepository(database: database, clock: clock), store: platform.store,
      region: region)
    webhooks = WebhookController(
      webhooks: platform.webhooks, policy: WebhookPolicy(settings: settings))
    self.billing = BillingController(
      billing: billing, provider: platform.provider, origins: origins)
    privacy = PrivacyController(
      privacy: platform.privacy, signer: platform.signer, origins: origins,
      needsConfirmation: settings.confirmsDeletion)
    uploads = UploadController(
      uploads: platform.uploads, signer: platform.signer, origins: origins,
      targets: targets + [ModelUploadTarget(models: models), DatasetUploads(datasets: datasets)])
    storage = StorageController(
      store: platform.store, uploads: platform.uploads, accounts: accounts,
      signer: platform.signer)
    console = ConsoleController(
      accounts: accounts, projects: projects, models: models, datasets: datasets)
  }
}
#endif
