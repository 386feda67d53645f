/// What a data set's labels are for.
public enum DataSetTask: String, Sendable, Hashable, CaseIterable {
  /// Boxes.
  case detect
  /// Polygons around objects.
  case segment
  /// Boxes and keypoints.
  case pose
  /// Rotated boxes, given by their corners.
  case obb
  /// A class for each picture, by its folder.
  case classify
}
