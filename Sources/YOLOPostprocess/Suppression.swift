import YOLOGeometry

/// Greedy non-maximum suppression: of boxes that overlap too much the most confident one is kept.
public struct Suppression: Sendable, Hashable {
  /// The intersection over union above which the less confident box is dropped, not negative.
  public let overlap: Double
  /// Whether boxes of different classes suppress each other, too.
  public let isAgnostic: Bool
  /// How many boxes are kept at most, the most confident ones.
  public let limit: Int

  /// How many candidates are considered at most, the most confident ones.
  private static let candidateLimit = 30000

  /// How far the boxes of neighbouring classes are moved apart, in pixels.
  ///
  /// Adding it rounds the coordinates of high classes, which the overlap must see as the reference
  /// does.
  private static let classOffset: Float = 7680

  /// Makes a suppression.
  public init(overlap: Double, isAgnostic: Bool = false, limit: Int) {
    precondition(overlap >= 0 && limit >= 0)
    self.overlap = overlap
    self.isAgnostic = isAgnostic
    self.limit = limit
  }

  /// Returns the candidates that survive, by descending confidence.
  ///
  /// Equal confidences keep the order in which they are given. Cost: each candidate is compared
  /// with the survivors before it, of which there are `limit` at most.
  public func survivors(of candidates: [Candidate]) -> [Candidate] {
    var survivors: [Candidate] = []
    var pile = BoxPile(capacity: min(limit, candidates.count))
    for index in Self.order(of: candidates).prefix(Self.candidateLimit) {
      guard survivors.count < limit else { break }
      let candidate = candidates[index]
      let box =
        isAgnostic
        ? candidate.box
        : candidate.box.offset(by: Float(candidate.classIndex) * Self.classOffset)
      guard !pile.containsBox(overlapping: box, above: overlap) else { continue }
      pile.append(box)
      survivors.append(candidate)
    }
    return survivors
  }

  /// Returns the candidates' indices by descending confidence, equal ones in order of index.
  private static func order(of candidates: [Candidate]) -> some Collection<Int> {
    precondition(candidates.count <= Int(UInt32.max))
    // Positive floats sort as their bits do; the index in the lower half makes keys distinct.
    var keys = candidates.indices.map { index in
      UInt64(~candidates[index].confidence.bitPattern) << 32 | UInt64(index)
    }
    keys.sort()
    return keys.lazy.map { Int(truncatingIfNeeded: $0 & 0xFFFF_FFFF) }
  }
}
