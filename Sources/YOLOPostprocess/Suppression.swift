public import YOLOGeometry

/// Greedy non-maximum suppression: of boxes that overlap too much the most confident one is kept.
public struct Suppression: Sendable, Hashable {
  /// The overlap above which the less confident box is dropped, not negative.
  public let overlap: Double
  /// Whether boxes of different classes suppress each other, too.
  public let isAgnostic: Bool
  /// How many boxes are kept at most, the most confident ones.
  public let limit: Int

  /// How many candidates are considered at most, the most confident ones.
  private static let candidateLimit = 30000

  /// How far the boxes of neighboring classes are moved apart, in pixels.
  ///
  /// Adding it rounds the coordinates of high classes, which the overlap must see as Ultralytics
  /// does.
  private static let classOffset: Float = 7680

  /// Creates a suppression.
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
  public func survivors(of candidates: [Candidate<Box>]) -> [Candidate<Box>] {
    var survivors: [Candidate<Box>] = []
    var kept = BoxIndex(capacity: min(limit, candidates.count))
    for index in ConfidenceOrder.indices(of: candidates).prefix(Self.candidateLimit) {
      guard survivors.count < limit else { break }
      let candidate = candidates[index]
      let box = candidate.box.offset(by: offset(of: candidate.classIndex))
      guard !kept.containsBox(overlapping: box, above: overlap) else { continue }
      kept.append(box)
      survivors.append(candidate)
    }
    return survivors
  }

  /// Returns the oriented candidates that survive, by descending confidence.
  ///
  /// Unlike with plain boxes, a candidate is dropped for any more confident one that it overlaps,
  /// even for one that was itself dropped; the overlap is the probabilistic one, compared in
  /// float32. Equal confidences keep the order in which they are given. Cost: each candidate is
  /// compared with those before it until one is found that drops it.
  public func survivors(of candidates: [Candidate<OrientedBox>]) -> [Candidate<OrientedBox>] {
    var survivors: [Candidate<OrientedBox>] = []
    var kept = GaussianBoxIndex(capacity: min(Self.candidateLimit, candidates.count))
    for index in ConfidenceOrder.indices(of: candidates).prefix(Self.candidateLimit) {
      guard survivors.count < limit else { break }
      let candidate = candidates[index]
      let box = GaussianBox(candidate.box.offset(by: offset(of: candidate.classIndex)))
      if !kept.containsBox(overlapping: box, above: Float(overlap)) { survivors.append(candidate) }
      kept.append(box)
    }
    return survivors
  }

  private func offset(of classIndex: Int) -> Float {
    isAgnostic ? 0 : Float(classIndex) * Self.classOffset
  }
}
