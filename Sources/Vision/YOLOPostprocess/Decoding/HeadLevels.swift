package import YOLOTensor

/// The outputs of a head at one resolution, raw, for each cell.
///
/// The views are valid as long as the memory that they were taken from.
package struct DetectLevel {
  /// The box logits, [height, width, 4 · bins]: the bins of the distances left, top, right, bottom.
  package let boxes: FeatureMap
  /// The class logits, [height, width, classes].
  package let classes: FeatureMap
  /// What the task adds to a box: mask coefficients, keypoints or an angle, [height, width, n].
  package let extra: FeatureMap?
  /// The side of a cell in letterbox pixels.
  package let stride: Int

  /// Joins the outputs of a level; their heights and widths must be the same.
  package init(boxes: FeatureMap, classes: FeatureMap, stride: Int, extra: FeatureMap? = nil) {
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

/// A cell of a head's level.
struct HeadCell {
  let level: DetectLevel
  let x: Int
  let y: Int

  @inline(__always)
  init(level: DetectLevel, x: Int, y: Int) {
    self.level = level
    self.x = x
    self.y = y
  }

  /// Finds the cell of an anchor, which must be one of the levels'.
  init(anchor: Int, in levels: [DetectLevel]) {
    var rest = anchor
    for level in levels {
      if rest < level.cellCount {
        self.init(level: level, x: rest % level.classes.width, y: rest / level.classes.width)
        return
      }
      rest -= level.cellCount
    }
    preconditionFailure("no cell has anchor \(anchor)")
  }

  /// The middle of the cell, in cells.
  @inline(__always)
  var middle: SIMD2<Float> { SIMD2(Float(x) + 0.5, Float(y) + 0.5) }

  /// The side of the cell in letterbox pixels.
  @inline(__always)
  var scale: Float { Float(level.stride) }

  /// The cell's first value in one of its level's maps.
  @inline(__always)
  func values(of map: FeatureMap) -> UnsafePointer<Float> {
    // SAFETY: the cell is inside the level, whose maps have the same size.
    map.base + (y * map.rowStride + x * map.pixelStride)
  }

  /// The cell's first value of what the task adds, of which there must be `count`.
  @inline(__always)
  func extraValues(count: Int) -> UnsafePointer<Float> {
    guard let extra = level.extra else {
      preconditionFailure("the level has no extra outputs")
    }
    precondition(extra.channels == count, "a level has other extra outputs than announced")
    return values(of: extra)
  }
}
