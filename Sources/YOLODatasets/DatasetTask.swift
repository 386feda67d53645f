/// What a dataset's labels are for.
public enum DatasetTask: String, Sendable, Hashable, CaseIterable {
  /// Boxes.
  case detect
  /// Polygons around objects.
  case segment
  /// Boxes and keypoints.
  case pose
  /// Oriented boxes, given by their corners.
  case obb
  /// A class for each image, by its directory.
  case classify
}
