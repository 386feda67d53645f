public import YOLOGeometry

/// The checked options of a prediction.
public struct PredictOptions: Sendable, Hashable {
  /// The size that images are fitted into, or nil for what the checkpoint was trained with.
  public let imageSize: Size?
  /// What the confidence of a detection must exceed.
  public let confidence: Double
  /// The intersection over union above which the less confident of two boxes is dropped.
  public let iouThreshold: Double
  /// The greatest number of detections in an image.
  public let maxDetections: Int
  /// The classes to keep, or nil for all.
  public let classes: Set<Int>?
  /// Whether overlapping boxes of different classes suppress each other.
  public let isAgnostic: Bool
  /// Whether images are padded to the next multiple of the stride only.
  public let isRectangular: Bool
  /// Whether masks are made at the image's resolution, not at that of the network's input.
  public let hasRetinaMasks: Bool

  /// The options that hold if none are given.
  public static let standard = PredictOptions()

  /// Checks options against their ranges, see ``PredictOption``.
  ///
  /// Throws ``OptionError/outOfRange(option:given:expected:)`` for the first one outside its range,
  /// ``OptionError/malformed(option:given:expected:)`` for an empty set of classes.
  public init(
    imageSize: Size? = nil,
    confidence: Double = PredictOption.confidence.defaultValue,
    iouThreshold: Double = PredictOption.iouThreshold.defaultValue,
    maxDetections: Int = PredictOption.maxDetections.defaultValue,
    classes: Set<Int>? = nil,
    isAgnostic: Bool = PredictOption.agnostic.defaultValue,
    isRectangular: Bool = PredictOption.rectangular.defaultValue,
    hasRetinaMasks: Bool = PredictOption.retinaMasks.defaultValue
  ) throws(OptionError) {
    if let imageSize { try PredictOption.imageSize.checked(imageSize) }
    if let classes { try PredictOption.classes.checked(classes) }
    self.imageSize = imageSize
    self.confidence = try PredictOption.confidence.checked(confidence)
    self.iouThreshold = try PredictOption.iouThreshold.checked(iouThreshold)
    self.maxDetections = try PredictOption.maxDetections.checked(maxDetections)
    self.classes = classes
    self.isAgnostic = isAgnostic
    self.isRectangular = isRectangular
    self.hasRetinaMasks = hasRetinaMasks
  }

  private init() {
    imageSize = nil
    confidence = PredictOption.confidence.defaultValue
    iouThreshold = PredictOption.iouThreshold.defaultValue
    maxDetections = PredictOption.maxDetections.defaultValue
    classes = nil
    isAgnostic = PredictOption.agnostic.defaultValue
    isRectangular = PredictOption.rectangular.defaultValue
    hasRetinaMasks = PredictOption.retinaMasks.defaultValue
  }
}
