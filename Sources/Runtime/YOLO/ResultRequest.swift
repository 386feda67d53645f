import YOLOPostprocess

/// What is wanted of a head's outputs.
struct ResultRequest {
  /// Which objects are kept.
  var selection: Selection
  /// The coordinates of what is found.
  var space = ResultSpace.source
  /// The size of masks.
  var masks = MaskGrid.letterbox
}
