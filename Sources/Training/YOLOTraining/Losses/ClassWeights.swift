import YOLOSystem

/// Weights by which rare classes count more in the class term.
public enum ClassWeights {
  /// Returns a weight for each class: (1 / labels)^power, those of classes without labels being the
  /// mean of the others, all divided by their mean.
  ///
  /// - Parameters:
  ///   - labelCounts: The number of labels of each class in the training set.
  ///   - power: How much rarity counts, `cls_pw`: 0 not at all, 1 inversely.
  /// - Returns: Weights whose mean is 1; nil where all are 1.
  public static func weights(labelCounts: [Int], power: Float) -> [Float]? {
    let counted = labelCounts.filter { $0 > 0 }
    guard power > 0, !counted.isEmpty else { return nil }
    func weight(_ count: Int) -> Double { pow(1 / Double(count), Double(power)) }
    let mean = counted.map(weight).reduce(0, +) / Double(counted.count)
    let weights = labelCounts.map { $0 > 0 ? weight($0) : mean }
    let total = weights.reduce(0, +) / Double(weights.count)
    return weights.map { Float($0 / total) }
  }
}
