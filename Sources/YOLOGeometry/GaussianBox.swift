import Glibc

/// An oriented box as a normal distribution: its center and the covariance of the even distribution
/// over it.
///
/// Two boxes are compared by the Hellinger distance of their distributions (Llerena and others,
/// "Gaussian Bounding Boxes and Probabilistic Intersection-over-Union", 2021): 1 minus it is the
/// overlap, about 0.9995 for a box with itself and 0 for boxes far apart. It is smooth where the
/// overlap of areas is not, and cheap once the covariances are known.
public struct GaussianBox: Sendable, Hashable {
  /// The horizontal mean.
  let x: Float
  /// The vertical mean.
  let y: Float
  /// The horizontal variance.
  let varianceX: Float
  /// The vertical variance.
  let varianceY: Float
  /// The covariance of both axes.
  let covariance: Float
  /// The covariance matrix's determinant, not negative.
  let determinant: Float

  /// Keeps quotients and roots away from zero.
  static let epsilon: Float = 1e-7

  /// Computes the mean and covariance of a box, in float32.
  public init(_ box: OrientedBox) {
    x = box.x
    y = box.y
    let along = box.width * box.width / 12
    let across = box.height * box.height / 12
    let cosine = cosf(box.angle)
    let sine = sinf(box.angle)
    varianceX = along * (cosine * cosine) + across * (sine * sine)
    varianceY = along * (sine * sine) + across * (cosine * cosine)
    covariance = (along - across) * cosine * sine
    let determinant = varianceX * varianceY - covariance * covariance
    // Written so that NaN stays.
    self.determinant = determinant < 0 ? 0 : determinant
  }

  /// Returns the overlap of two boxes in float32; NaN if a number of either is.
  public func overlap(with other: GaussianBox) -> Float {
    var block = GaussianBoxVector()
    block.set(self, lane: 0)
    let (distance, determinants, products) = block.terms(with: other)
    return Self.overlap(
      distance: distance[0], determinants: determinants[0], product: products[0])
  }

  /// Returns the overlap from the distance of the means and the determinants of the covariances:
  /// of their sum, and the product of both.
  static func overlap(distance: Float, determinants: Float, product: Float) -> Float {
    let spread = logf(determinants / (4 * product.squareRoot() + epsilon) + epsilon) * 0.5
    let bhattacharyya = distance + spread
    // Written so that NaN stays.
    let clamped = bhattacharyya < epsilon ? epsilon : bhattacharyya > 100 ? 100 : bhattacharyya
    return 1 - (1 - expf(-clamped) + epsilon).squareRoot()
  }
}
