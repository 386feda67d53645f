/// How well a set's targets are found, by one kind of overlap.
public struct DetectionMetrics: Sendable, Hashable {
  /// The classes that have targets, by ascending index.
  public let classes: [ClassMetrics]
  /// The curves of these classes.
  public let curves: [MetricCurves]
  /// The confidence where the smoothed mean of the classes' F1 is best; precision and recall are
  /// those of detections above it.
  public let bestConfidence: Double

  /// The mean of the classes' precisions; like all means 0 if no class has targets.
  public var precision: Double { classes.lazy.map(\.precision).mean }
  /// The mean of the classes' recalls.
  public var recall: Double { classes.lazy.map(\.recall).mean }
  /// The mean of the classes' average precisions at overlap 0.5: mAP50.
  public var averagePrecision50: Double { classes.lazy.map(\.averagePrecision50).mean }
  /// The mean of the classes' average precisions at the ten overlaps: mAP50-95.
  public var averagePrecision: Double { classes.lazy.map(\.averagePrecision).mean }
}
