/// The expectation of a distribution over distances.
///
/// A head trained with the distribution focal loss (Li and others, "Generalized Focal Loss", 2020)
/// predicts each of a box's four distances as logits of `bins` whole distances 0, 1, 2, … in cells.
/// The distance is the mean under the softmax of the logits.
package enum DistanceDistribution {
  /// Returns the distances left, top, right, bottom in cells from `4 · bins` logits.
  ///
  /// With a single bin the logits are the distances themselves. NaN stays NaN.
  @inline(__always)
  package static func distances(_ logits: UnsafePointer<Float>, bins: Int) -> SIMD4<Float> {
    // SAFETY: every access is within the `4 · bins` logits.
    if bins == 1 { return UnsafeRawPointer(logits).loadUnaligned(as: SIMD4<Float>.self) }
    if bins % 4 == 0 {
      return SIMD4(
        quadMean(logits, bins: bins), quadMean(logits + bins, bins: bins),
        quadMean(logits + 2 &* bins, bins: bins), quadMean(logits + 3 &* bins, bins: bins))
    }
    return SIMD4(
      mean(logits, bins: bins), mean(logits + bins, bins: bins),
      mean(logits + 2 &* bins, bins: bins), mean(logits + 3 &* bins, bins: bins))
  }

  @inline(__always)
  private static func quadMean(_ logits: UnsafePointer<Float>, bins: Int) -> Float {
    let raw = UnsafeRawPointer(logits)
    var greatest = raw.loadUnaligned(as: SIMD4<Float>.self)
    var index = 4
    while index < bins {
      let next = raw.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD4<Float>.self)
      greatest.replace(with: next, where: greatest .< next)
      index &+= 4
    }
    var pair = greatest.lowHalf
    pair.replace(with: greatest.highHalf, where: pair .< greatest.highHalf)
    let offset = SIMD4<Float>(repeating: pair[0] < pair[1] ? pair[1] : pair[0])

    var total = SIMD4<Float>.zero
    var weighted = SIMD4<Float>.zero
    var distance = SIMD4<Float>(0, 1, 2, 3)
    index = 0
    while index < bins {
      let next = raw.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD4<Float>.self)
      let weight = exponential(next - offset)
      total += weight
      weighted += weight * distance
      distance += 4
      index &+= 4
    }
    let totalPair = total.lowHalf + total.highHalf
    let weightedPair = weighted.lowHalf + weighted.highHalf
    return (weightedPair[0] + weightedPair[1]) / (totalPair[0] + totalPair[1])
  }

  private static func mean(_ logits: UnsafePointer<Float>, bins: Int) -> Float {
    var greatest = logits[0]
    for bin in 1..<bins where logits[bin] > greatest { greatest = logits[bin] }
    var total: Float = 0
    var weighted: Float = 0
    for bin in 0..<bins {
      let weight = exponential(SIMD4(repeating: logits[bin] - greatest))[0]
      total += weight
      weighted += weight * Float(bin)
    }
    return weighted / total
  }

  /// Returns e to the power of each lane, which is not positive; about 1e-38 for all below −87.
  ///
  /// Relative error below 2e-7. With n the integer nearest to x / ln 2 and r = x − n ln 2 it
  /// is 2ⁿ (1 + r + r² q(r)), q a polynomial through the Chebyshev nodes of |r| ≤ ln 2 / 2.
  @_transparent
  package static func exponential(_ argument: SIMD4<Float>) -> SIMD4<Float> {
    let x = argument.replacing(with: -87, where: argument .< -87)
    // Adding 1.5 · 2²³ rounds to an integer and leaves it in the lowest bits.
    let shifter: Float = 12_582_912
    let shifted = x * 1.442695041 + shifter
    let whole = shifted - shifter
    let r = (x - whole * 0.693359375) - whole * -2.12194440e-4
    var q = SIMD4<Float>(repeating: 0.0013926184)
    q = q * r + 0.0083631789
    q = q * r + 0.041666556
    q = q * r + 0.16666576
    q = q * r + 0.5
    let fraction = (q * r) * r + r + 1
    let bits = unsafeBitCast(shifted, to: SIMD4<Int32>.self)
    let power = (bits &- (Int32(bitPattern: shifter.bitPattern) &- 127)) &<< 23
    return fraction * unsafeBitCast(power, to: SIMD4<Float>.self)
  }
}
