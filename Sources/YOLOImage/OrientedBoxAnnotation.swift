public import YOLOGeometry

/// A turned box to be drawn on an image, with its label.
public struct OrientedBoxAnnotation: Sendable, Hashable {
  /// The box in pixels of the image.
  public var box: OrientedBox
  /// What is in the box; it is shortened if there is no room for it.
  public var name: String
  /// How probable that is, 0...1, shown behind the name; nil shows the name alone.
  public var confidence: Float?
  /// The class, which chooses the color.
  public var classIndex: Int

  /// Creates an annotation.
  public init(box: OrientedBox, name: String, confidence: Float?, classIndex: Int) {
    self.box = box
    self.name = name
    self.confidence = confidence
    self.classIndex = classIndex
  }
}
