/// The assignment of findings to targets in one image.
///
/// Findings choose one after the other, by descending confidence: each takes the target that it
/// overlaps most among those that no earlier finding has taken, if the overlap is enough. Of
/// targets with the same overlap the first is taken.
enum Matching {
  /// Returns for each finding at which levels it is right, where it must have its target's class.
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
      let assigned = assignment(
        findings: findings.count, targets: targets.count, isEnough: { $0 >= threshold },
        rivals: { rivals[$0] })
      for (finding, target) in assigned.enumerated() where target != nil {
        levels[finding].insert(OverlapLevels(level: level))
      }
    }
    return levels
  }

  /// Assigns a target, or nil, to each finding.
  ///
  /// - Parameters:
  ///   - findings: The number of findings.
  ///   - targets: The number of targets.
  ///   - isEnough: Whether an overlap makes a match.
  ///   - rivals: The targets that a finding may take, by ascending index; asked for once.
  /// - Returns: Each finding's target.
  static func assignment(
    findings: Int, targets: Int, isEnough: (Float) -> Bool,
    rivals: (_ finding: Int) -> [(target: Int, overlap: Float)]
  ) -> [Int?] {
    var isTaken = [Bool](repeating: false, count: targets)
    return (0..<findings).map { finding in
      var best: (target: Int, overlap: Float)?
      for rival in rivals(finding) where !isTaken[rival.target] && isEnough(rival.overlap) {
        if let best, best.overlap >= rival.overlap { continue }
        best = rival
      }
      if let best { isTaken[best.target] = true }
      return best?.target
    }
  }
}
