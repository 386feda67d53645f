import YOLOGeometry
public import YOLOModels
public import YOLOPostprocess
import YOLOTensor

/// What a head's outputs say, before classes are named.
enum ResultContent {
  /// The objects, by descending confidence.
  case instances([Instance])
  /// The classes of the image.
  case classification(Classification)
  /// The class of each pixel.
  case classes(ClassMap)
  /// The distance of each pixel.
  case depth(DepthMap)
}

extension Network.Head {
  /// How the outputs of a head that finds objects are laid out; nil for a classifier.
  private var layout: DetectLayout? {
    switch self {
    case .detect(let layout), .segment(let layout, _), .pose(let layout, _),
      .oriented(let layout, _):
      layout
    case .anchors, .queries, .classify, .semantic, .depth: nil
    }
  }

  /// The sides of the cells of a head, in input pixels.
  var strides: [Int] {
    switch self {
    case .anchors(let layout): return layout.levels.map(\.stride)
    // Ultralytics has this for all of them; a checkpoint's own strides may be larger.
    case .semantic, .depth: return [32]
    case .detect, .segment, .pose, .oriented, .queries, .classify: return levels.map(\.stride)
    }
  }

  /// The resolutions of a head that finds objects.
  var levels: [DetectLayout.Level] { layout?.levels ?? [] }

  /// How the cells of a head are thinned out, given the threshold of suppression.
  public func selectionMethod(iouThreshold: Double) -> Selection.Method {
    layout?.isOneToOne ?? false ? .ranking : .suppression(iouThreshold: iouThreshold)
  }

  /// Whether images are stretched to the input's size, whatever their proportions.
  public var stretchesImages: Bool {
    switch self {
    case .queries, .depth: true
    case .detect, .segment, .pose, .oriented, .anchors, .classify, .semantic: false
    }
  }

  /// The number of keypoints of an object; nil but for pose.
  public var keypointCount: Int? {
    if case .pose(_, let keypoints) = self { keypoints.count } else { nil }
  }

  /// The number of classes.
  public var classCount: Int {
    switch self {
    case .detect(let layout), .segment(let layout, _), .pose(let layout, _),
      .oriented(let layout, _):
      layout.classCount
    case .anchors(let layout): layout.classCount
    case .queries(_, _, let classCount), .classify(_, let classCount),
      .semantic(_, let classCount):
      classCount
    // Ultralytics has one name for what is not classes.
    case .depth: 1
    }
  }

  /// Whether the whole image gets a class.
  public var isClassifier: Bool {
    switch self {
    case .classify: true
    case .detect, .segment, .pose, .oriented, .anchors, .queries, .semantic, .depth: false
    }
  }

  /// The levels of a head in the outputs of a run, in the order of the graph's.
  private func levels(in maps: [FeatureMap]) -> [DetectLevel] {
    levels.map { level in
      DetectLevel(
        boxes: maps[level.boxes], classes: maps[level.classes], stride: level.stride,
        extra: level.extra.map { maps[$0] })
    }
  }

  /// Reads the outputs of a run, in the order of the graph's.
  ///
  /// Throws `MaskError` for masks that take too much memory.
  func content(
    in maps: [FeatureMap], _ fit: InputFit, _ request: ResultRequest, threads: Int
  ) throws(MaskError) -> ResultContent {
    let levels = levels(in: maps)
    switch (self, fit) {
    case (.classify(let logits, let classCount), _):
      return .classification(ClassifyDecoder(classCount: classCount).classification(maps[logits]))
    case (.detect(let layout), .letterbox(let letterbox)):
      return .instances(
        DetectDecoder(layout).instances(
          in: levels, select: request.selection, letterbox: letterbox,
          space: request.space.unrounded(layout.isUnrounded)))
    case (.segment(let layout, let prototypes), .letterbox(let letterbox)):
      return .instances(
        try SegmentDecoder(layout).instances(
          in: levels, prototypes: maps[prototypes], select: request.selection,
          letterbox: letterbox, masks: request.masks, space: request.space, threads: threads))
    case (.pose(let layout, let keypoints), .letterbox(let letterbox)):
      return .instances(
        PoseDecoder(layout, keypoints).instances(
          in: levels, select: request.selection, letterbox: letterbox, space: request.space))
    case (.oriented(let layout, let anglesAreRadians), .letterbox(let letterbox)):
      return .instances(
        OrientedDecoder(layout, anglesAreRadians: anglesAreRadians).instances(
          in: levels, select: request.selection, letterbox: letterbox, space: request.space))
    case (.anchors(let layout), .letterbox(let letterbox)):
      return .instances(
        try AnchorDecoder(layout).instances(
          in: layout.levels(in: maps), prototypes: layout.prototypes.map { maps[$0.output] },
          select: request.selection, letterbox: letterbox, masks: request.masks,
          space: request.space.unrounded(true), threads: threads))
    case (.queries(let boxes, let classes, let classCount), .letterbox(let letterbox)):
      return .instances(
        QueryDecoder(classCount: classCount).instances(
          boxes: maps[boxes], classes: maps[classes], select: request.selection,
          in: request.space == .source ? letterbox.source : letterbox.padded))
    case (.semantic(let logits, let classCount), .letterbox(let letterbox)):
      return .classes(
        try SemanticDecoder(classCount: classCount).classMap(
          maps[logits], keeping: request.selection.classes,
          letterbox: request.space.grid(of: letterbox), threads: threads))
    case (.depth(let logarithm), .letterbox(let letterbox)):
      return .depth(
        try DepthDecoder().depthMap(
          maps[logarithm], letterbox: request.space.grid(of: letterbox), threads: threads))
    case (_, .crop), (_, .transformed):
      preconditionFailure("only classifiers crop")
    }
  }

