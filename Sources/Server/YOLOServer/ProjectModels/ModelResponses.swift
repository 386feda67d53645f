#if Server
import JSONText

/// The file of a model's weights.
struct ModelFileSize: Encodable, Sendable {
  let size: Int
}

/// A model as all answers have it: the members of the first documents, and those of the later ones.
struct ModelData: Encodable {
  let id: String
  let name: String
  let slug: String
  let projectId: String
  let task: String?
  let status: ModelStatus
  let visibility: Visibility
  let createdAt: Timestamp
  let owner: String
  /// The slug of the project, as paths have it.
  let project: String
  let projectName: String
  /// The slug, as paths have it.
  let model: String
  let description: String?
  let license: String?
  let color: String?
  let version: String?
  let docs: String?
  let hasWeights: Bool
  let file: ModelFileSize?
  let parameters: Int?
  let epochs: Int?
  let bestEpoch: Int?
  let bestFitness: Double?
  let metrics: [String: Double]?
  let trainArgs: StoredJSON?
  let trainResults: [EpochResult]?
  let classNames: [String]?
  let plots: RawJSON?
  /// What the training has printed, for the owner alone.
  let consoleChunks: [ConsoleChunkData]?
  /// How many chunks came before those.
  let omittedConsoleChunks: Int?
  let computeCost: ComputeCost?
  let datasetId: String?
  let sourceModelId: String?
  let baseModel: String?
  let environment: StoredJSON?
  let trainingError: TrainingFailure?
  let clonedFrom: String?
  let cloneCount: Int
  let starCount: Int
  let isStarred: Bool
  let startedAt: Timestamp?
  let completedAt: Timestamp?
  let updatedAt: Timestamp
  let metadata: StoredJSON

  /// - Parameters:
  ///   - row: The model.
  ///   - details: What is known of its training, which lists leave out.
  init(_ row: ModelRow, _ details: TrainingDetails? = nil) {
    id = row.id
    name = row.name
    slug = row.slug
    projectId = row.project
    task = row.task
    status = row.status
    visibility = row.visibility
    createdAt = Timestamp(row.created)
    owner = row.owner
    project = row.projectSlug
    projectName = row.projectName
    model = row.slug
    description = row.description
    license = row.license
    color = row.color
    version = row.version
    docs = row.docs
    hasWeights = row.fileDigest != nil
    file = row.fileBytes.map(ModelFileSize.init)
    parameters = row.parameters
    epochs = row.epochs
    bestEpoch = row.bestEpoch
    bestFitness = row.bestFitness
    metrics = row.metrics
    trainArgs = row.trainArgs
    trainResults = details?.epochs
    classNames = row.classNames
    plots = details?.plots.map(RawJSON.init)
    consoleChunks = details?.chunks?.map(ConsoleChunkData.init)
    omittedConsoleChunks = details?.omittedChunks
    computeCost = details?.cost
    datasetId = row.dataset
    sourceModelId = row.sourceModel
    baseModel = row.baseModel
    environment = details.map { $0.isOwner ? row.environment : nil } ?? nil
    trainingError = row.trainingError
    clonedFrom = row.clonedFrom
    cloneCount = row.cloneCount
    starCount = row.starCount
    isStarred = row.isStarred
    startedAt = row.started.map(Timestamp.init)
    completedAt = row.completed.map(Timestamp.init)
    updatedAt = Timestamp(row.updated)
    metadata = row.metadata
  }
}

/// A model as its project is shown with it.
struct ModelSummary: Encodable, Sendable {
  let id: String
  let model: String
  let name: String
  let color: String?
  let task: String?
  let status: ModelStatus
  let epochs: Int?
  let bestEpoch: Int?
  let bestFitness: Double?
  let metrics: [String: Double]?
  let epochCount: Int
  let startedAt: Timestamp?
  let file: ModelFileSize?
  let hasWeights: Bool
  let trainArgs: StoredJSON?
  let createdAt: Timestamp
  let updatedAt: Timestamp

  init(_ row: ModelRow) {
    id = row.id
    model = row.slug
    name = row.name
    color = row.color
    task = row.task
    status = row.status
    epochs = row.epochs
    bestEpoch = row.bestEpoch
    bestFitness = row.bestFitness
    metrics = row.metrics
    epochCount = row.epochCount
    startedAt = row.started.map(Timestamp.init)
    file = row.fileBytes.map(ModelFileSize.init)
    hasWeights = row.fileDigest != nil
    trainArgs = row.trainArgs
    createdAt = Timestamp(row.created)
    updatedAt = Timestamp(row.updated)
  }
}

/// The answer of `GET /api/models/{owner}/{project}`.
struct ProjectModelList: Encodable {
  let models: [ModelData]
  let region: String
}

/// The answer of `GET /api/models/{owner}/{project}/{model}`.
struct ModelDetail: Encodable {
  let model: ModelData
  let isOwner: Bool
}
#endif
