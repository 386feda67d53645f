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
