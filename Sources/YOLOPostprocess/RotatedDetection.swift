public import YOLOGeometry

/// An object found in a picture, with a box that is turned as the object is.
public struct RotatedDetection: Sendable, Hashable {
  /// Where it is, in source pixels, not clipped to the picture.
  public var box: RotatedBox
  /// How probable its class is, 0...1.
  public var confidence: Float
  /// Its class, an index into the model's class names.
  public var classIndex: Int

  /// Makes a detection.
  public init(box: RotatedBox, confidence: Float, classIndex: Int) {
    self.box = box
    self.confidence = confidence
    self.classIndex = classIndex
  }
}
