public import YOLOGeometry

/// The options of a prediction: names, ranges, defaults and help, defined here and nowhere else.
///
/// The command line, the server's responses and the documentation read them from here. An option
/// may have two ranges: what the library and the command take, where memory is the limit, and the
/// bounds of the HUB inference API, which hold for requests to the server (`hosted`).
public enum PredictOption {
  /// The size that images are fitted into.
  public static let imageSize = ImageSizeOption(
    name: "imgsz", range: 32...65_536, hostedRange: 32...1280, defaultSide: 640,
    help: "Size in pixels that images are fitted into, one number or HEIGHT,WIDTH; "
      + "rounded up to a multiple of the model's stride")

  /// The minimum confidence.
  public static let confidence = NumberOption(
    name: "conf", range: 0.0...1.0, hostedRange: 0.01...1.0, defaultValue: 0.25,
    help: "Confidence that a detection must exceed")

  /// The intersection over union that suppression tolerates: by default that of the HUB inference
  /// API, 0.45, where Ultralytics' own is 0.7.
  public static let iouThreshold = NumberOption(
    name: "iou", range: 0.0...1.0, hostedRange: 0.0...0.95, defaultValue: 0.45,
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
///
/// A copy with changes is checked again:
///
///     let strict = try PredictOptions.standard.with { $0.confidence = 0.6 }
public struct PredictOptions: Sendable, Hashable {
  /// The values of the options, whatever they are; they are checked when they become options.
  public struct Values: Sendable, Hashable {
    /// The size that images are fitted into, or nil for what the checkpoint was trained with.
    public var imageSize: Size?
    /// What the confidence of a detection must exceed.
    public var confidence = PredictOption.confidence.defaultValue
    /// The intersection over union above which the less confident of two boxes is dropped.
    public var iouThreshold = PredictOption.iouThreshold.defaultValue
    /// The greatest number of detections in an image.
    public var maxDetections = PredictOption.maxDetections.defaultValue
    /// The indices of the classes to keep, or nil; see `classNames`.
    public var classes: Set<Int>?
    /// The names of the classes to keep, or nil; all are kept if `classes` is nil, too.
    public var classNames: Set<String>?
    /// Whether overlapping boxes of different classes suppress each other.
    public var isAgnostic = PredictOption.agnostic.defaultValue
    /// Whether images are padded to the next multiple of the stride only.
    public var isRectangular = PredictOption.rectangular.defaultValue
    /// Whether masks are made at the image's resolution, not at that of the network's input.
    public var hasRetinaMasks = PredictOption.retinaMasks.defaultValue

    /// Creates the values that hold if none are given.
    public init() {}
  }

  private var values = Values()

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
  /// ``OptionError/malformed(option:given:expected:)`` for an empty set of classes. Whether a model
  /// has classes of these indices and names is checked when it predicts.
  public init(
    imageSize: Size? = nil,
    confidence: Double = PredictOption.confidence.defaultValue,
    iouThreshold: Double = PredictOption.iouThreshold.defaultValue,
    maxDetections: Int = PredictOption.maxDetections.defaultValue,
    classes: Set<Int>? = nil,
    classNames: Set<String>? = nil,
    isAgnostic: Bool = PredictOption.agnostic.defaultValue,
    isRectangular: Bool = PredictOption.rectangular.defaultValue,
    hasRetinaMasks: Bool = PredictOption.retinaMasks.defaultValue
  ) throws(OptionError) {
    var values = Values()
    values.imageSize = imageSize
    values.confidence = confidence
    values.iouThreshold = iouThreshold
    values.maxDetections = maxDetections
    values.classes = classes
    values.classNames = classNames
    values.isAgnostic = isAgnostic
    values.isRectangular = isRectangular
    values.hasRetinaMasks = hasRetinaMasks
    try self.init(values)
  }

  /// Checks values against the ranges of their options.
  ///
  /// Throws as the initializer of all options does.
  public init(_ values: Values) throws(OptionError) {
    if let size = values.imageSize { try PredictOption.imageSize.checked(size) }
    if let classes = values.classes { try PredictOption.classes.checked(classes) }
    if let names = values.classNames { try PredictOption.classes.checked(names: names) }
    self.values = values
    confidence = try PredictOption.confidence.checked(values.confidence)
    iouThreshold = try PredictOption.iouThreshold.checked(values.iouThreshold)
    maxDetections = try PredictOption.maxDetections.checked(values.maxDetections)
  }

  /// Returns a copy with changed values.
  ///
  ///     let people = try options.with { $0.classNames = ["person"] }
  ///
  /// Throws as the initializer of all options does.
  public func with(_ change: (inout Values) -> Void) throws(OptionError) -> PredictOptions {
    var values = values
    change(&values)
    return try PredictOptions(values)
  }
}

extension PredictOptions {
  /// The size that images are fitted into, or nil for what the checkpoint was trained with.
  public private(set) var imageSize: Size? {
    get { values.imageSize }
    set { values.imageSize = newValue }
  }

  /// What the confidence of a detection must exceed.
  public private(set) var confidence: Double {
    get { values.confidence }
    set { values.confidence = newValue }
  }

  /// The intersection over union above which the less confident of two boxes is dropped.
  public private(set) var iouThreshold: Double {
    get { values.iouThreshold }
    set { values.iouThreshold = newValue }
  }

  /// The greatest number of detections in an image.
  public private(set) var maxDetections: Int {
    get { values.maxDetections }
    set { values.maxDetections = newValue }
  }

  /// The indices of the classes to keep, or nil; see `classNames`.
  public private(set) var classes: Set<Int>? {
    get { values.classes }
    set { values.classes = newValue }
  }

  /// The names of the classes to keep, or nil; all are kept if `classes` is nil, too.
  ///
  /// Of several classes with one name all are meant.
  public var classNames: Set<String>? { values.classNames }

  /// Whether overlapping boxes of different classes suppress each other.
  public private(set) var isAgnostic: Bool {
    get { values.isAgnostic }
    set { values.isAgnostic = newValue }
  }

  /// Whether images are padded to the next multiple of the stride only.
  public private(set) var isRectangular: Bool {
    get { values.isRectangular }
    set { values.isRectangular = newValue }
  }

  /// Whether masks are made at the image's resolution, not at that of the network's input.
  public private(set) var hasRetinaMasks: Bool {
    get { values.hasRetinaMasks }
    set { values.hasRetinaMasks = newValue }
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
