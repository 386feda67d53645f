/// How a head gives the place of a keypoint.
public enum KeypointForm: Sendable, Hashable {
  /// Twice the output, from the cell's corner: (2 k + x) · stride in the cell of column x.
  case standard
  /// The output, from the cell's middle: (k + x + ½) · stride (`Pose26`).
  case offset
}
