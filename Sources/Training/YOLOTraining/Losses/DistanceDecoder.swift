import YOLOSystem

/// What the box logits of an anchor stand for: the distances from its center to the left, top, right
/// and bottom side, in cells.
///
/// With one bin a side the logit is the distance; otherwise it is the expectation of the distribution
/// over the bins (Li and others, "Generalized Focal Loss", arXiv:2006.04388).
struct DistanceDecoder {
  /// The number of bins of a side.
  let bins: Int

  /// Returns the distances of the logits from `logits` on.
  @inline(__always)
  func distances(_ logits: UnsafePointer<Float>) -> SIMD4<Float> {
    if bins == 1 { return SIMD4(logits[0], logits[1], logits[2], logits[3]) }
    if bins == 16 {
      return SIMD4(
        Self.expectation(logits), Self.expectation(logits + 16), Self.expectation(logits + 32),
        Self.expectation(logits + 48))
    }
    var distances = SIMD4<Float>.zero
    for side in 0..<4 { distances[side] = expectation(logits + side &* bins) }
    return distances
  }

  /// Writes the probabilities of a side's bins, and returns the expectation and the logarithm of the
  /// sum of the powers.
  func probabilities(
    _ logits: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
  ) -> (expectation: Float, logarithm: Float) {
    var best = logits[0]
    var bin = 1
    while bin < bins {
      if !(logits[bin] <= best) { best = logits[bin] }
      bin &+= 1
    }
    var total: Float = 0
    bin = 0
    while bin < bins {
      target[bin] = expf(logits[bin] - best)
      total += target[bin]
      bin &+= 1
    }
    var mean: Float = 0
    bin = 0
    while bin < bins {
      target[bin] /= total
      mean += target[bin] * Float(bin)
      bin &+= 1
    }
    return (mean, best + logf(total))
  }

  private func expectation(_ logits: UnsafePointer<Float>) -> Float {
    var best = logits[0]
    var bin = 1
    while bin < bins {
      if !(logits[bin] <= best) { best = logits[bin] }
      bin &+= 1
    }
    var total: Float = 0
    var weighted: Float = 0
    bin = 0
    while bin < bins {
      let power = expf(logits[bin] - best)
      total += power
      weighted += power * Float(bin)
      bin &+= 1
    }
    return weighted / total
  }

  /// The expectation of sixteen bins.
  @inline(__always)
  private static func expectation(_ logits: UnsafePointer<Float>) -> Float {
    let low = load(logits)
    let high = load(logits + 8)
    let eight = low.replacing(with: high, where: .!(high .<= low))
    let four = eight.lowHalf.replacing(
      with: eight.highHalf, where: .!(eight.highHalf .<= eight.lowHalf))
    let two = four.lowHalf.replacing(
      with: four.highHalf, where: .!(four.highHalf .<= four.lowHalf))
    let best = two[1] <= two[0] ? two[0] : two[1]
    let a = exponential(low - best)
    let b = exponential(high - best)
    let index = LossLanes(0, 1, 2, 3, 4, 5, 6, 7)
    let total = a + b
    let weighted = a * index + b * (index + 8)
    return horizontalSum(weighted) / horizontalSum(total)
  }
}

@inline(__always)
private func horizontalSum(_ x: LossLanes) -> Float {
  let four = x.lowHalf + x.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}
