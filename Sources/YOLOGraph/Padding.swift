/// What is added around an activation, in pixels.
public struct Padding: Sendable, Hashable {
  /// The rows above and below, the columns on the left and on the right; none is negative.
  public var top: Int, bottom: Int, left: Int, right: Int

  /// Creates a padding.
  public init(top: Int, bottom: Int, left: Int, right: Int) {
    precondition(min(top, bottom, left, right) >= 0)
    (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
  }
}
