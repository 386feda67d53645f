/// Average precision: the area below a precision-recall curve.
enum AveragePrecision {
  /// The recalls at which the envelope is sampled for the area: 0, 0.01, … 1.
  static let recalls = (0...100).map { $0 == 100 ? 1 : Double($0) * 0.01 }

  /// Returns the lowest curve that falls, and is nowhere below the given one.
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

/// Linear interpolation between the points of a curve.
///
/// As `numpy.interp` does it: where several points share their abscissa, the last of them counts.
struct Interpolation {
  /// The abscissae, ascending.
  let abscissae: [Double]
  /// The ordinates, as many.
  let ordinates: [Double]

  init(abscissae: [Double], ordinates: [Double]) {
    precondition(abscissae.count == ordinates.count && !abscissae.isEmpty)
    self.abscissae = abscissae
    self.ordinates = ordinates
  }

  /// Returns the curve's value at ascending positions; `before` left of the first point, the last
  /// ordinate right of the last point.
  func values(at positions: [Double], before: Double) -> [Double] {
    let last = abscissae.count - 1
    var next = 0
    return positions.map { position in
      // `next` is the first point right of the position.
      while next <= last, abscissae[next] <= position { next += 1 }
      if next == 0 { return before }
      if next > last { return ordinates[last] }
      let left = next - 1
      if abscissae[left] == position { return ordinates[left] }
      let slope =
        (ordinates[next] - ordinates[left]) / (abscissae[next] - abscissae[left])
      return slope * (position - abscissae[left]) + ordinates[left]
    }
  }
}
