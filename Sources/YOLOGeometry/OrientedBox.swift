/// A rectangle turned about its center, in pixels, y pointing down.
public struct OrientedBox: Sendable, Hashable {
  /// The center's distance from the left edge.
  public var x: Float
  /// The center's distance from the upper edge.
  public var y: Float
  /// The extent along the turned horizontal axis.
  public var width: Float
  /// The extent along the turned vertical axis.
  public var height: Float
  /// The turn in radians, clockwise on the screen.
  public var angle: Float

  /// Creates a box.
  public init(x: Float, y: Float, width: Float, height: Float, angle: Float) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
    self.angle = angle
  }
}
