public import YOLOGeometry

/// An object found in an image.
public struct Detection: Sendable, Hashable {
  /// Where it is, in source pixels, clipped to the image.
  public var box: Box
  /// How probable its class is, 0...1.
  public var confidence: Float
  /// Its class, an index into the model's class names.
  public var classIndex: Int

  /// Creates a detection.
  public init(box: Box, confidence: Float, classIndex: Int) {
    self.box = box
    self.confidence = confidence
    self.classIndex = classIndex
  }
}
