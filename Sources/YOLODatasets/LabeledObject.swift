public import YOLOGeometry

/// An object that a label describes, in fractions of the image's width and height.
public struct LabeledObject: Sendable, Hashable {
  /// The class.
  public let classIndex: Int
  /// The box; that of the corners where a polygon is given.
  public let box: Box
  /// The corners of the outline, or of the oriented box; empty where the label has none.
  public let polygon: Polygon
  /// The keypoints; of visibility 0 where they are not labeled.
  public let keypoints: [Keypoint]

  /// Creates an object.
  public init(classIndex: Int, box: Box, polygon: Polygon = Polygon(), keypoints: [Keypoint] = []) {
    self.classIndex = classIndex
    self.box = box
    self.polygon = polygon
    self.keypoints = keypoints
  }
}
