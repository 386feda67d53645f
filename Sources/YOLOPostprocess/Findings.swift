/// What was found in a picture, by the kind of the task.
public enum Findings: Sendable, Hashable {
  /// Boxes with a class each, by descending confidence.
  case detections([Detection])
  /// Boxes with masks, by descending confidence.
  case segmentations([Segmentation])
  /// Boxes with keypoints, by descending confidence.
  case poses([Pose])
  /// Rotated boxes, by descending confidence.
  case rotatedDetections([RotatedDetection])
  /// The class of the whole picture.
  case classification(Classification)
}
