/// What a model's findings are compared by.
public enum ValidationKind: Sendable, Hashable {
  /// The overlap of boxes.
  case boxes
  /// The overlap of boxes, and that of masks.
  case masks
  /// The overlap of boxes, and the similarity of so many keypoints.
  case keypoints(count: Int)
  /// The overlap of oriented boxes.
  case orientedBoxes
}
