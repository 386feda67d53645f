public import YOLOGeometry

/// The options of a prediction: names, ranges, defaults and help, defined here and nowhere else.
///
/// The command line, the server's responses and the documentation read them from here.
public enum PredictOption {
  /// The size that images are fitted into.
  public static let imageSize = ImageSizeOption(
    name: "imgsz", range: 32...1280, defaultSide: 640,
    help: "Size in pixels that images are fitted into, one number or HEIGHT,WIDTH; "
      + "rounded up to a multiple of the model's stride")

  /// The minimum confidence.
  public static let confidence = NumberOption(
    name: "conf", range: 0.01...1.0, defaultValue: 0.25,
    help: "Confidence that a detection must exceed")

  /// The intersection over union that suppression tolerates.
  public static let iouThreshold = NumberOption(
    name: "iou", range: 0.0...0.95, defaultValue: 0.45,
    help: "Intersection over union above which the less confident of two boxes is dropped")

  /// The greatest number of detections.
  public static let maxDetections = NumberOption(
    name: "max_det", range: 1...30_000, defaultValue: 300,
    help: "Greatest number of detections in an image")

  /// The classes to keep.
  public static let classes = ClassesOption(
    name: "classes", range: 0...99_999,
    help: "Indices of the classes to keep, joined by commas; all if not given")

  /// Whether boxes of different classes suppress each other.
  public static let agnostic = FlagOption(
    name: "agnostic_nms", defaultValue: false,
    help: "Let overlapping boxes of different classes suppress each other")

  /// Whether padding is cut down to whole strides.
  public static let rectangular = FlagOption(
    name: "rect", defaultValue: true,
    help: "Pad images to the next multiple of the stride only, not to the full size")

  /// Whether masks are made at the image's resolution.
  public static let retinaMasks = FlagOption(
    name: "retina_masks", defaultValue: false,
    help: "Make masks at the image's resolution, not at that of the network's input")

  /// Whether overlapping boxes are suppressed, or the branch of a dual head that needs none is run.
  public static let suppression = FlagOption(
    name: "nms", defaultValue: true,
    help:
      "Suppress overlapping boxes; without it a dual head (YOLOv10, YOLO26) runs the branch that "
      + "gives each object once")

  /// Of how many frames of a video one is looked at.
  public static let videoStride = NumberOption(
    name: "vid_stride", range: 1...10_000, defaultValue: 1,
    help: "Look at one of so many frames of a video")

  /// Whether coordinates of results are fractions of the image's width and height.
  public static let normalized = FlagOption(
    name: "normalize", defaultValue: false,
    help: "Give coordinates as fractions of the image's width and height (json, ndjson)")

  /// All options of a prediction, in the order of the documentation.
  package static let all: [any OptionDefinition] = [
    imageSize, confidence, iouThreshold, maxDetections, classes, agnostic, rectangular, retinaMasks,
    suppression, videoStride, normalized,
  ]
}

/// The checked options of a prediction.
public struct PredictOptions: Sendable, Hashable {
  /// The size that images are fitted into, or nil for what the checkpoint was trained with.
  public private(set) var imageSize: Size?
  /// What the confidence of a detection must exceed.
  public private(set) var confidence = PredictOption.confidence.defaultValue
  /// The intersection over union above which the less confident of two boxes is dropped.
  public private(set) var iouThreshold = PredictOption.iouThreshold.defaultValue
  /// The greatest number of detections in an image.
  public private(set) var maxDetections = PredictOption.maxDetections.defaultValue
  /// The classes to keep, or nil for all.
  public private(set) var classes: Set<Int>?
  /// Whether overlapping boxes of different classes suppress each other.
  public private(set) var isAgnostic = PredictOption.agnostic.defaultValue
  /// Whether images are padded to the next multiple of the stride only.
  public private(set) var isRectangular = PredictOption.rectangular.defaultValue
  /// Whether masks are made at the image's resolution, not at that of the network's input.
  public private(set) var hasRetinaMasks = PredictOption.retinaMasks.defaultValue

  /// The options that hold if none are given.
  public static let standard = PredictOptions()

  /// The options that hold in requests to a server, whatever size the model was trained with.
  package static let hosted: PredictOptions = {
    var options = PredictOptions()
    let side = PredictOption.imageSize.defaultSide
    options.imageSize = Size(width: side, height: side)
    return options
  }()

  private init() {}

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
}

extension PredictOptions: SettingsTable {
  /// The options, which command lines, forms, schemas and golden cases are made from.
  package static let settings: [Setting<PredictOptions>] = [
    Setting(PredictOption.imageSize, olderName: "size", ifGivenAt: \.imageSize),
    Setting(PredictOption.confidence, olderName: "confidence", at: \.confidence),
    Setting(PredictOption.iouThreshold, at: \.iouThreshold),
    Setting(PredictOption.maxDetections, at: \.maxDetections),
    Setting(PredictOption.classes, ifGivenAt: \.classes),
    Setting(PredictOption.agnostic, at: \.isAgnostic),
    Setting(PredictOption.rectangular, at: \.isRectangular),
    Setting(PredictOption.retinaMasks, at: \.hasRetinaMasks),
  ]
}