  /// Decodes all cells of a run's outputs; nil for a classifier.
  func tensors(in maps: [FeatureMap]) -> HeadTensors? {
    let levels = levels(in: maps)
    return switch self {
    case .anchors, .queries, .classify, .semantic, .depth: nil
    case .detect(let layout): DetectDecoder(layout).tensors(of: levels)
    case .segment(let layout, _): SegmentDecoder(layout).tensors(of: levels)
    case .pose(let layout, let keypoints): PoseDecoder(layout, keypoints).tensors(of: levels)
    case .oriented(let layout, let anglesAreRadians):
      OrientedDecoder(layout, anglesAreRadians: anglesAreRadians).tensors(of: levels)
    }
  }
}

extension Network.Head {
  /// Decodes what a head found everywhere, in the order of PyTorch; nil for a classifier.
  func decoded(_ tensors: HeadTensors?, in maps: [FeatureMap]) -> Tensor? {
    switch self {
    case .queries(let boxes, let classes, let classCount):
      QueryDecoder(classCount: classCount).tensor(boxes: maps[boxes], classes: maps[classes])
    case .anchors(let layout): AnchorDecoder(layout).tensor(of: layout.levels(in: maps))
    case .semantic(let logits, _): Tensor(maps[logits])
    case .depth(let logarithm): DepthDecoder().tensor(maps[logarithm])
    case .detect, .segment, .pose, .oriented, .classify: tensors?.decoded
    }
  }
}

extension AnchorLayout {
  /// The levels in the outputs of a run, in the order of the graph's.
  fileprivate func levels(in maps: [FeatureMap]) -> [AnchorLevel] {
    levels.map { level in
      AnchorLevel(
        values: maps[level.output], stride: level.stride,
        anchors: level.anchors.map { .init(width: $0.width, height: $0.height) })
    }
  }
}

extension AnchorDecoder {
  fileprivate init(_ layout: AnchorLayout) {
    self.init(classCount: layout.classCount, isObjectnessAlone: layout.isObjectnessAlone)
  }
}

extension ResultSpace {
  /// Returns the space of a head whose boxes are mapped to the image without rounding, or not.
  fileprivate func unrounded(_ isUnrounded: Bool) -> ResultSpace {
    self == .source && isUnrounded ? .unroundedSource : self
  }

  /// Returns the letterbox of the pixels that are wanted: the padded ones are an image of their own.
  fileprivate func grid(of letterbox: Letterbox) -> Letterbox {
    guard self == .letterbox else { return letterbox }
    return Letterbox(
      source: letterbox.padded, resized: letterbox.padded, padded: letterbox.padded)
  }
}

extension DetectDecoder {
  fileprivate init(_ layout: DetectLayout) {
    self.init(classCount: layout.classCount, binCount: layout.binCount)
  }
}

extension SegmentDecoder {
  fileprivate init(_ layout: DetectLayout) {
    self.init(classCount: layout.classCount, binCount: layout.binCount)
  }
}

extension PoseDecoder {
  fileprivate init(_ layout: DetectLayout, _ keypoints: KeypointLayout) {
    self.init(
      classCount: layout.classCount, binCount: layout.binCount, keypointCount: keypoints.count,
      valueCount: keypoints.hasVisibility ? 3 : 2,
      form: keypoints.isCentered ? .offset : .standard)
  }
}

extension OrientedDecoder {
  fileprivate init(_ layout: DetectLayout, anglesAreRadians: Bool) {
    self.init(
      classCount: layout.classCount, binCount: layout.binCount,
      angle: anglesAreRadians ? .direct : .sigmoid)
  }
}
