public import YOLOTensor

/// How far the outputs of a module are apart in two runs.
public struct ModuleDifference: Sendable, Hashable {
  /// How two outputs compare.
  public enum Outcome: Sendable, Hashable {
    /// Both have one shape: the greatest absolute difference of two values, and that divided by the
    /// range of the first output; infinite where only one is a number.
    case values(greatest: Float, relative: Float)
    /// They have different shapes.
    case shapes([Int], [Int])
  }

  /// The module.
  public let path: String
  /// How its outputs compare.
  public let outcome: Outcome

  /// Compares two outputs of a module.
  public init(path: String, _ first: Tensor, _ second: Tensor) {
    self.path = path
    guard first.shape == second.shape else {
      outcome = .shapes(first.shape, second.shape)
      return
    }
    var greatest: Float = 0
    for (one, other) in zip(first.values, second.values) where one != other {
      if one.isNaN && other.isNaN { continue }
      let difference = abs(one - other)
      greatest = difference.isNaN ? .infinity : max(greatest, difference)
    }
    let range = FeaturePlanes.range(of: first.values)
    let extent = range.greatest - range.least
    let relative = greatest == 0 ? 0 : extent > 0 ? greatest / extent : .infinity
    outcome = .values(greatest: greatest, relative: relative)
  }

  /// The greatest difference relative to the range of the first output; infinite for other shapes.
  public var relative: Float {
    switch outcome {
    case .values(_, let relative): relative
    case .shapes: .infinity
    }
  }
}
