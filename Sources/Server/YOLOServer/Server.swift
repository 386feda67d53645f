#if Server
import Foundation
package import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import ServiceLifecycle
package import UnixSignals
import YOLO
import YOLOKernels
import YOLOSystem
public import YOLOServerOptions

/// An HTTP server that answers the Ultralytics HUB Inference API with the models of a directory.
///
/// A request passes through the middleware of ``EndpointResponder`` to ``PredictController``:
/// its form is received, its model leased, and its image decoded and predicted on a thread of the
/// ``InferenceQueue``, never on an event loop.
public struct Server: Sendable {
  let settings: ServerSettings
  let logger: Logger
  let models: ModelStore
  let queue: InferenceQueue
  let registry: PrometheusRegistry
  let metrics: ServerMetrics
  let keyPolicy: KeyPolicy
  let counter: CallCounter?
  let platform: Platform?
  let endpoints: EndpointTable
  let controllers: Controllers
  /// What deletes the trash of a platform in time; nil if there is none.
  let sweeper: TrashSweeper?
  /// What takes files into the datasets of a platform; nil if there is none.
  let ingest: IngestRunner?
  /// What has workers train; nil if there is no platform.
  let trainer: TrainingRunner?
  /// What exports models of a platform; nil if there is none.
  let exports: ExportRunner?
  /// What runs the deployments of a platform; nil if there is none.
  let deployments: DeploymentRunner?

  /// Prepares a server; nothing is listened on yet.
  ///
  /// - Parameters:
  ///   - settings: What is served, to whom, and at what cost.
  ///   - logger: Takes a line a request, and what happens to models.
  ///   - onFirstKey: Called with the key of the account that a platform without any creates; it can
  ///     never be read again.
  /// - Throws: `KeyStoreError` or `PlatformError` if the keys or the platform cannot be read.
  public init(
    settings: ServerSettings, logger: Logger, onFirstKey: @Sendable (String) -> Void = { _ in }
  ) async throws {
    try await self.init(
      settings: settings, logger: logger, uploadTargets: [], onFirstKey: onFirstKey)
  }

  /// The same with more that files may be uploaded for.
  package init(
    settings: ServerSettings, logger: Logger, uploadTargets: [any UploadTarget],
    onFirstKey: @Sendable (String) -> Void = { _ in }
  ) async throws {
    self.settings = settings
    self.logger = logger
    let limits = settings.limits
    let platform = try await Self.platform(settings, logger: logger, onFirstKey: onFirstKey)
    self.platform = platform
    let keys: KeyStore? =
      if let platform {
        KeyStore(platform: platform.database)
      } else {
        try settings.isOpen ? nil : KeyStore(path: settings.database)
      }
    keyPolicy = try await KeyPolicy(keys: keys, isPlatform: platform != nil)
    counter = platform.map { CallCounter(database: $0.database) }
    sweeper = platform.map {
      TrashSweeper(trash: TrashRepository(database: $0.database), store: $0.store, logger: logger)
    }
    let ingest = platform.map { platform in
      IngestRunner(
        jobs: IngestRepository(store: platform.store, clock: SystemTime.now), logger: logger,
        signal: WakeSignal(),
        fetcher: SourceFetcher(settings: settings, client: platform.outbound))
    }
    self.ingest = ingest
    let trainer = try platform.map { platform in
      try TrainingRunner(platform: platform, settings: settings, logger: logger)
    }
    self.trainer = trainer
    let exports = platform.map { platform in
      ExportRunner(
        exports: ExportRepository(
          store: platform.store, clock: SystemTime.now, events: platform.webhooks.events),
        exporters: Exporters(settings: settings), logger: logger, signal: WakeSignal())
    }
    self.exports = exports
    let deployments = try platform.map {
      try Self.deployments($0, settings, logger: logger)
    }
    self.deployments = deployments
    let options = settings.runtimeOptions
    models = ModelStore(settings: settings, options: options, logger: logger)
    queue = InferenceQueue(
      workers: limits.workers > 0 ? limits.workers : Processors.usable, capacity: limits.queue)
    registry = PrometheusRegistry()
    endpoints = EndpointTable(settings: settings)
    metrics = ServerMetrics(registry: registry, methods: endpoints.methods)
    ProcessMetrics.register(in: registry)
    let uploads = UploadBudget(limit: limits.uploadBytes)
    ServerMetrics.addReadings(
      to: registry,
      queueLength: { [queue] in queue.currentLoad.waiting },
      busyWorkers: { [queue] in queue.currentLoad.running },
      uploadBytes: { uploads.usedBytes },
      loadedModels: { [models] in models.loadedCount },
      modelBytes: { [models] in models.loadedBytes })
    let predict = PredictController(
      models: models, queue: queue, uploads: uploads,
      videos: VideoSlots(limit: limits.videos), metrics: metrics, limits: limits, start: .now)
    controllers = Controllers(
      page: PageController(), predict: predict,
      models: ModelsController(models: models),
      service: ServiceController(
        models: models, registry: registry,
        gauges: platform.map { [registry] in
          PlatformGauges(database: $0.database, registry: registry, logger: logger)
        },
        document: ByteBuffer(
          bytes: OpenAPIDocument.bytes(settings: settings, version: Version.current))),
      optionalPlatform: platform.flatMap { platform in
        guard let ingest, let trainer, let exports, let deployments else { return nil }
        return PlatformControllers(
          platform: platform, settings: settings, predict: predict, ingest: ingest,
          runner: trainer, exports: exports, deployments: deployments, targets: uploadTargets)
      })
  }

