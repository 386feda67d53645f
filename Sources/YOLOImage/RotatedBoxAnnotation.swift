public import YOLOGeometry

/// A turned box to be drawn on a picture, with its label.
public struct RotatedBoxAnnotation: Sendable, Hashable {
  /// The box in pixels of the picture.
  public var box: RotatedBox
  /// What is in the box; it is shortened if there is no room for it.
  public var name: String
  /// How probable that is, 0...1, shown behind the name; nil shows the name alone.
  public var confidence: Float?
  /// The class, which chooses the colour.
  public var classIndex: Int

  /// Makes an annotation.
  public init(box: RotatedBox, name: String, confidence: Float?, classIndex: Int) {
    self.box = box
    self.name = name
    self.confidence = confidence
    self.classIndex = classIndex
  }
}
