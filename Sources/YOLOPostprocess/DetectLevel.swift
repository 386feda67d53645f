public import YOLOTensor

/// What a head gives at one resolution: the raw outputs of each cell.
///
/// The views are valid as long as the memory that they were taken from.
public struct DetectLevel {
  /// The box logits, [height, width, 4 · bins]: the bins of the distances left, top, right, bottom.
  public let boxes: FeatureMap
  /// The class logits, [height, width, classes].
  public let classes: FeatureMap
  /// What the task adds to a box: mask coefficients, keypoints or an angle, [height, width, n].
  public let extra: FeatureMap?
  /// The extent of a cell in letterbox pixels.
  public let stride: Int

  /// Joins the outputs of a level; their heights and widths must be the same.
  public init(boxes: FeatureMap, classes: FeatureMap, stride: Int, extra: FeatureMap? = nil) {
    precondition(boxes.height == classes.height && boxes.width == classes.width)
    if let extra {
      precondition(boxes.height == extra.height && boxes.width == extra.width)
    }
    precondition(stride > 0, "a stride is positive")
    self.boxes = boxes
    self.classes = classes
    self.extra = extra
    self.stride = stride
  }

  /// The number of cells.
  var cellCount: Int { classes.height * classes.width }
}
