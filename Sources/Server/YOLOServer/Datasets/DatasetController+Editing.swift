#if Server
import Hummingbird

/// Classes, parts, statistics, and models of a dataset.
extension DatasetController {
  /// The body of `POST …/classes/delete`.
  private struct ClassDeletion: Decodable {
    let classIds: [Int]
  }

  /// The body of `POST …/classes/merge`.
  private struct ClassMerger: Decodable {
    let sourceClassIds: [Int]
    let targetClassId: Int
  }

  /// The body of `POST …/splits/redistribute`.
  private struct Redistribution: Decodable {
    let train: Int
    let val: Int
    let test: Int
    let seed: Int?
  }

  /// The body of `POST …/images/adopt`.
  private struct Adoption: Decodable {
    let imageIds: [String]
    let release: Bool?
    let classMapping: [String: ClassTarget?]?
  }

  /// `POST /api/datasets/{owner}/{dataset}/images/adopt`.
  func adoptImages(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let locator = try context.locator("owner", "dataset")
    let asked = try await request.decoded(Adoption.self, context)
    try Self.check(asked.imageIds, maximum: Self.maximumImages)
    let count = try await datasets.adopt(
      DatasetRepository.Adoption(
        ids: asked.imageIds, releases: asked.release, classMapping: asked.classMapping),
      into: locator, by: account)
    return try .encoded(AdoptedImages(adopted: count))
  }

  /// `POST /api/datasets/{owner}/{dataset}/classes/delete`.
  func deleteClasses(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let locator = try context.locator("owner", "dataset")
    let asked = try await request.decoded(ClassDeletion.self, context)
    let (row, labels) = try await datasets.deleteClasses(
      asked.classIds, of: locator, by: account)
    return try .encoded(
      DeletedClasses(
        classNames: row.classNames, deletedClassIds: Array(Set(asked.classIds)).sorted(),
        deletedAnnotations: labels))
  }

  /// `POST /api/datasets/{owner}/{dataset}/classes/merge`.
  func mergeClasses(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let locator = try context.locator("owner", "dataset")
    let asked = try await request.decoded(ClassMerger.self, context)
    let row = try await datasets.mergeClasses(
      asked.sourceClassIds, into: asked.targetClassId, of: locator, by: account)
    let sources = Set(asked.sourceClassIds)
    // The target closes up, too.
    let target = asked.targetClassId - sources.count { $0 < asked.targetClassId }
    return try .encoded(
      MergedClasses(
        classNames: row.classNames, mergedClassIds: sources.sorted(), targetClassId: target))
  }

  /// `POST /api/datasets/{owner}/{dataset}/splits/redistribute`.
  func redistributeSplits(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let locator = try context.locator("owner", "dataset")
    let asked = try await request.decoded(Redistribution.self, context)
    let (row, modified) = try await datasets.redistribute(
      locator,
      DatasetRepository.SplitRatios(train: asked.train, val: asked.val, test: asked.test),
      seed: UInt64(bitPattern: Int64(asked.seed ?? 0)), by: account)
    return try .encoded(RedistributedSplits(row, modified: modified))
  }

  /// `GET /api/datasets/{owner}/{dataset}/class-stats`.
  func classStatistics(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await datasets.dataset(
      try context.locator("owner", "dataset"), viewer: context.key?.account)
    if row.status != .processing, let found = statistics.find(row) {
      return try .encoded(
        ClassStatistics(row, found.counts, found.statistics, isCached: true))
    }
    let counts = try await datasets.classCounts(of: row)
    let counted = try await datasets.statistics(of: row)
    if row.status != .processing { statistics.keep(counted, counts, of: row) }
    return try .encoded(ClassStatistics(row, counts, counted, isCached: false))
  }

  /// `GET /api/datasets/{owner}/{dataset}/models`.
  func models(_ request: Request, _ context: ServerContext) async throws -> Response {
    let viewer = context.key?.account
    let row = try await datasets.dataset(
      try context.locator("owner", "dataset"), viewer: viewer)
    let models = try await predictor.models.list(trainedWith: row.id, viewer: viewer)
    return try .encoded(
      DatasetModels(models: models.map(DatasetModelData.init), count: models.count))
  }
}
#endif
