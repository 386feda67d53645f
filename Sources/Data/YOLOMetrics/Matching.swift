/// The assignment of detections to targets in one image.
///
/// Detections choose one after the other, by descending confidence: each takes the target that it
/// overlaps most among those that no earlier detection has taken, if the overlap is enough. Of
/// targets with the same overlap the first is taken.
package enum Matching {
  /// Returns for each detection at which levels it is right, where it must have its target's class.
  ///
  /// - Parameters:
  ///   - detections: The classes found, by descending confidence.
  ///   - targets: The classes of the targets.
  ///   - overlap: The overlap of a detection and a target, given by their indices; it is asked for
  ///     pairs of the same class only. NaN matches nothing.
  /// - Returns: The levels of each detection.
  static func levels(
    detections: [Int], targets: [Int], overlap: (_ detection: Int, _ target: Int) -> Float
  ) -> [OverlapLevels] {
    var levels = [OverlapLevels](repeating: [], count: detections.count)
    guard !targets.isEmpty, let minimum = OverlapLevels.thresholds.first else { return levels }
    var byClass: [Int: [Int]] = [:]
    for (target, classIndex) in targets.enumerated() {
      byClass[classIndex, default: []].append(target)
    }
    var rivals: [[(target: Int, overlap: Float)]] = []
    rivals.reserveCapacity(detections.count)
    for (detection, classIndex) in detections.enumerated() {
      let pairs = (byClass[classIndex] ?? []).map { ($0, overlap(detection, $0)) }
      rivals.append(pairs.filter { $0.1 >= minimum })
    }
    for (level, threshold) in OverlapLevels.thresholds.enumerated() {
      let assigned = assignment(
        detections: detections.count, targets: targets.count, isEnough: { $0 >= threshold },
        rivals: { rivals[$0] })
      for (detection, target) in assigned.enumerated() where target != nil {
        levels[detection].insert(OverlapLevels(level: level))
      }
    }
    return levels
  }

  /// Assigns a target, or nil, to each detection.
  ///
  /// - Parameters:
  ///   - detections: The number of detections.
  ///   - targets: The number of targets.
  ///   - isEnough: Whether an overlap makes a match.
  ///   - rivals: The targets that a detection may take, by ascending index; asked for once.
  /// - Returns: Each detection's target.
  package static func assignment(
    detections: Int, targets: Int, isEnough: (Float) -> Bool,
    rivals: (_ detection: Int) -> [(target: Int, overlap: Float)]
  ) -> [Int?] {
    var isTaken = [Bool](repeating: false, count: targets)
    return (0..<detections).map { detection in
      var best: (target: Int, overlap: Float)?
      for rival in rivals(detection) where !isTaken[rival.target] && isEnough(rival.overlap) {
        if let best, best.overlap >= rival.overlap { continue }
        best = rival
      }
      if let best { isTaken[best.target] = true }
      return best?.target
    }
  }
}

/// At which of the ten overlaps 0.50, 0.55, … 0.95 a detection is right: a bit per level.
public struct OverlapLevels: OptionSet, Sendable, Hashable {
  /// The levels as bits, the lowest one for 0.50.
  public let rawValue: UInt16

  /// Creates a set of levels from bits.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The set of the one level of an index from 0 to 9.
  public init(level: Int) {
    precondition(Self.thresholds.indices.contains(level), "there are ten levels")
    rawValue = 1 << UInt16(level)
  }

  /// The minimum overlap of each level in float32, as `torch.linspace(0.5, 0.95, 10)` gives them.
  ///
  /// The lower half is counted up from 0.5 and the upper half down from 0.95; a decimal literal
  /// would differ in the last bit of some.
  public static let thresholds: [Float] = {
    let step = (0.95 - 0.5) / 9 as Float
    return (0..<10).map { $0 < 5 ? 0.5 + step * Float($0) : 0.95 - step * Float(9 - $0) }
  }()

  /// The number of levels.
  public static var count: Int { thresholds.count }
}
