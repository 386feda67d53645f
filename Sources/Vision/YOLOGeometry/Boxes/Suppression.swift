// Greedy non-maximum suppression: of boxes that overlap too much the most confident one is kept.
// The only one of the project: decoders, tiles and trackers call it.

/// Returns the indices of the boxes that survive non-maximum suppression, by descending score.
///
///     let kept = nonMaximumSuppression(boxes: boxes, scores: scores, iouThreshold: 0.45)
///
/// Boxes of equal scores keep the order in which they are given. Intersections over union are
/// computed in float32 without an epsilon, as torchvision does; they are compared after boxes of
/// different classes were moved apart by 7680 pixels a class, which rounds the coordinates of high
/// classes as Ultralytics' arithmetic does. A box or score that is NaN suppresses nothing; a score
/// that is NaN comes last.
///
/// Cost: sorting, and each box is compared with the survivors before it, of which there are
/// `limit` at most, eight at a time.
///
/// - Parameters:
///   - boxes: The boxes in pixels.
///   - scores: A score for each box.
///   - classes: The class of each box; nil if boxes suppress each other whatever their classes.
///   - iouThreshold: The intersection over union above which the less confident box is dropped;
///     not negative.
///   - limit: The maximum number of survivors; not negative.
///   - candidateLimit: The number of boxes that are looked at, those of the highest scores.
/// - Returns: Indices of `boxes`.
public func nonMaximumSuppression(
  boxes: [Box], scores: [Float], classes: [Int]? = nil, iouThreshold: Double, limit: Int = .max,
  candidateLimit: Int = 30_000
) -> [Int] {
  precondition(boxes.count == scores.count, "a score for each box")
  precondition(classes.map { $0.count == boxes.count } ?? true, "a class for each box")
  precondition(iouThreshold >= 0 && limit >= 0 && candidateLimit >= 0, "limits are not negative")
  var survivors: [Int] = []
  var kept = BoxIndex(capacity: min(limit, boxes.count))
  for index in descendingOrder(of: scores).prefix(candidateLimit) {
    guard survivors.count < limit else { break }
    let box = boxes[index].offset(by: classOffset(of: index, in: classes))
    guard !kept.containsBox(overlapping: box, above: iouThreshold) else { continue }
    kept.append(box)
    survivors.append(index)
  }
  return survivors
}

/// Returns the indices of the oriented boxes that survive non-maximum suppression, by descending
/// score.
///
/// Unlike with plain boxes, one is dropped for any box of a higher score that it overlaps, even for
/// one that was itself dropped; the overlap is `OrientedBox.probabilisticOverlap(with:)`,
/// compared in float32. Otherwise as with plain boxes.
///
/// Cost: sorting, and each box is compared with those before it until one is found that drops it.
///
/// - Parameters:
///   - boxes: The boxes in pixels.
///   - scores: A score for each box.
///   - classes: The class of each box; nil if boxes suppress each other whatever their classes.
///   - iouThreshold: The overlap above which the less confident box is dropped; not negative.
///   - limit: The maximum number of survivors; not negative.
///   - candidateLimit: The number of boxes that are looked at, those of the highest scores.
/// - Returns: Indices of `boxes`.
public func nonMaximumSuppression(
  boxes: [OrientedBox], scores: [Float], classes: [Int]? = nil, iouThreshold: Double,
  limit: Int = .max, candidateLimit: Int = 30_000
) -> [Int] {
  precondition(boxes.count == scores.count, "a score for each box")
  precondition(classes.map { $0.count == boxes.count } ?? true, "a class for each box")
  precondition(iouThreshold >= 0 && limit >= 0 && candidateLimit >= 0, "limits are not negative")
  var survivors: [Int] = []
  var seen = GaussianBoxIndex(capacity: min(candidateLimit, boxes.count))
  for index in descendingOrder(of: scores).prefix(candidateLimit) {
    guard survivors.count < limit else { break }
    let box = GaussianBox(boxes[index].offset(by: classOffset(of: index, in: classes)))
    if !seen.containsBox(overlapping: box, above: Float(iouThreshold)) { survivors.append(index) }
    seen.append(box)
  }
  return survivors
}

/// How far the boxes of neighboring classes are moved apart, in pixels.
///
/// Adding it rounds the coordinates of high classes, which the overlap must see as Ultralytics
/// does.
private let pixelsBetweenClasses: Float = 7680

private func classOffset(of index: Int, in classes: [Int]?) -> Float {
  guard let classes else { return 0 }
  return Float(classes[index]) * pixelsBetweenClasses
}

/// Returns the indices of scores in descending order, equal scores in order of index, NaN last.
package func descendingOrder(of scores: [Float]) -> some Collection<Int> {
  precondition(scores.count <= Int(UInt32.max))
  // The bits of floats sort as the floats do once those of negative ones are turned around; the
  // index in the lower half makes keys distinct.
  var keys = scores.indices.map { index in
    UInt64(descendingKey(of: scores[index])) << 32 | UInt64(index)
  }
  keys.sort()
  return keys.lazy.map { Int(truncatingIfNeeded: $0 & 0xFFFF_FFFF) }
}

/// Returns a number that is the lower the higher the score is.
private func descendingKey(of score: Float) -> UInt32 {
  if score.isNaN { return .max }
  // The two zeros are equal.
  let bits = score == 0 ? 0 : score.bitPattern
  return bits >> 31 == 0 ? 0x7FFF_FFFF - bits : bits
}
