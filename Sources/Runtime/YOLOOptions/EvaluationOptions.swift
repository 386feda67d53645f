import YOLOGeometry

/// The options of an evaluation: names, ranges, defaults and help, defined here and nowhere else.
public enum EvaluationOption {
  /// The long side of the network's input.
  public static let imageSize = ImageSizeOption(
    name: PredictOption.imageSize.name, range: PredictOption.imageSize.range,
    defaultSide: PredictOption.imageSize.defaultSide, isSquare: true,
    help: "The long side of the input in pixels")

  /// The minimum confidence: low, so that precision is known up to the highest recall.
  public static let confidence = NumberOption(
    name: "conf", range: 0.0...1.0, defaultValue: 0.001,
    help: "Confidence that a detection must exceed; for oriented boxes at least "
      + "\(minimumOrientedConfidence)")

  /// What Ultralytics takes for oriented boxes in place of the default.
  public static let minimumOrientedConfidence = 0.01

  /// The intersection over union that suppression tolerates.
  public static let iouThreshold = NumberOption(
    name: "iou", range: 0.0...1.0, defaultValue: 0.7,
    help: "Intersection over union above which the less confident of two detections is dropped")

  /// The greatest number of detections.
  public static let maxDetections = NumberOption(
    name: "max_det", range: 1...30_000, defaultValue: 300,
    help: "Greatest number of detections in an image; if not given, more where an image has more "
      + "labels")

  /// The images that are padded to a common size.
  public static let batch = NumberOption(
    name: "batch", range: 1...4096, defaultValue: 16,
    help: "Images of like proportions that are padded to a common size, which figures depend on")
}

/// The checked options of an evaluation.
public struct EvaluationOptions: Sendable, Hashable {
  /// The size whose side is the long side of the input, or nil for what the checkpoint was trained
  /// with.
  private var imageSize: Size?
  /// What the confidence of a detection must exceed.
  public private(set) var confidence = EvaluationOption.confidence.defaultValue
  /// The intersection over union above which the less confident of two detections is dropped.
  public private(set) var iouThreshold = EvaluationOption.iouThreshold.defaultValue
  /// The greatest number of detections in an image; nil for the default, or the labels of the image
  /// with the most labels if those are more.
  public private(set) var maxDetections: Int?
  /// The images that are padded to a common size.
  public private(set) var batchSize = EvaluationOption.batch.defaultValue

  /// The options that hold if none are given.
  public static let standard = EvaluationOptions()

  private init() {}

  /// Checks options against their ranges, see ``EvaluationOption``.
  ///
  /// - Parameters:
  ///   - imageSide: The long side of the input, or nil for what the checkpoint was trained with.
  ///   - confidence: What the confidence of a detection must exceed.
  ///   - iouThreshold: The intersection over union above which the less confident of two detections
  ///     is dropped.
  ///   - maxDetections: The greatest number of detections in an image.
  ///   - batchSize: The images that are padded to a common size.
  /// - Throws: `outOfRange` for the first option outside its range.
  public init(
    imageSide: Int? = nil, confidence: Double = EvaluationOption.confidence.defaultValue,
    iouThreshold: Double = EvaluationOption.iouThreshold.defaultValue, maxDetections: Int? = nil,
    batchSize: Int = EvaluationOption.batch.defaultValue
  ) throws(OptionError) {
    if let imageSide {
      imageSize = try EvaluationOption.imageSize.checked(Size(width: imageSide, height: imageSide))
    }
    self.confidence = try EvaluationOption.confidence.checked(confidence)
    self.iouThreshold = try EvaluationOption.iouThreshold.checked(iouThreshold)
    if let maxDetections { try EvaluationOption.maxDetections.checked(maxDetections) }
    self.maxDetections = maxDetections
    self.batchSize = try EvaluationOption.batch.checked(batchSize)
  }

  /// The long side of the input; nil for what the checkpoint was trained with.
  public var imageSide: Int? { imageSize?.width }
}

extension EvaluationOptions: SettingsTable {
  /// The options, which command lines and documentation are made from.
  package static let settings: [Setting<EvaluationOptions>] = [
    Setting(EvaluationOption.imageSize, ifGivenAt: \.imageSize),
    Setting(EvaluationOption.confidence, at: \.confidence),
    Setting(EvaluationOption.iouThreshold, at: \.iouThreshold),
    Setting(EvaluationOption.maxDetections, ifGivenAt: \.maxDetections),
    Setting(EvaluationOption.batch, at: \.batchSize),
  ]
}
