/// Counts which class was found where which class is.
///
/// The last row and the last column stand for the background: targets that nothing was found on,
/// and detections on no target.
public struct ConfusionMatrix: Sendable, Hashable {
  /// The overlap that a detection must exceed to count for a target, of whatever class.
  public static let overlap: Float = 0.45

  /// The number of classes, the background not included.
  public let classCount: Int
  /// Whether there is a background: not in classification.
  public let hasBackground: Bool
  private var counts: [Int]

  /// The number of rows, and of columns.
  public var side: Int { classCount + (hasBackground ? 1 : 0) }

  /// Creates a matrix of zeros.
  public init(classCount: Int, hasBackground: Bool) {
    precondition(classCount >= 0, "a number of classes is not negative")
    self.classCount = classCount
    self.hasBackground = hasBackground
    let side = classCount + (hasBackground ? 1 : 0)
    counts = [Int](repeating: 0, count: side * side)
  }

  /// How often class `predicted` was found where class `actual` is.
  public subscript(predicted predicted: Int, actual actual: Int) -> Int {
    counts[predicted * side + actual]
  }

  /// The fraction of the targets of class `actual` where class `predicted` was found; 0 if there is
  /// none.
  public func fraction(predicted: Int, actual: Int) -> Double {
    let total = (0..<side).reduce(0) { $0 + self[predicted: $1, actual: actual] }
    return total == 0 ? 0 : Double(self[predicted: predicted, actual: actual]) / Double(total)
  }

  /// Adds an image: each detection counts for the target that it overlaps most and that no surer
  /// detection has taken, if their overlap exceeds ``overlap``.
  ///
  /// - Parameters:
  ///   - detections: The classes found, by descending confidence.
  ///   - targets: The classes of the targets.
  ///   - overlap: The overlap of a detection and a target, given by their indices.
  public mutating func add(
    _ detections: [Int], targets: [Int], overlap: (_ detection: Int, _ target: Int) -> Float
  ) {
    precondition(hasBackground, "a classification matrix takes one class an image")
    let assigned = Matching.assignment(
      detections: detections.count, targets: targets.count, isEnough: { $0 > Self.overlap },
      rivals: { detection in targets.indices.map { ($0, overlap(detection, $0)) } })
    var isFound = [Bool](repeating: false, count: targets.count)
    for (detection, target) in assigned.enumerated() {
      if let target { isFound[target] = true }
      count(predicted: detections[detection], actual: target.map { targets[$0] } ?? classCount)
    }
    for (target, isFound) in zip(targets, isFound) where !isFound {
      count(predicted: classCount, actual: target)
    }
  }

  /// Counts one case; classes beyond the matrix are left out.
  mutating func count(predicted: Int, actual: Int) {
    guard (0..<side).contains(predicted), (0..<side).contains(actual) else { return }
    counts[predicted * side + actual] += 1
  }
}
