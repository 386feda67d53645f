/// What was found in a picture, by the kind of the task.
public enum Findings: Sendable, Hashable {
  /// Boxes with a class each, by descending confidence.
  case detections([Detection])
}
