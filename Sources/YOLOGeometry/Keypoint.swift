/// A named place of an object, such as an elbow.
public struct Keypoint: Sendable, Hashable {
  /// Where it is, in pixels.
  public var point: Point
  /// How probably it is visible, 0...1, or nil where the model does not say.
  ///
  /// Labels use 0 for a point that is not labeled, 1 for a hidden and 2 for a visible one.
  public var visibility: Float?

  /// Creates a keypoint.
  public init(_ point: Point, visibility: Float?) {
    self.point = point
    self.visibility = visibility
  }
}
