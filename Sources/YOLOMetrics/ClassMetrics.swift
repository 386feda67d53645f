/// How well one class is found.
public struct ClassMetrics: Sendable, Hashable {
  /// The class.
  public let classIndex: Int
  /// The images that have a target of it.
  public let images: Int
  /// The targets.
  public let instances: Int
  /// The share of the detections that is right at overlap 0.5, at the confidence where F1 is best.
  public let precision: Double
  /// The share of the targets that is found at overlap 0.5, at the confidence where F1 is best.
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
  var mean: Double {
    var sum = 0.0
    var count = 0
    for value in self {
      sum += value
      count += 1
    }
    return count == 0 ? 0 : sum / Double(count)
  }
}
