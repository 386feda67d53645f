#if Server
import GRDB
import HTTPTypes
import Hummingbird
import JSONText
import NIOCore
import NIOPosix
import YOLOSystem

/// Answers what is reported of trainings and what is asked about them, and starts and ends them.
struct TrainingController: Sendable {
  let trainings: TrainingRepository
  let jobs: TrainingJobRepository
  let checkpoints: CheckpointRepository
  let models: ModelRepository
  let datasets: DatasetRepository
  let accounts: AccountRepository
  let exporter: DatasetExporter
  let signer: AddressSigner
  let origins: OriginPolicy
  let terms: TrainingTerms
  /// Whether there is a trainer.
  let hasTrainer: Bool
  /// The memory of all bodies that are being received.
  let uploads: UploadBudget
  /// What lets one long report be read at a time.
  let gate: ReportGate
  let signal: WakeSignal

  // MARK: Reports

  /// `POST /api/webhooks/training/metrics`.
  func report(_ request: Request, _ context: ServerContext) async throws -> Response {
    let reporter = try Self.reporter(context)
    let event = try await event(request, context)
    let origin = try origins.origin(of: request, context)
    let outcome: TrainingRepository.Outcome
    switch event.kind {
    case .started: outcome = try await trainings.start(event, by: reporter)
    case .checkpoint:
      outcome = try await promote(event, event.data["modelPath"]?.string, by: reporter)
    case .complete where event.run == nil:
      // Older clients tell of their last checkpoint here alone.
      let path = event.data["results"]?["modelPath"]?.string
      var warning: String?
      if let path { warning = try await promote(event, path, by: reporter).warning }
      var end = try await trainings.report(event, by: reporter)
      end.warning = end.warning ?? warning
      outcome = end
    default: outcome = try await trainings.report(event, by: reporter)
    }
    let model = outcome.model
    if model.job != nil { signal.send() }
    return try .encoded(
      TrainingReceipt(
        event: event.kind.rawValue, mode: reporter.model == nil ? "remote" : "cloud",
        modelId: model.id, runId: outcome.run, modelSlug: model.slug,
        modelUrl: "\(origin)/\(model.owner)/\(model.projectSlug)/\(model.slug)",
        cancelled: outcome.ending == nil ? nil : true,
        action: outcome.ending == nil ? nil : "training_terminated", reason: outcome.ending,
        warning: outcome.warning, ignored: outcome.isStale ? "stale_instance" : nil))
  }

  /// The body of `POST /api/webhooks/models/upload`.
  private struct Ticket: Decodable {
    let filename: String
    let modelId: String?
    let runId: Int?
    let size: Double?
    let project: String?
    let name: String?
  }

  /// `POST /api/webhooks/models/upload`.
  func beginCheckpoint(_ request: Request, _ context: ServerContext) async throws -> Response {
    let reporter = try Self.reporter(context)
    let asked = try await request.decoded(Ticket.self, context)
    let origin = try origins.origin(of: request, context)
    let label = asked.filename
    let hasControls = label.unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard (1...256).contains(label.count), !hasControls else {
      throw APIError.invalidField(
        "filename", given: label.excerpt(), expected: "1 to 256 characters",
        "filename must be 1 to 256 characters without control characters.")
    }
    var bytes: Int?
    if let size = asked.size {
      guard let exact = Int(exactly: size), exact > 0 else {
        throw APIError.invalidField(
          "size", given: "\(size)", expected: "a whole number above 0",
          "size must be a whole number above 0.")
      }
      guard exact <= ModelForm.fileLimit else {
        throw APIError.tooLarge(
          "The file has more than \(ModelForm.fileLimit) bytes.", limit: ModelForm.fileLimit,
          unit: "bytes")
      }
      bytes = exact
    }
    let event = TrainingEvent(
      .checkpoint, model: asked.modelId, project: asked.project, name: asked.name,
      run: asked.runId)
    let model = try await trainings.model(of: event, by: reporter)
    guard model.trashed == nil else {
      throw PlatformError.unknownResource(.model, model.id)
    }
    let run = asked.runId ?? model.run ?? 1
    let (upload, path) = try await checkpoints.begin(
      label, bytes: bytes, of: model, run: run, account: reporter.account)
    return try .encoded(
      CheckpointTicket(
        uploadUrl: signer.address(
          of: upload.reference, for: .put, expires: upload.expires, origin: origin),
        gcsPath: path, uploadPath: path, modelId: model.id, runId: run))
  }

