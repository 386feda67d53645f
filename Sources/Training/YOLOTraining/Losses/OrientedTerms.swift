import YOLOSystem

/// The terms of an assigned anchor's oriented box: overlap, distances in the target's frame, and
/// angle.
struct OrientedTerms {
  let boxes: BoxTerms
  /// The factor of the angle term's gradient.
  let angleScale: Float
  /// Whether the output is the angle itself.
  let isRaw: Bool

  /// What an anchor adds to the sums of the terms.
  struct Values {
    var box = 0.0
    var distances = 0.0
    var angle = 0.0
  }

  /// Assigns the gradients of an anchor's box logits and of its angle's output.
  ///
  /// - Parameters:
  ///   - logits: The box logits of the anchor.
  ///   - gradients: Where their gradients go to.
  ///   - output: The output for the angle.
  ///   - outputGradient: Where its gradient goes to.
  ///   - target: The target in pixels.
  ///   - center: The anchor in cells.
  ///   - stride: The size of a cell in pixels.
  ///   - score: The soft score of the anchor, above zero.
  ///   - probabilities: Memory for the bins of four sides.
  /// - Returns: What the anchor adds to the sums.
  func add(
    _ logits: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, output: Float,
    outputGradient: UnsafeMutablePointer<Float>, target: ImageAssignment.Instance,
    center: SIMD2<Float>, stride: Float, score: Float,
    probabilities: UnsafeMutablePointer<Float>
  ) -> Values {
    let (distances, logarithms) = boxes.decode(logits, probabilities)
    let angle = OrientedDecoder.angle(output, isRaw: isRaw)
    let box = OrientedDecoder.box(distances, angle: angle, center: center)
    let wanted = target.box / stride
    let (overlap, slope, angleSlope) = ProbabilisticIoU.valueAndGradient(
      box, angle: angle, with: wanted, angle: target.angle)
    let scale = -score * boxes.boxScale

    // Through the decoding: the center depends on the distances and the angle.
    let (cosine, sine) = (cosf(angle), sinf(angle))
    let along = (distances[2] - distances[0]) / 2
    let across = (distances[3] - distances[1]) / 2
    let byAlong = (slope[0] * cosine + slope[1] * sine) / 2
    let byAcross = (slope[1] * cosine - slope[0] * sine) / 2
    let byDistances = SIMD4(
      slope[2] - byAlong, slope[3] - byAcross, slope[2] + byAlong, slope[3] + byAcross)
    var byAngle =
      (angleSlope - slope[0] * (along * sine + across * cosine)
        + slope[1] * (along * cosine - across * sine)) * scale

    let offset = SIMD2(wanted[0], wanted[1]) - center
    let (targetCosine, targetSine) = (cosf(target.angle), sinf(target.angle))
    let u = offset.x * targetCosine + offset.y * targetSine
    let v = offset.y * targetCosine - offset.x * targetSine
    let sum = boxes.distanceTerm(
      logits, gradients, distances: distances, logarithms: logarithms,
      wanted: SIMD4(
        wanted[2] / 2 - u, wanted[3] / 2 - v, wanted[2] / 2 + u, wanted[3] / 2 + v),
      slope: byDistances * scale, stride: stride, score: score, probabilities: probabilities)

    // The nearer a target is to a square, the less its angle counts.
    let aspect = logf((wanted[2] + 1e-9) / (wanted[3] + 1e-9))
    let weight = expf(-aspect * aspect / 9) * score
    var turn = angle - target.angle
    turn -= (turn / .pi).rounded(.toNearestOrEven) * .pi
    let wave = sinf(2 * turn)
    byAngle += 2 * sinf(4 * turn) * weight * angleScale
    outputGradient[0] = byAngle * OrientedDecoder.angleSlope(output, isRaw: isRaw)
    return Values(
      box: Double(1 - overlap) * Double(score), distances: sum,
      angle: Double(wave * wave) * Double(weight))
  }
}
