/// Rates what a model finds in a set of labeled images, image by image.
///
///     var evaluation = Evaluation(kind: .boxes, classCount: 80)
///     for image in images { evaluation.add(findings(image), targets: labels(image)) }
///     let report = evaluation.report()
///
/// Memory: a few bytes a finding; shapes are not kept.
public struct Evaluation: Sendable {
  /// The confidence above which findings count in the confusion matrix if not told otherwise.
  ///
  /// Ultralytics counts all findings of a validation, from 0.001 on, so that the matrix says
  /// little; its own value is used when the thresholds are the same.
  public static let confusionConfidence: Float = 0.25

  /// What findings are compared by.
  public let kind: ValidationKind
  private let confusionConfidence: Float
  private var boxes = MetricAccumulator()
  private var details = MetricAccumulator()
  private var confusion: ConfusionMatrix
  private var images = 0
  private var instances = 0

  /// Creates an evaluation without images.
  ///
  /// - Parameters:
  ///   - kind: What findings are compared by.
  ///   - classCount: The number of classes.
  ///   - confusionConfidence: The confidence above which findings count in the confusion matrix.
  public init(
    kind: ValidationKind, classCount: Int,
    confusionConfidence: Float = Self.confusionConfidence
  ) {
    self.kind = kind
    self.confusionConfidence = confusionConfidence
    confusion = ConfusionMatrix(classCount: classCount, hasBackground: true)
  }

  /// Adds an image.
  ///
  /// - Parameters:
  ///   - findings: What the model found, by descending confidence, in letterbox pixels.
  ///   - targets: What is there, in letterbox pixels.
  public mutating func add(_ findings: [ValidationFinding], targets: [ValidationTarget]) {
    images += 1
    instances += targets.count
    let keypointCount = if case .keypoints(let count) = kind { count } else { 0 }
    let overlap = ShapeOverlap(findings, targets, keypointCount: keypointCount)
    let found = findings.map { (classIndex: $0.classIndex, confidence: $0.confidence) }
    let classes = targets.map(\.classIndex)
    boxes.add(found, targets: classes, overlap: overlap.box)
    switch kind {
    case .boxes, .orientedBoxes: break
    case .masks, .keypoints: details.add(found, targets: classes, overlap: overlap.detail)
    }
    let sure = findings.indices.filter { findings[$0].confidence > confusionConfidence }
    confusion.add(sure.map { findings[$0].classIndex }, targets: classes) {
      overlap.box(sure[$0], $1)
    }
  }

  /// Rates what was added.
  public func report() -> EvaluationReport {
    let details: DetectionMetrics? =
      switch kind {
      case .boxes, .orientedBoxes: nil
      case .masks, .keypoints: self.details.metrics()
      }
    return EvaluationReport(
      kind: kind, images: images, instances: instances, boxes: boxes.metrics(),
      details: details, confusion: confusion)
  }
}
