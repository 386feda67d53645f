/// What batches a loader makes.
public struct LoaderSettings: Sendable, Hashable {
  /// The side of the network's input in pixels.
  public var imageSize = 640
  /// The images of a batch.
  public var batchSize = 16
  /// The unit of the input's sides: the network's largest stride, at least 32.
  public var stride = 32
  /// The epochs of the run.
  public var epochs = 100
  /// The last epochs, which have neither mosaic nor blends.
  public var closeMosaic = 10
  /// The seed of the run.
  public var seed: UInt64 = 0
  /// Whether batches have images of similar proportions and an input that fits them.
  public var isRectangular = false
  /// How far the input's side varies from batch to batch, as a fraction.
  public var multiScale = 0.0
  /// Where decoded images are kept.
  public var cache = ImageCacheMode.none
  /// The threads that make batches ahead; 0 makes each one when it is asked for.
  public var workers = LoaderSettings.defaultWorkers
  /// What is done at random.
  public var augmentation = AugmentationSettings()
  /// How masks are made.
  public var masks = MaskSettings()

  /// A worker for every four processors, at least one and at most eight.
  public static let defaultWorkers = max(1, min(8, processorCount / 4))

  /// Creates the default settings.
  public init() {}

  package func check() throws(TrainingDataError) {
    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(TrainingDataError) {
      guard range.contains(value) else {
        throw .invalidSetting(
          name: name, value: "\(value)",
          expected: "from \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check("imgsz", imageSize, 32...16_384)
    try check("batch", batchSize, 1...65_536)
    try check("stride", stride, 1...4096)
    try check("epochs", epochs, 0...Int(Int32.max))
    try check("close_mosaic", closeMosaic, 0...Int(Int32.max))
    try check("workers", workers, 0...1024)
    try check("mask_ratio", masks.ratio, 1...256)
    guard (0..<1).contains(multiScale) else {
      throw .invalidSetting(
        name: "multi_scale", value: "\(multiScale)", expected: "from 0 to below 1")
    }
    try augmentation.check()
  }
}
