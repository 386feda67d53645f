public import YOLOGeometry

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
