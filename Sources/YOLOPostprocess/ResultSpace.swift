/// Which pixels the coordinates of results are given in.
public enum ResultSpace: Sendable, Hashable {
  /// Those of the source picture; boxes and points are clipped to it, rotated boxes are not.
  case source
  /// Those of the letterboxed picture, not clipped: what validation compares labels in.
  case letterbox
}
