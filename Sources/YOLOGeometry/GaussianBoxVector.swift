import Glibc

/// Eight oriented boxes as normal distributions side by side, one per SIMD lane.
///
/// Unused lanes are NaN, which overlaps nothing.
struct GaussianBoxVector: Sendable {
  typealias Lanes = SIMD8<Float>

  private var x = Lanes(repeating: .nan)
  private var y = Lanes(repeating: .nan)
  private var varianceX = Lanes.zero
  private var varianceY = Lanes.zero
  private var covariance = Lanes.zero
  private var determinant = Lanes.zero

  mutating func set(_ box: GaussianBox, lane: Int) {
    x[lane] = box.x
    y[lane] = box.y
    varianceX[lane] = box.varianceX
    varianceY[lane] = box.varianceY
    covariance[lane] = box.covariance
    determinant[lane] = box.determinant
  }

  /// Returns what an overlap is made of, each lane's box being the first of the two: the distance of
  /// the means, the determinant of the sum of the covariances, the product of the determinants.
  @inline(__always)
  func terms(
    with box: GaussianBox
  ) -> (distance: Lanes, determinants: Lanes, products: Lanes) {
    let sumX = varianceX + box.varianceX
    let sumY = varianceY + box.varianceY
    let sumXY = covariance + box.covariance
    let determinants = sumX * sumY - sumXY * sumXY
    let deltaX = x - box.x
    let deltaY = y - box.y
    let divisor = determinants + GaussianBox.epsilon
    let apart = (sumX * (deltaY * deltaY) + sumY * (deltaX * deltaX)) / divisor * 0.25
    let slanted = sumXY * -deltaX * deltaY / divisor * 0.5
    return (apart + slanted, determinants, determinant * box.determinant)
  }

  /// Returns a distance above which no overlap exceeds `threshold`, rounding included.
  static func distanceLimit(of threshold: Float) -> Float {
    // 1 − √(1 − e⁻ᵈ + ε) > t needs e⁻ᵈ > 1 − (1 − t)², but for the rounding of numbers near 1.
    let gap = 1 - threshold
    let least = 1 - gap * gap
    return least > 1e-5 ? -logf(least) + 0.05 : 17
  }

  /// Returns whether a lane's box overlaps `box` by more than `threshold`.
  @inline(__always)
  func overlaps(_ box: GaussianBox, above threshold: Float, distanceLimit: Float) -> Bool {
    let (distance, determinants, products) = terms(with: box)
    // The share of the shapes is above −8.1 whatever they are, by the epsilon under the logarithm.
    var near = distance .<= Lanes(repeating: distanceLimit + 8.1)
    guard any(near) else { return false }
    // It is above −0.05 unless the determinants have drowned in rounding: without that, the one of
    // the sum is at least four times the root of the product.
    let isSound =
      (determinants .> Lanes(repeating: 1e-5))
      .& (determinants * determinants .>= products * (16 * 0.9))
    near = near .& .!(isSound .& (distance .> Lanes(repeating: distanceLimit + 0.05)))
    guard any(near) else { return false }
    for lane in 0..<Lanes.scalarCount where near[lane] {
      let overlap = GaussianBox.overlap(
        distance: distance[lane], determinants: determinants[lane], product: products[lane])
      if overlap > threshold { return true }
    }
    return false
  }
}
