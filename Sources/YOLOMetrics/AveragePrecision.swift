/// Average precision: the area below a precision-recall curve.
enum AveragePrecision {
  /// The recalls at which the envelope is sampled for the area: 0, 0.01, … 1.
  static let recalls = (0...100).map { $0 == 100 ? 1 : Double($0) * 0.01 }

  /// Returns the least curve that falls, and is nowhere below the given one.
  ///
  /// Precision drops to 0 right after the last recall reached; Ultralytics' sentinel does this,
  /// where others would go on with a straight line to (1, 0).
  ///
  /// - Parameters:
  ///   - recall: Recall after each detection, by descending confidence; not empty.
  ///   - precision: Precision after each detection.
  /// - Returns: Precision as a function of recall.
  static func envelope(recall: [Double], precision: [Double]) -> Interpolation {
    let reached = recall.last ?? 1
    var ordinates = [1] + precision + [0, 0]
    for index in ordinates.indices.dropLast().reversed() {
      ordinates[index] = max(ordinates[index], ordinates[index + 1])
    }
    return Interpolation(abscissae: [0] + recall + [reached, 1], ordinates: ordinates)
  }

  /// Returns the area below an envelope: the trapezoid rule over `recalls`.
  static func area(below envelope: Interpolation) -> Double {
    let values = envelope.values(at: recalls, before: 1)
    var area = 0.0
    for index in recalls.indices.dropLast() {
      area += (recalls[index + 1] - recalls[index]) * (values[index + 1] + values[index]) / 2
    }
    return area
  }
}
