/// A width and a height in pixels.
public struct Size: Sendable, Hashable {
  /// The horizontal extent.
  public var width: Int
  /// The vertical extent.
  public var height: Int

  /// Creates a size of the given extents.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }
}
