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
