import YOLODatasets
import YOLOGeometry

/// The batches of a training, ahead of time on threads of its own.
///
/// An epoch has every image once, in an order of its own. A batch depends on the settings, the
/// epoch and its index alone: not on the number of workers, nor on what was asked for before.
/// Memory: a batch for each worker and one that waits, the buffers that are handed back, and the
/// images that the cache mode keeps.
///
/// One thread asks for batches; it may be another one than that which created the loader.
public final class TrainingLoader: Sendable {
  /// The images and labels.
  public let index: TrainingIndex
  /// The settings.
  public let settings: LoaderSettings
  private let queue: BatchQueue

  /// Starts the workers.
  ///
  /// - Parameters:
  ///   - index: The images and labels.
  ///   - settings: What batches are made.
  ///   - report: Called with sentences about what is changed or given up, on any thread.
  /// - Throws: `invalidSetting`, and `tooLittleSpace` if decoded images shall be kept for which
  ///   there is no space.
  public init(
    index: TrainingIndex, settings: LoaderSettings,
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(TrainingDataError) {
    try settings.check()
    if index.task == .pose, index.dataset.keypointFlip == nil,
      settings.augmentation.flipHorizontal > 0 || settings.augmentation.flipVertical > 0
    {
      report(
        "\(index.dataset.path): the key flip_idx is missing, so that images are not mirrored")
    }
    self.index = index
    self.settings = settings
    queue = BatchQueue(
      source: try BatchSource(index: index, settings: settings, report: report),
      workers: settings.workers)
  }

  deinit { stop() }

  /// The batches of an epoch.
  public var batchCount: Int { queue.source.batchCount }

  /// Begins an epoch; what is left of another one is dropped.
  ///
  /// - Parameters:
  ///   - epoch: The epoch, from 0.
  ///   - batch: The first batch that is asked for.
  public func begin(epoch: Int, at batch: Int = 0) { queue.begin(epoch: epoch, at: batch) }

  /// Returns the next batch, and waits for it if need be; nil at the end of the epoch.
  ///
  /// - Throws: `image` for an image that cannot be decoded, when it is the turn of its batch. The
  ///   epoch is then at its end.
  public func next() throws(TrainingDataError) -> TrainingBatch? { try queue.next() }

  /// Releases the memory of a batch, which is used again.
  public func recycle(_ batch: consuming TrainingBatch) { queue.recycle(batch.pixels) }

  /// Ends the workers and waits for them; there are no batches after that.
  public func stop() { queue.stop() }
}

/// What an epoch is made of, for every epoch.
package struct BatchSource: Sendable {
  private let settings: LoaderSettings
  private let pipeline: SamplePipeline
  private let closedPipeline: SamplePipeline
  /// The images in the order that is shuffled.
  private let base: [Int]
  private let isShuffled: Bool
  private let plan: BatchPlan
  private let recentCount: Int?

  /// The maximum number of recent images of a mosaic.
  private static let maximumRecent = 1000

  package init(
    index: TrainingIndex, settings: LoaderSettings, report: @escaping @Sendable (String) -> Void
  ) throws(TrainingDataError) {
    self.settings = settings
    if let channels = index.dataset.channels, channels != 3 {
      throw .invalidSetting(
        name: "channels of \(index.dataset.path)", value: "\(channels)",
        expected: "3: training is for RGB")
    }
    let count = index.images.count
    let isClassification = index.task == .classify
    let recent = isClassification ? 1 : min(count, 8 * settings.batchSize, Self.maximumRecent)
    recentCount = settings.cache == .ram ? nil : recent
    let ahead = isClassification ? 0 : (settings.workers + 1) * settings.batchSize
    let store = try ImageStore(
      index: index, imageSize: isClassification ? nil : settings.imageSize, mode: settings.cache,
      capacity: recent + ahead, report: report)
    var augmentation = settings.augmentation
    if settings.isRectangular { augmentation = augmentation.withoutMosaic() }
    func pipeline(_ augmentation: AugmentationSettings) -> SamplePipeline {
      SamplePipeline(
        index: index, store: store, settings: augmentation, masks: settings.masks,
        imageSize: settings.imageSize)
    }
    self.pipeline = pipeline(augmentation)
    closedPipeline = pipeline(augmentation.withoutMosaic())
    let (all, batchSize) = (Array(0..<count), settings.batchSize)
    if settings.isRectangular, index.task != .classify {
      let ratios = index.images.map { BatchPlan.ratio($0.size) }
      base = all.sorted { (ratios[$0], $0) < (ratios[$1], $1) }
      plan = BatchPlan(
        sortedSizes: base.map { index.images[$0].size }, batchSize: batchSize,
        imageSize: settings.imageSize, stride: settings.stride)
      isShuffled = Set(plan.batches.map(\.size)).count == 1
    } else {
      base = all
      plan = BatchPlan(count: count, batchSize: batchSize, imageSize: settings.imageSize)
      isShuffled = true
    }
  }

  package var batchCount: Int { plan.batches.count }

  /// Returns what makes the batches of an epoch.
  package func epoch(_ epoch: Int) -> BatchMaker {
    let isClosed = settings.closeMosaic > 0 && epoch >= settings.epochs - settings.closeMosaic
    return BatchMaker(
      pipeline: isClosed ? closedPipeline : pipeline, settings: settings, epoch: epoch,
      order: EpochOrder(
        base: base, isShuffled: isShuffled, seed: settings.seed, epoch: epoch,
        recentCount: recentCount), plan: plan)
  }
}
