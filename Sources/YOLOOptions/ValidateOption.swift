/// The options of a validation: names, ranges, defaults and help, defined here and nowhere else.
public enum ValidateOption {
  /// The minimum confidence: low, so that precision is known up to the highest recall.
  public static let confidence = NumberOption(
    name: "conf", range: 0.0...1.0, defaultValue: 0.001,
    help: "Confidence that a detection must exceed; for oriented boxes at least "
      + "\(minimumOrientedConfidence)")

  /// What Ultralytics takes for oriented boxes in place of the default.
  public static let minimumOrientedConfidence = 0.01

  /// The intersection over union that suppression tolerates.
  public static let iouThreshold = NumberOption(
    name: "iou", range: 0.0...1.0, defaultValue: 0.7,
    help: "Intersection over union above which the less confident of two detections is dropped")

  /// The greatest number of detections.
  public static let maxDetections = NumberOption(
    name: "max_det", range: 1...30_000, defaultValue: 300,
    help: "Greatest number of detections in an image")

  /// The images that are padded to a common extent.
  public static let batch = NumberOption(
    name: "batch", range: 1...4096, defaultValue: 16,
    help: "Images of like proportions that are padded to a common extent, which figures depend on"
  )
}