  /// Lets a model have the checkpoint that has come for a ticket.
  private func promote(
    _ event: TrainingEvent, _ path: String?, by reporter: TrainingRepository.Reporter
  ) async throws -> TrainingRepository.Outcome {
    guard let path else {
      throw APIError.invalidField(
        "data.modelPath", expected: "the gcsPath of an upload", "data.modelPath is missing.")
    }
    let model = try await trainings.model(of: event, by: reporter)
    let run = model.run ?? 1
    guard let ticket = try await checkpoints.ticket(path), ticket.model == model.id else {
      throw APIError.forbidden(
        "\(path.excerpt()) is no upload of the training of \(model.slug): ask for one first.")
    }
    guard ticket.run == run, event.run ?? run == run else {
      return TrainingRepository.Outcome(
        model: model, run: run, ending: model.ending, isStale: true)
    }
    let warning = try await checkpoints.redeem(ticket, for: model, of: reporter.account)
    guard event.kind == .checkpoint else {
      return TrainingRepository.Outcome(model: model, run: run, warning: warning)
    }
    var outcome = try await trainings.report(event, by: reporter)
    outcome.warning = warning
    return outcome
  }

  private static func reporter(
    _ context: ServerContext
  ) throws(APIError) -> TrainingRepository.Reporter {
    TrainingRepository.Reporter(
      account: try context.account(), model: context.key?.binding?.model)
  }

