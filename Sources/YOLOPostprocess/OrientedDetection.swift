public import YOLOGeometry

/// An object found in an image, with a box that is turned as the object is.
public struct OrientedDetection: Sendable, Hashable {
  /// Where it is, in source pixels, not clipped to the image.
  public var box: OrientedBox
  /// How probable its class is, 0...1.
  public var confidence: Float
  /// Its class, an index into the model's class names.
  public var classIndex: Int

  /// Creates a detection.
  public init(box: OrientedBox, confidence: Float, classIndex: Int) {
    self.box = box
    self.confidence = confidence
    self.classIndex = classIndex
  }
}
