/// A position in pixels, y pointing down.
public struct Point: Sendable, Hashable {
  /// The distance from the left edge.
  public var x: Float
  /// The distance from the upper edge.
  public var y: Float

  /// Creates a point.
  public init(x: Float, y: Float) {
    self.x = x
    self.y = y
  }
}
