import YOLOSystem

/// The terms of an assigned anchor's box: how well it overlaps the target, and how well the distances
/// of its sides, as distributions or numbers, are those of the target.
struct BoxTerms {
  /// The number of bins of a distance.
  let bins: Int
  /// The factor of the box term's gradient.
  let boxScale: Float
  /// The factor of the distance term's gradient.
  let distanceScale: Float
  /// The size of the network's input in pixels: width, height, width, height.
  let inputSize: SIMD4<Float>

  /// What an anchor adds to the sums of the terms.
  struct Values {
    var box = 0.0
    var distances = 0.0
  }

  /// Assigns the gradients of an anchor's box logits, and returns what it adds to the terms.
  ///
  /// - Parameters:
  ///   - logits: The box logits of the anchor.
  ///   - gradients: Where their gradients go to.
  ///   - corners: The corners of the target in pixels.
  ///   - center: The anchor in cells.
  ///   - stride: The size of a cell in pixels.
  ///   - score: The soft score of the anchor, above zero.
  ///   - probabilities: Memory for the bins of four sides.
  /// - Returns: What the anchor adds to the sums.
  func add(
    _ logits: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    corners: SIMD4<Float>, center: SIMD2<Float>, stride: Float, score: Float,
    probabilities: UnsafeMutablePointer<Float>
  ) -> Values {
    let (distances, logarithms) = decode(logits, probabilities)
    let target = corners / stride
    let anchor = SIMD4(center.x, center.y, center.x, center.y)
    let signs = SIMD4<Float>(-1, -1, 1, 1)
    let (overlap, slope) = CompleteIoU.valueAndGradient(anchor + distances * signs, with: target)
    let wanted = (target - anchor) * signs
    let sum = distanceTerm(
      logits, gradients, distances: distances, logarithms: logarithms, wanted: wanted,
      slope: slope * signs * (-score * boxScale), stride: stride, score: score,
      probabilities: probabilities)
    return Values(box: Double(1 - overlap) * Double(score), distances: sum)
  }

  /// Returns the distances of the logits, and with bins the logarithm of each side's sum of powers;
  /// writes the probabilities.
  func decode(
    _ logits: UnsafePointer<Float>, _ probabilities: UnsafeMutablePointer<Float>
  ) -> (distances: SIMD4<Float>, logarithms: SIMD4<Float>) {
    let decoder = DistanceDecoder(bins: bins)
    if bins == 1 { return (decoder.distances(logits), .zero) }
    var distances = SIMD4<Float>.zero
    var logarithms = SIMD4<Float>.zero
    for side in 0..<4 {
      let offset = side &* bins
      (distances[side], logarithms[side]) = decoder.probabilities(
        logits + offset, into: probabilities + offset)
    }
    return (distances, logarithms)
  }

  /// Assigns the gradients of the box logits, of the term of the distances and of whatever else
  /// depends on the distances; returns the value of the term.
  ///
  /// `wanted` are the distances of the target, `slope` is the gradient of other terms by the
  /// distances; the rest is as of `add` and `decode`.
  func distanceTerm(
    _ logits: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    distances: SIMD4<Float>, logarithms: SIMD4<Float>, wanted: SIMD4<Float>, slope: SIMD4<Float>,
    stride: Float, score: Float, probabilities: UnsafeMutablePointer<Float>
  ) -> Double {
    let scale = score * distanceScale / 4
    var sum: Float = 0
    guard bins > 1 else {
      let unit = stride / inputSize
      let difference = (distances - wanted) * unit
      for side in 0..<4 {
        sum += abs(difference[side])
        let sign: Float = difference[side] > 0 ? 1 : difference[side] < 0 ? -1 : 0
        gradients[side] = slope[side] + sign * unit[side] * scale
      }
      return Double(sum / 4) * Double(score)
    }
    for side in 0..<4 {
      let offset = side &* bins
      let limit = Float(bins - 1) - 0.01
      let distance = min(max(wanted[side], 0), limit)
      // Targets are numbers and limited.
      let lower = Int(distance)
      let upperWeight = distance - Float(lower)
      let lowerWeight = Float(lower + 1) - distance
      sum -=
        lowerWeight * (logits[offset &+ lower] - logarithms[side])
        + upperWeight * (logits[offset &+ lower &+ 1] - logarithms[side])
      var bin = 0
      while bin < bins {
        let p = probabilities[offset &+ bin]
        gradients[offset &+ bin] =
          p * scale + slope[side] * p * (Float(bin) - distances[side])
        bin &+= 1
      }
      gradients[offset &+ lower] -= lowerWeight * scale
      gradients[offset &+ lower &+ 1] -= upperWeight * scale
    }
    return Double(sum / 4) * Double(score)
  }
}
