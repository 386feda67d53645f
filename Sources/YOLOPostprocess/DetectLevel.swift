public import YOLOTensor

/// What a detect head gives at one resolution: raw box and class logits of each cell.
///
/// The views are valid as long as the memory that they were taken from.
public struct DetectLevel {
  /// The box logits, [height, width, 4 · bins]: the bins of the distances left, top, right, bottom.
  public let boxes: FeatureMap
  /// The class logits, [height, width, classes].
  public let classes: FeatureMap
  /// The extent of a cell in letterbox pixels.
  public let stride: Int

  /// Joins the two outputs of a level; their heights and widths must be the same.
  public init(boxes: FeatureMap, classes: FeatureMap, stride: Int) {
    precondition(boxes.height == classes.height && boxes.width == classes.width)
    precondition(stride > 0, "a stride is positive")
    self.boxes = boxes
    self.classes = classes
    self.stride = stride
  }
}
