public import YOLOGeometry

/// An object's pixels to be shown on an image, with its label.
public struct MaskAnnotation: Sendable, Hashable {
  /// The object's box in pixels of the image, which the label is set to.
  public var box: Box
  /// The object's pixels; the frame is the image or a letterbox of it.
  public var mask: Mask
  /// What it is; the name is shortened if there is no room for it.
  public var name: String
  /// How probable that is, 0...1, shown behind the name; nil shows the name alone.
  public var confidence: Float?
  /// The class, which chooses the color.
  public var classIndex: Int

  /// Creates an annotation.
  public init(box: Box, mask: Mask, name: String, confidence: Float?, classIndex: Int) {
    self.box = box
    self.mask = mask
    self.name = name
    self.confidence = confidence
    self.classIndex = classIndex
  }
}
