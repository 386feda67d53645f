/// What was found in an image, by the kind of the task.
public enum Findings: Sendable, Hashable {
  /// Boxes with a class each, by descending confidence.
  case detections([Detection])
  /// Boxes with masks, by descending confidence.
  case segmentations([Segmentation])
  /// Boxes with keypoints, by descending confidence.
  case poses([Pose])
  /// Oriented boxes, by descending confidence.
  case orientedDetections([OrientedDetection])
  /// The class of the whole image.
  case classification(Classification)
}
