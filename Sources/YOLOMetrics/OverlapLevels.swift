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
