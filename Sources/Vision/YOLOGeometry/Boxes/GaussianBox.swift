import YOLOSystem

/// An oriented box as a normal distribution: its center and the covariance of the even distribution
/// over it.
///
/// Two boxes are compared by the Hellinger distance of their distributions (Llerena and others,
/// "Gaussian Bounding Boxes and Probabilistic Intersection-over-Union", 2021): 1 minus it is the
/// overlap, about 0.9995 for a box with itself and 0 for boxes far apart. It is smooth where the
/// overlap of areas is not, and cheap once the covariances are known.
package struct GaussianBox: Sendable, Hashable {
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
  package init(_ box: OrientedBox) {
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
  package func overlap(with other: GaussianBox) -> Float {
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

/// A growing collection of oriented boxes that answers whether a further one overlaps one of them.
package struct GaussianBoxIndex: Sendable {
  private var blocks: [GaussianBoxVector] = []
  /// The number of boxes.
  package private(set) var count = 0

  /// Creates an empty index with room for `capacity` boxes.
  package init(capacity: Int = 0) {
    blocks.reserveCapacity((capacity + 7) / 8)
  }

  /// Adds a box.
  package mutating func append(_ box: GaussianBox) {
    if count % 8 == 0 { blocks.append(GaussianBoxVector()) }
    blocks[count / 8].set(box, lane: count % 8)
    count += 1
  }

  /// Returns whether a box of the index overlaps `box` by more than `threshold`, not negative.
  ///
  /// Decides as `GaussianBox.overlap` does; NaN exceeds nothing. Cost: linear in the number of
  /// boxes, eight at a time.
  package func containsBox(overlapping box: GaussianBox, above threshold: Float) -> Bool {
    precondition(threshold >= 0, "an overlap is not negative")
    let limit = GaussianBoxVector.distanceLimit(of: threshold)
    // SAFETY: within the buffer. Through it, blocks are read in place; the array would copy each.
    return blocks.withUnsafeBufferPointer { blocks in
      var index = 0
      while index < blocks.count {
        if blocks[index].overlaps(box, above: threshold, distanceLimit: limit) { return true }
        index &+= 1
      }
      return false
    }
  }
}

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

  /// Returns what an overlap is made of, each lane's box being the first of the two: the distance
  /// of the means, the determinant of the sum of the covariances, the product of the determinants.
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
    let minimum = 1 - gap * gap
    return minimum > 1e-5 ? -logf(minimum) + 0.05 : 17
  }

  /// Returns whether a lane's box overlaps `box` by more than `threshold`.
  @inline(__always)
  func overlaps(_ box: GaussianBox, above threshold: Float, distanceLimit: Float) -> Bool {
    let (distance, determinants, products) = terms(with: box)
    // The term of the shapes is above −8.1 whatever they are, by the epsilon under the logarithm.
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
