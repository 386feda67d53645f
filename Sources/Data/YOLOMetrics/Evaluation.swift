public import YOLOGeometry

/// Rates what a model finds in a set of labeled images, image by image.
///
///     var evaluation = Evaluation(task: .detect, classCount: 80)
///     for image in images { evaluation.add(instances(image), targets: labels(image)) }
///     let report = evaluation.report()
///
/// Memory: a few bytes a detection; shapes are not kept.
public struct Evaluation: Sendable {
  /// The confidence above which detections count in the confusion matrix if not told otherwise.
  ///
  /// Ultralytics counts all detections of an evaluation, from 0.001 on, so that the matrix says
  /// little; its own value is used when the thresholds are the same.
  public static let confusionConfidence: Float = 0.25

  /// The task, which decides what instances are compared by: boxes; boxes and masks; boxes and
  /// keypoints; or oriented boxes.
  public let task: VisionTask
  private let keypointCount: Int
  private let confusionConfidence: Float
  private var boxes = MetricAccumulator()
  private var details = MetricAccumulator()
  private var confusion: ConfusionMatrix
  private var images = 0
  private var instances = 0

  /// Creates an evaluation without images.
  ///
  /// - Parameters:
  ///   - task: Any task of objects; classification is what `ClassificationEvaluation` rates.
  ///   - classCount: The number of classes.
  ///   - keypointCount: The number of keypoints of an object; for poses only.
  ///   - confusionConfidence: The confidence above which detections count in the confusion matrix.
  public init(
    task: VisionTask, classCount: Int, keypointCount: Int = 0,
    confusionConfidence: Float = Self.confusionConfidence
  ) {
    precondition(task != .classify, "a classification has no instances")
    precondition(!task.isDense, "a dense task has no instances")
    self.task = task
    self.keypointCount = keypointCount
    self.confusionConfidence = confusionConfidence
    confusion = ConfusionMatrix(classCount: classCount, hasBackground: true)
  }

  /// Adds an image.
  ///
  /// - Parameters:
  ///   - detections: What the model found, by descending confidence, in letterbox pixels.
  ///   - targets: What is there, in letterbox pixels.
  public mutating func add(_ detections: [Instance], targets: [Instance]) {
    images += 1
    instances += targets.count
    let overlap = GeometryOverlap(
      detections.map(\.geometry), targets.map(\.geometry), keypointCount: keypointCount)
    let found = detections.map { (classIndex: $0.classIndex, confidence: $0.confidence) }
    let classes = targets.map(\.classIndex)
    boxes.add(found, targets: classes, overlap: overlap.box)
    switch task {
    case .detect, .obb, .classify, .semantic, .depth: break
    case .segment, .pose: details.add(found, targets: classes, overlap: overlap.detail)
    }
    let sure = detections.indices.filter { detections[$0].confidence > confusionConfidence }
    confusion.add(sure.map { detections[$0].classIndex }, targets: classes) {
      overlap.box(sure[$0], $1)
    }
  }

  /// Rates what was added.
  public func report() -> EvaluationReport {
    let details: DetectionMetrics? =
      switch task {
      case .detect, .obb, .classify, .semantic, .depth: nil
      case .segment, .pose: self.details.metrics()
      }
    return EvaluationReport(
      task: task, images: images, instances: instances, boxes: boxes.metrics(),
      details: details, confusion: confusion)
  }
}

/// How good a model is on a set of labeled images.
public struct EvaluationReport: Sendable, Hashable {
  /// The task.
  public let task: VisionTask
  /// The number of images, those without targets included.
  public let images: Int
  /// The number of targets.
  public let instances: Int
  /// The figures by the overlap of boxes, or of oriented boxes.
  public let boxes: DetectionMetrics
  /// The figures by masks or keypoints, where there are any.
  public let details: DetectionMetrics?
  /// Which class was found where which class is.
  public let confusion: ConfusionMatrix

  /// The one figure by which models are ranked: mAP50-95, that of boxes plus that of masks or
  /// keypoints.
  public var fitness: Double {
    boxes.averagePrecision + (details?.averagePrecision ?? 0)
  }
}
