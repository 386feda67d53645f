import YOLOSystem

/// The overlap of oriented boxes as normal distributions (Llerena and others, "Gaussian Bounding
/// Boxes and Probabilistic Intersection-over-Union", 2021), with its gradient, in float32.
///
/// `GaussianBox` has the value for the assignment; here both variances of a box are raised, so that
/// thin boxes have gradients that are not too steep.
enum ProbabilisticIoU {
  /// What is added to both variances of a box, in cells.
  static let varianceFloor: Float = 0.01
  private static let epsilon: Float = 1e-7

  /// The covariance of a box: center x, center y, width, height, and angle in radians.
  private struct Covariance {
    let along: Float
    let across: Float
    let cosine: Float
    let sine: Float
    let xx: Float
    let yy: Float
    let xy: Float

    init(_ box: SIMD4<Float>, _ angle: Float) {
      along = box[2] * box[2] / 12 + varianceFloor
      across = box[3] * box[3] / 12 + varianceFloor
      cosine = cosf(angle)
      sine = sinf(angle)
      xx = along * cosine * cosine + across * sine * sine
      yy = along * sine * sine + across * cosine * cosine
      xy = (along - across) * cosine * sine
    }

    var determinant: Float { max(xx * yy - xy * xy, 0) }
  }

  /// Returns the overlap of a box `p` with `g`, and the gradient by the center, size and angle of
  /// `p`.
  static func valueAndGradient(
    _ p: SIMD4<Float>, angle: Float, with g: SIMD4<Float>, angle otherAngle: Float
  ) -> (value: Float, gradient: SIMD4<Float>, angleGradient: Float) {
    let one = Covariance(p, angle)
    let two = Covariance(g, otherAngle)
    let xx = one.xx + two.xx
    let yy = one.yy + two.yy
    let xy = one.xy + two.xy
    let dx = p[0] - g[0]
    let dy = p[1] - g[1]
    let determinant = xx * yy - xy * xy
    let divisor = determinant + epsilon
    let distance =
      0.25 * (xx * dy * dy + yy * dx * dx) / divisor - 0.5 * xy * dx * dy / divisor
    let first = one.determinant
    let second = two.determinant
    let root = (first * second).squareRoot()
    let rootDivisor = 4 * root + epsilon
    let ratio = determinant / rootDivisor + epsilon
    let raw = distance + 0.5 * logf(ratio)
    let clamped = raw < epsilon ? epsilon : raw > 100 ? 100 : raw
    let hellinger = (1 - expf(-clamped) + epsilon).squareRoot()
    let value = 1 - hellinger
    guard raw >= epsilon, raw <= 100 else { return (value, .zero, 0) }
    let outer = -expf(-clamped) / (2 * hellinger)

    // By the sums of the variances and of the covariances, and by the determinant of `p` alone.
    let byDeterminant = -distance / divisor + 0.5 / ratio / rootDivisor
    let byFirst =
      root > 0
      ? -0.5 / ratio * determinant * 4 / (rootDivisor * rootDivisor) * second / (2 * root) : 0
    let byXX = 0.25 * dy * dy / divisor + byDeterminant * yy + byFirst * one.yy
    let byYY = 0.25 * dx * dx / divisor + byDeterminant * xx + byFirst * one.xx
    let byXY = -0.5 * dx * dy / divisor - 2 * byDeterminant * xy - 2 * byFirst * one.xy
    let (c, s) = (one.cosine, one.sine)
    let byAlong = byXX * c * c + byYY * s * s + byXY * c * s
    let byAcross = byXX * s * s + byYY * c * c - byXY * c * s
    let byAngle =
      (one.along - one.across) * (2 * c * s * (byYY - byXX) + byXY * (c * c - s * s))
    let gradient = SIMD4(
      (0.5 * yy * dx - 0.5 * xy * dy) / divisor, (0.5 * xx * dy - 0.5 * xy * dx) / divisor,
      byAlong * p[2] / 6, byAcross * p[3] / 6)
    return (value, gradient * outer, byAngle * outer)
  }
}
