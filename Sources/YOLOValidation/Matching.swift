/// The assignment of findings to targets in one picture.
///
/// Findings choose one after the other, by descending confidence: each takes the target that it
/// overlaps most among those that no earlier finding has taken, if the overlap is enough. Of
/// targets with the same overlap the first is taken.
enum Matching {
  /// Tells for each finding at which levels it is right, where it must have its target's class.
  ///
  /// - Parameters:
  ///   - findings: The classes found, by descending confidence.
  ///   - targets: The classes of the targets.
  ///   - overlap: The overlap of a finding and a target, given by their indices; it is asked for
  ///     pairs of the same class only. NaN matches nothing.
  /// - Returns: The levels of each finding.
  static func levels(
    findings: [Int], targets: [Int], overlap: (_ finding: Int, _ target: Int) -> Float
  ) -> [OverlapLevels] {
    var levels = [OverlapLevels](repeating: [], count: findings.count)
    guard !targets.isEmpty, let least = OverlapLevels.thresholds.first else { return levels }
    var byClass: [Int: [Int]] = [:]
    for (target, classIndex) in targets.enumerated() {
      byClass[classIndex, default: []].append(target)
    }
    var rivals: [[(target: Int, overlap: Float)]] = []
    rivals.reserveCapacity(findings.count)
    for (finding, classIndex) in findings.enumerated() {
      let pairs = (byClass[classIndex] ?? []).map { ($0, overlap(finding, $0)) }
      rivals.append(pairs.filter { $0.1 >= least })
    }
    for (level, threshold) in OverlapLevels.thresholds.enumerated() {
      for (finding, target) in assignment(
        rivals, count: targets.count, isEnough: { $0 >= threshold })
      {
        guard target != nil else { continue }
        levels[finding].insert(OverlapLevels(level: level))
      }
    }
    return levels
  }

  /// Assigns a target, or nil, to each finding.
  ///
  /// - Parameters:
  ///   - rivals: For each finding the targets that it may take, by ascending index.
  ///   - count: The number of targets.
  ///   - isEnough: Whether an overlap makes a match.
  /// - Returns: Each finding's index with its target's, in the order of the findings.
  static func assignment(
    _ rivals: [[(target: Int, overlap: Float)]], count: Int, isEnough: (Float) -> Bool
  ) -> [(finding: Int, target: Int?)] {
    var isTaken = [Bool](repeating: false, count: count)
    return rivals.enumerated().map { finding, rivals in
      var best: (target: Int, overlap: Float)?
      for rival in rivals where !isTaken[rival.target] && isEnough(rival.overlap) {
        if let best, best.overlap >= rival.overlap { continue }
        best = rival
      }
      if let best { isTaken[best.target] = true }
      return (finding, best?.target)
    }
  }
}
