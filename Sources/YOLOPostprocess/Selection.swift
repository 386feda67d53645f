/// Which of a head's cells become results.
public struct Selection: Sendable, Hashable {
  /// How several cells that see the same object are thinned out.
  public enum Method: Sendable, Hashable {
    /// Of boxes that overlap by more than `overlap` the most confident one is kept.
    case suppression(overlap: Double)
    /// The maximum number of confident cells are kept as they are: for a one-to-one head.
    case ranking
  }

  /// What a confidence must exceed, rounded to float32.
  public var confidence: Double
  /// The classes to keep, or nil for all.
  public var classes: Set<Int>?
  /// Which classes of a cell count; ignored when ranking.
  public var choice: ClassChoice
  /// How cells are thinned out.
  public var method: Method
  /// Whether boxes of different classes suppress each other, or a ranked cell has one class only.
  public var isAgnostic: Bool
  /// How many results there are at most, the most confident ones; not negative.
  public var limit: Int

  /// Creates a selection.
  public init(
    confidence: Double = 0.25, classes: Set<Int>? = nil, choice: ClassChoice = .best,
    method: Method = .suppression(overlap: 0.45), isAgnostic: Bool = false, limit: Int = 300
  ) {
    precondition(limit >= 0)
    self.confidence = confidence
    self.classes = classes
    self.choice = choice
    self.method = method
    self.isAgnostic = isAgnostic
    self.limit = limit
  }
}
