/// How to read the keypoints of a pose head's cell.
public struct KeypointLayout: Sendable, Hashable {
  /// The number of keypoints of an object.
  public let count: Int
  /// Whether each has a visibility beside its coordinates.
  public let hasVisibility: Bool
  /// Whether coordinates are in strides from the cell's center, as YOLO26 has them; otherwise they
  /// are in half strides from its top left corner.
  public let isCentered: Bool
}
