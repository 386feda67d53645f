/// What an image as a whole shows.
public struct Classification: Sendable, Hashable {
  /// The probability of each class.
  public let probabilities: [Float]
  /// The maximum number of probable classes, five unless there are fewer, by descending probability.
  ///
  /// Of equally probable ones the lower class comes first; a NaN comes last.
  public let top: [ClassScore]

  /// The maximum number of classes of ``top``.
  public static let topCount = 5

  /// Finds the most probable classes.
  public init(probabilities: [Float]) {
    self.probabilities = probabilities
    var top: [ClassScore] = []
    for (index, probability) in probabilities.enumerated() {
      // NaN is as improbable as can be.
      let rank = probability.isNaN ? -Float.infinity : probability
      let place =
        top.firstIndex { ($0.confidence.isNaN ? -Float.infinity : $0.confidence) < rank }
        ?? top.endIndex
      guard place < Self.topCount else { continue }
      top.insert(ClassScore(classIndex: index, confidence: probability), at: place)
      if top.count > Self.topCount { top.removeLast() }
    }
    self.top = top
  }
}
