/// Which pixels the coordinates of results are given in.
public enum ResultSpace: Sendable, Hashable {
  /// Those of the source image; boxes and points are clipped to it, oriented boxes are not.
  case source
  /// Those of the letterboxed image, not clipped: what validation compares labels in.
  case letterbox
}