  /// Receives a report, whose memory is bounded with that of all others.
  private func event(_ request: Request, _ context: ServerContext) async throws -> TrainingEvent {
    if let coding = request.headers[.contentEncoding],
      !["", "identity"].contains(coding.lowercased())
    {
      throw APIError.unsupportedMedia(
        "The body is encoded as \(coding.excerpt()), which this server does not decode: send it "
          + "without Content-Encoding.")
    }
    if request.isForm {
      throw APIError.unsupportedMedia("The body must be JSON, but it is a form.")
    }
    let limit = TrainingEvent.byteLimit
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw APIError.bodyTooLarge(limit: limit)
    }
    if request.headers[.expect] != nil { try await context.channel.inviteBody() }
    let reservation = UploadReservation(of: uploads)
    var bytes = ByteBuffer()
    for try await chunk in request.body {
      guard bytes.readableBytes + chunk.readableBytes <= limit else {
        throw APIError.bodyTooLarge(limit: limit)
      }
      try reservation.grow(by: chunk.readableBytes)
      bytes.writeImmutableBuffer(chunk)
    }
    defer { withExtendedLifetime(reservation) {} }
    let body = bytes
    return try await gate.pass(bytes: body.readableBytes) {
      try await NIOThreadPool.singleton.runIfActive {
        // SAFETY: the buffer outlives the call, and the parser keeps nothing of it.
        try body.withUnsafeReadableBytes { try TrainingEvent($0) }
      }
    }
  }

  // MARK: Jobs

  /// The body of `POST /api/training/start`.
  private struct Start: Decodable {
    let modelId: String
    let datasetId: String?
    let epochs: Int?
    let imageSize: Int?
    let gpuType: String?
    let trainArgs: StoredJSON?
  }

  /// `POST /api/training/start` without the member `trainArgs`.
  func start(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try await request.decoded(Start.self, context)
    guard let dataset = asked.datasetId else {
      throw APIError.invalidField(
        "datasetId", expected: "the identifier of a dataset",
        "datasetId is missing: name the dataset, or send trainArgs.")
    }
    for (argument, value, range) in [
      ("epochs", asked.epochs, 1...EpochTable.numberLimit),
      ("imageSize", asked.imageSize, 32...4096),
    ] {
      guard let value, !range.contains(value) else { continue }
      throw PlatformError.invalid(
        argument: argument, given: "\(value)",
        expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    let draft = TrainingJobRepository.Draft(
      model: asked.modelId, dataset: dataset, epochs: asked.epochs ?? 100,
      imageSize: asked.imageSize ?? 640, gpu: asked.gpuType)
    return try .encoded(Envelope(data: try await start(draft, asked.gpuType, account)))
  }

  /// `POST /api/training/start` with the member `trainArgs`.
  func startWithArguments(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try await request.decoded(Start.self, context)
    guard let given = asked.trainArgs else {
      throw APIError.invalidField("trainArgs", expected: "an object", "trainArgs is missing.")
    }
    let draft = TrainingJobRepository.Draft(
      model: asked.modelId, arguments: try TrainingArguments(given), gpu: asked.gpuType,
      device: given.value["device"]?.string)
    return try .encoded(try await start(draft, asked.gpuType, account))
  }

  private func start(
    _ draft: TrainingJobRepository.Draft, _ gpu: String?, _ account: Account
  ) async throws -> TrainingStart {
    try ResourceName.check("gpuType", gpu, in: TrainingDevice.all.map(\.name))
    guard hasTrainer else {
      throw APIError.notConfigured(
        "This server has no trainer (--trainer none), so that it cannot start trainings itself; "
          + "those that are reported to it are kept.")
    }
    let started = try await jobs.start(draft, terms, by: account)
    signal.send()
    return TrainingStart(started)
  }

  /// `GET /api/models/{modelId}/training`.
  func training(_ request: Request, _ context: ServerContext) async throws -> Response {
    let state = try await jobs.job(
      of: try context.locator("modelId"), viewer: context.key?.account)
    return try .encoded(OptionalEnvelope(data: state.map(TrainingJobData.init)))
  }

  /// `GET /api/models/{owner}/{project}/{model}/training`.
  func trainingOfOwner(_ request: Request, _ context: ServerContext) async throws -> Response {
    let state = try await jobs.job(
      of: try context.locator("owner", "project", "model"), viewer: context.key?.account)
    return try .encoded(TrainingJobDetail(job: state.map(TrainingJobData.init)))
  }

  /// `DELETE /api/models/{modelId}/training`.
  func cancel(_ request: Request, _ context: ServerContext) async throws -> Response {
    _ = try await trainings.cancel(try context.locator("modelId"), by: try context.account())
    signal.send()
    return try .encoded(Envelope(data: CancelledTraining()))
  }

  /// `DELETE /api/models/{owner}/{project}/{model}/training`.
  func cancelOfOwner(_ request: Request, _ context: ServerContext) async throws -> Response {
    _ = try await trainings.cancel(
      try context.locator("owner", "project", "model"), by: try context.account())
    signal.send()
    return try .encoded(CancelledTrainingOfOwner())
  }

  /// `GET /api/training/gpu-availability`.
  func availability(_ request: Request, _ context: ServerContext) async throws -> Response {
    let load = try await jobs.load()
    let counts = hasTrainer ? terms.devices.counts : [:]
    let states = TrainingDevice.all.map { device -> (String, String?) in
      guard let count = counts[device.name] else { return (device.name, nil) }
      let busy = load[device.name] ?? 0
      return (device.name, busy < count ? "High" : busy < 2 * count ? "Medium" : "Low")
    }
    return try .encoded(Dictionary(uniqueKeysWithValues: states))
  }

  // MARK: Older clients

  /// `GET /api/webhooks/datasets/{owner}/{dataset}/export`.
  func datasetForOlderClients(
    _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let row = try await datasets.dataset(
      try context.locator("owner", "dataset"), viewer: context.key?.account)
    let export = try await exporter.export(
      row, of: try await accounts.account(named: row.owner),
      origin: try origins.origin(of: request, context))
    return Response(status: .found, headers: [.location: export.address])
  }

  /// `GET /api/webhooks/models/{owner}/{project}/{model}/download`.
  func modelForOlderClients(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await models.model(
      try context.locator("owner", "project", "model"), viewer: context.key?.account)
    let (_, name) = try ProjectModelController.weights(of: row)
    let address = signer.address(
      of: try ObjectReference(.models, owner: row.id, name: name), for: .get,
      expires: models.clock() + ModelFiles.addressLifetime,
      origin: try origins.origin(of: request, context))
    return Response(status: .found, headers: [.location: address])
  }
}

/// Lets one long report be read at a time: as a tree of values it takes many times its size.
actor ReportGate {
  /// The size from which on a report is long, in bytes.
  private static let size = 1 << 20

  private var isBusy = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Runs `body`, for a long report once those before it are done.
  func pass<Value: Sendable>(
    bytes: Int, _ body: @Sendable () async throws -> Value
  ) async rethrows -> Value {
    guard bytes > Self.size else { return try await body() }
    if isBusy {
      await withCheckedContinuation { waiting.append($0) }
    } else {
      isBusy = true
    }
    defer {
      if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }
    return try await body()
  }
}
#endif
