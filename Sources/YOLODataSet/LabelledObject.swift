public import YOLOGeometry

/// An object that a label describes, in fractions of the picture's width and height.
public struct LabelledObject: Sendable, Hashable {
  /// The class.
  public let classIndex: Int
  /// The box; that of the corners where a polygon is given.
  public let box: Box
  /// The corners of the outline, or of the rotated box; empty where the label has none.
  public let polygon: Polygon
  /// The keypoints; of visibility 0 where they are not labelled.
  public let keypoints: [Keypoint]

  /// Makes an object.
  public init(classIndex: Int, box: Box, polygon: Polygon = Polygon(), keypoints: [Keypoint] = []) {
    self.classIndex = classIndex
    self.box = box
    self.polygon = polygon
    self.keypoints = keypoints
  }
}