  private static func deployments(
    _ platform: Platform, _ settings: ServerSettings, logger: Logger
  ) throws -> DeploymentRunner {
    let policy = InstancePolicy(
      idleTimeout: .seconds(settings.limits.deploymentIdle),
      startTimeout: .seconds(settings.limits.deploymentStart),
      stopTimeout: .seconds(settings.limits.drainTimeout + 5))
    let clock: @Sendable () -> Int = SystemTime.now
    let engine: any DeploymentEngine =
      if settings.deployments == "kubernetes" {
        try ClusterEngine(
          settings: settings, signer: platform.signer, outbound: platform.outbound,
          environment: ProcessInfo.processInfo.environment)
      } else {
        LocalEngine(store: platform.store, settings: settings, policy: policy)
      }
    return DeploymentRunner(
      deployments: DeploymentRepository(store: platform.store, clock: clock),
      engine: engine,
      metrics: DeploymentMetrics(database: platform.database, clock: clock), logger: logger,
      signal: WakeSignal())
  }

  /// Opens the database of a platform, if one is asked for; creates the first account if there is
  /// none, and brings the keys of a stand-alone database over, once; brings the files in order.
  private static func platform(
    _ settings: ServerSettings, logger: Logger, onFirstKey: @Sendable (String) -> Void
  ) async throws -> Platform? {
    guard let data = settings.data else { return nil }
    // A write beyond the limit of the process (RLIMIT_FSIZE) fails, and does not end the process.
    signal(SIGXFSZ, SIG_IGN)
    let database = try PlatformDatabase(directory: data, creates: true)
    if settings.models == ServerSettings.modelsDirectory(ofData: data),
      !FileSystem.exists(settings.models)
    {
      try FileSystem.makeDirectory(settings.models, mode: 0o700)
    }
    let accounts = AccountRepository(database: database)
    if let first = try await accounts.createFirst() {
      logger.notice(
        "the platform had no account, so one was created; its key is on standard output, this once",
        metadata: ["account": "\(first.account.username)"])
      onFirstKey(first.key)
    }
    if let count = try await accounts.importKeys(from: settings.database) {
      logger.notice(
        "keys were brought over; they may predict, and belong to the oldest account",
        metadata: ["database": "\(settings.database)", "keys": "\(count)"])
    }
    return try await Platform(database: database, settings: settings, logger: logger)
  }

  /// Serves until the process is told to stop by SIGTERM or SIGINT; requests under way are answered
  /// first.
  ///
  /// - Throws: If the address cannot be listened on, or the models' directory cannot be read.
  public func run() async throws {
    try await run(signals: [.sigterm, .sigint]) { _ in }
  }

  /// Serves until a signal, or until the task is cancelled; `onRunning` gets the port.
  package func run(
    signals: [UnixSignal], onRunning: @escaping @Sendable (Int) async -> Void
  ) async throws {
    let host = host
    let application = Application(
      responder: responder, server: settings.limits.httpServer,
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: settings.port),
        availableConnectionsDelegate: MaximumAvailableConnections(settings.limits.connections)),
      onServerRunning: { [logger, trainer, settings] channel in
        let port = channel.localAddress?.port ?? 0
        trainer?.listens(on: port, host: host, settings)
        logger.notice("listening", metadata: ["address": "http://\(host):\(port)"])
        await onRunning(port)
      },
      logger: logger)
    let webhooks = platform.map { platform in
      WebhookRunner(
        webhooks: platform.webhooks, client: platform.outbound,
        policy: WebhookPolicy(settings: settings), logger: logger)
    }
    let sweep = platform.map { StorageSweep(uploads: $0.uploads, privacy: $0.privacy) }
    // What comes later ends earlier: instances of deployments outlive the requests.
    let before: [(any Service)?] = [models, deployments]
    let after: [(any Service)?] = [sweep, sweeper, ingest, trainer, exports, webhooks]
    var configuration = ServiceGroupConfiguration(
      services: before.compactMap(\.self) + [application] + after.compactMap(\.self),
      gracefulShutdownSignals: signals, logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(settings.limits.drainTimeout)
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await ServiceGroup(configuration: configuration).run())
    } catch {
      outcome = .failure(error)
    }
    await queue.stop()
    try outcome.get()
  }

  /// The address to listen on: without keys loopback, whatever was asked for.
  private var host: String {
    if settings.isOpen || keyPolicy.hadKeys { return settings.host ?? "0.0.0.0" }
    let host = settings.host.flatMap { Self.loopback.contains($0) ? $0 : nil } ?? "127.0.0.1"
    logger.warning(
      """
      there are no keys, so this server listens on loopback only (\(host)); make one with yolo keys \
      create, or give --no-auth to serve everybody
      """)
    return host
  }

  private static let loopback: Set = ["127.0.0.1", "::1", "localhost"]
}

/// What belongs to one request, from its head to its answer.
package struct ServerContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  /// What the header `X-Request-Id` says.
  package var requestID = ""
  /// The route of the path, if there is one.
  var match: EndpointTable.Match?
  /// What answers the method at this path, if it is one of the route.
  var endpoint: Endpoint?
  /// The form of errors at this path.
  var errorForm = ErrorForm.envelope
  /// The key that the request came with, nil if none is needed.
  package var key: KeyRecord?
  /// The address of the client, or of the proxy in front.
  package let remoteAddress: String?
  /// In which way predictions are answered where an endpoint is of both APIs.
  var style = ResponseStyle.hub
  /// The connection.
  let channel: any Channel
  /// When the head had come.
  package let start = ContinuousClock.now

  package init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
    remoteAddress = source.channel.remoteAddress?.ipAddress
  }
}
#endif
