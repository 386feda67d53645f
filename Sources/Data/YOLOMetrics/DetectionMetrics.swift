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

/// How well one class is found.
public struct ClassMetrics: Sendable, Hashable {
  /// The class.
  public let classIndex: Int
  /// The images that have a target of it.
  public let images: Int
  /// The targets.
  public let instances: Int
  /// The fraction of the detections that is right at IoU 0.5, at the confidence where F1 is best.
  public let precision: Double
  /// The fraction of the targets that is found at IoU 0.5, at the confidence where F1 is best.
  public let recall: Double
  /// The average precision at each of the ten overlaps of ``OverlapLevels``.
  public let averagePrecisions: [Double]

  /// The harmonic mean of precision and recall.
  public var f1: Double { 2 * precision * recall / (precision + recall + 1e-16) }
  /// The average precision at overlap 0.5.
  public var averagePrecision50: Double { averagePrecisions.first ?? 0 }
  /// The mean of the average precisions at the ten overlaps.
  public var averagePrecision: Double { averagePrecisions.mean }
}

extension Sequence<Double> {
  /// The arithmetic mean; 0 of nothing.
  package var mean: Double {
    var sum = 0.0
    var count = 0
    for value in self {
      sum += value
      count += 1
    }
    return count == 0 ? 0 : sum / Double(count)
  }
}

/// The curves of one class at overlap 0.5, each of a thousand points.
public struct MetricCurves: Sendable, Hashable {
  /// The abscissae of all curves: 0, 1/999, … 1.
  public static let positions = (0..<1000).map { $0 == 999 ? 1 : Double($0) * (1.0 / 999) }

  /// Precision above a confidence.
  public let precision: [Double]
  /// Recall above a confidence.
  public let recall: [Double]
  /// The falling envelope of precision at a recall.
  public let precisionAtRecall: [Double]

  /// The harmonic mean of precision and recall above a confidence.
  public var f1: [Double] {
    zip(precision, recall).map { 2 * $0 * $1 / ($0 + $1 + 1e-16) }
  }

  /// The curves of a class that was not found at all.
  static var zero: MetricCurves {
    let zeros = [Double](repeating: 0, count: positions.count)
    return MetricCurves(precision: zeros, recall: zeros, precisionAtRecall: zeros)
  }
}
