/// The shape of an activation: [batch, height, width, channels].
public struct Shape: Sendable, Hashable {
  /// The number of images.
  public var batch: Int
  /// The number of rows.
  public var height: Int
  /// The number of columns.
  public var width: Int
  /// The number of channels of a pixel.
  public var channels: Int

  /// Creates a shape.
  public init(batch: Int = 1, height: Int, width: Int, channels: Int) {
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Returns whether both have the same images, rows and columns.
  package func hasSize(of other: Shape) -> Bool {
    batch == other.batch && height == other.height && width == other.width
  }

  /// Returns the shape with other rows and columns.
  func resized(height: Int, width: Int) -> Shape {
    Shape(batch: batch, height: height, width: width, channels: channels)
  }
}
