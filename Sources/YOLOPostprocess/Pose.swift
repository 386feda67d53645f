public import YOLOGeometry

/// An object found in an image, with its keypoints.
public struct Pose: Sendable, Hashable {
  /// Where it is, in source pixels, clipped to the image.
  public var box: Box
  /// How probable its class is, 0...1.
  public var confidence: Float
  /// Its class, an index into the model's class names.
  public var classIndex: Int
  /// Its keypoints in the model's order, in source pixels, clipped to the image.
  public var keypoints: [Keypoint]

  /// Creates a pose.
  public init(box: Box, confidence: Float, classIndex: Int, keypoints: [Keypoint]) {
    self.box = box
    self.confidence = confidence
    self.classIndex = classIndex
    self.keypoints = keypoints
  }
}
