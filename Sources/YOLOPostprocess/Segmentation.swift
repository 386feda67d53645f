public import YOLOGeometry

/// An object found in an image, with its pixels.
public struct Segmentation: Sendable, Hashable {
  /// Where it is, in source pixels, clipped to the image.
  public var box: Box
  /// How probable its class is, 0...1.
  public var confidence: Float
  /// Its class, an index into the model's class names.
  public var classIndex: Int
  /// Its pixels, those of the letterboxed image unless another grid was asked for.
  ///
  /// `mask.frame` tells which; `mask.resampled(to:)` gives those of the image.
  public var mask: Mask
  /// The line around its pixels, in source pixels; all its parts are joined to one line.
  ///
  /// Empty where results stay in letterbox pixels.
  public var polygon: Polygon

  /// Creates a segmentation.
  public init(
    box: Box, confidence: Float, classIndex: Int, mask: Mask, polygon: Polygon
  ) {
    self.box = box
    self.confidence = confidence
    self.classIndex = classIndex
    self.mask = mask
    self.polygon = polygon
  }
}
