public import YOLOGeometry

/// An object found in a picture.
public struct Detection: Sendable, Hashable {
  /// Where it is, in source pixels, clipped to the picture.
  public var box: Box
  /// How probable its class is, 0...1.
  public var confidence: Float
  /// Its class, an index into the model's class names.
  public var classIndex: Int

  /// Makes a detection.
  public init(box: Box, confidence: Float, classIndex: Int) {
    self.box = box
    self.confidence = confidence
    self.classIndex = classIndex
  }
}
