/// Which pixels a mask is made of.
public enum MaskGrid: Sendable, Hashable {
  /// Those of the letterboxed image: what Ultralytics does by default.
  case letterbox
  /// Those of the source image, the finest (`retina_masks`).
  case source
  /// Those of the prototypes, a quarter of the letterbox's each way: what validation compares.
  case prototypes
}
