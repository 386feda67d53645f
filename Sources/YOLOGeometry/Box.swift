/// An axis-aligned box given by its corners, in pixels, y pointing down.
public struct Box: Sendable, Hashable {
  /// The left edge.
  public var x1: Float
  /// The upper edge.
  public var y1: Float
  /// The right edge.
  public var x2: Float
  /// The lower edge.
  public var y2: Float

  /// Creates a box from its corners.
  public init(x1: Float, y1: Float, x2: Float, y2: Float) {
    self.x1 = x1
    self.y1 = y1
    self.x2 = x2
    self.y2 = y2
  }
}
