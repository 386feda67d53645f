#if Server
import JSONText

/// The answer to a report of a training.
struct TrainingReceipt: Encodable {
  let received = true
  let event: String
  /// `cloud` for a worker of this server, `remote` for all others.
  let mode: String
  let modelId: String
  let runId: Int
  let modelSlug: String
  let modelUrl: String
  let cancelled: Bool?
  let action: String?
  let reason: String?
  let warning: String?
  let ignored: String?
}

/// The answer of `POST /api/webhooks/models/upload`.
struct CheckpointTicket: Encodable {
  let uploadUrl: String
  /// What names the upload in the report that follows it.
  let gcsPath: String
  let uploadPath: String
  let modelId: String
  let runId: Int
}

/// A part of what a training has printed.
struct ConsoleChunkData: Encodable {
  let chunkId: Int
  let content: String
  let lineCount: Int
  let timestamp: Timestamp

  init(_ chunk: ConsoleChunk) {
    chunkId = chunk.number
    content = chunk.content
    lineCount = chunk.lines
    timestamp = Timestamp(chunk.at)
  }
}

/// The answer of `POST /api/training/start`.
struct TrainingStart: Encodable {
  struct Cost: Encodable {
    /// Dollars.
    let pricePerHour: Double
    let gpuMemoryGb: Int
  }

  struct Billing: Encodable {
    let estimatedCostCents: Double
    let estimatedCostDisplay: String
    let balanceCents: Int
  }

  let modelId: String
  let jobId: String
  let status = "starting"
  /// The kind of device that it runs on.
  let gpuType: String
  let estimatedCost: Cost
  let billing: Billing

  init(_ started: TrainingJobRepository.Started) {
    let job = started.job
    modelId = job.model
    jobId = job.id
    gpuType = job.device
    estimatedCost = Cost(
      pricePerHour: Dollars.number(job.price), gpuMemoryGb: TrainingDevice.memory(of: job.device))
    billing = Billing(
      estimatedCostCents: Double(job.reserved) / 10_000,
      estimatedCostDisplay: Dollars.text(job.reserved), balanceCents: started.balance.cents)
  }
}

/// What a training has come to.
struct TrainingJobData: Encodable {
  struct Progress: Encodable {
    let currentEpoch: Int
    let totalEpochs: Int
    let percentage: Double
    let startedAt: Timestamp?
    let completedAt: Timestamp?
  }

  struct Timing: Encodable {
    let elapsedMs: Int
    let timePerEpochMs: Int
    let etaMs: Int
  }

  struct Compute: Encodable {
    let gpuType: String
    let gpuDisplayName: String
    let gpuMemoryGb: Int
  }

  let id: String
  let status: ModelStatus
  let progress: Progress
  let timing: Timing
  let compute: Compute?
  let trainArgs: StoredJSON?
  let epochMetrics: [String: Double]?
  let error: TrainingFailure?
  let createdAt: Timestamp
  let updatedAt: Timestamp

  private enum Key: CodingKey {
    case id, status, progress, timing, compute, trainArgs, epochMetrics, error, createdAt, updatedAt
  }

  init(_ state: TrainingState) {
    let model = state.model
    let total = model.epochs ?? 0
    let reached = state.summary.last.map { $0 + 1 } ?? 0
    let current = total > 0 ? min(reached, total) : reached
    id = state.job?.id ?? model.id
    status = model.status
    progress = Progress(
      currentEpoch: current, totalEpochs: total,
      percentage: total > 0 ? 100 * Double(current) / Double(total) : 0,
      startedAt: model.started.map(Timestamp.init),
      completedAt: model.completed.map(Timestamp.init))
    let elapsed = model.started.map {
      max(0, (model.completed ?? (model.status.isActive ? state.now : model.updated)) - $0) * 1000
    }
    let each = current > 0 ? (elapsed ?? 0) / current : 0
    timing = Timing(
      elapsedMs: elapsed ?? 0, timePerEpochMs: each,
      etaMs: model.status.isActive ? each * max(0, total - current) : 0)
    compute = state.job.map {
      Compute(
        gpuType: $0.device, gpuDisplayName: TrainingDevice.displayName(of: $0.device),
        gpuMemoryGb: TrainingDevice.memory(of: $0.device))
    }
    trainArgs = model.trainArgs.map { arguments in
      StoredJSON(
        .object(
          ["model", "epochs", "batch", "imgsz"].compactMap { name in
            switch arguments.value[name] {
            case .string(let text): JSONMember(name, .string(text))
            case .int(let number): JSONMember(name, .int(number))
            case .double(let number): JSONMember(name, .double(number))
            default: nil
            }
          }))
    }
    let metrics = TrainingMetrics.summary(state.summary.metrics)
    epochMetrics = metrics.isEmpty ? nil : metrics
    error = model.trainingError
    createdAt = Timestamp(state.job?.created ?? model.created)
    updatedAt = Timestamp(model.updated)
  }

  /// Members without a value are null.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(id, forKey: .id)
    try container.encode(status, forKey: .status)
    try container.encode(progress, forKey: .progress)
    try container.encode(timing, forKey: .timing)
    try container.encode(compute, forKey: .compute)
    try container.encode(trainArgs, forKey: .trainArgs)
    try container.encode(epochMetrics, forKey: .epochMetrics)
    try container.encode(error, forKey: .error)
    try container.encode(createdAt, forKey: .createdAt)
    try container.encode(updatedAt, forKey: .updatedAt)
  }
}

/// `{"success":true,"data":…}`, whose data may be null.
struct OptionalEnvelope<Content: Encodable>: Encodable {
  let data: Content?

  private enum Key: CodingKey { case success, data }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(true, forKey: .success)
    try container.encode(data, forKey: .data)
  }
}

/// The answer of `GET /api/models/{owner}/{project}/{model}/training`.
struct TrainingJobDetail: Encodable {
  let job: TrainingJobData?

  private enum Key: CodingKey { case job }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(job, forKey: .job)
  }
}

/// The data of `DELETE /api/models/{modelId}/training`.
struct CancelledTraining: Encodable {
  let status = "cancelled"
}

/// The answer of `DELETE /api/models/{owner}/{project}/{model}/training`.
struct CancelledTrainingOfOwner: Encodable {
  let success = true
  let status = "cancelled"
}
#endif
