public import YOLOGeometry

/// An object's keypoints to be drawn on an image, with its box and label.
public struct PoseAnnotation: Sendable, Hashable {
  /// The object's box in pixels of the image.
  public var box: Box
  /// The object's keypoints in pixels of the image; seventeen are joined to a person's skeleton.
  public var keypoints: [Keypoint]
  /// What it is; the name is shortened if there is no room for it.
  public var name: String
  /// How probable that is, 0...1, shown behind the name; nil shows the name alone.
  public var confidence: Float?
  /// The class, which chooses the box's color.
  public var classIndex: Int

  /// Creates an annotation.
  public init(
    box: Box, keypoints: [Keypoint], name: String, confidence: Float?, classIndex: Int
  ) {
    self.box = box
    self.keypoints = keypoints
    self.name = name
    self.confidence = confidence
    self.classIndex = classIndex
  }
}
