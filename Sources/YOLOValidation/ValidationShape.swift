public import YOLOGeometry

/// Where an object is, in letterbox pixels, in the terms of a task.
public enum ValidationShape: Sendable, Hashable {
  /// A box.
  case box(Box)
  /// A box and a mask; masks that are compared have the same frame.
  case mask(Box, Mask)
  /// A box and keypoints.
  case keypoints(Box, [Keypoint])
  /// An oriented box.
  case orientedBox(OrientedBox)
}
