package import YOLOGeometry
import YOLOSystem

extension SampleLabels {
  /// Converts the labels of a sample to targets.
  ///
  /// - Parameters:
  ///   - task: What is trained.
  ///   - width: The columns of the input.
  ///   - height: The rows of the input.
  ///   - masks: How masks are made of the polygons, for the task segment.
  /// - Returns: The targets, in fractions of `width` and `height`.
  package func targets(
    task: VisionTask, width: Int, height: Int, masks: MaskSettings
  ) -> TrainingTargets {
    let (right, bottom) = (Float(width), Float(height))
    var labels = self
    var result = TrainingTargets()
    if task == .segment {
      let (order, drawn) = MaskDrawing(width: width, height: height, settings: masks)
        .masks(of: self)
      labels.select(order)
      result.masks = drawn
    }
    if task == .obb {
      for index in labels.boxes.indices {
        let range = labels.pointRange(index)
        let points = labels.points[range].map { Point(x: $0.x, y: $0.y) }
        guard let box = OrientedBox(enclosing: points), box.isFinite else { continue }
        let (size, angle) = Self.canonical(box)
        result.classes.append(Int(labels.classes[index]))
        result.boxes.append(
          SIMD4(box.x / right, box.y / bottom, size.x / right, size.y / bottom))
        result.angles.append(angle)
      }
      return result
    }
    result.classes = labels.classes.map { Int($0) }
    result.boxes = labels.boxes.map {
      SIMD4(
        ($0.x + $0.z) / 2 / right, ($0.y + $0.w) / 2 / bottom, ($0.z - $0.x) / right,
        ($0.w - $0.y) / bottom)
    }
    if task == .pose {
      result.keypoints = labels.keypoints.map { SIMD3($0.x / right, $0.y / bottom, $0.z) }
    }
    return result
  }

  /// Returns width and height, the width the larger one, and the angle in -π/4 ..< 3π/4.
  private static func canonical(_ box: OrientedBox) -> (size: SIMD2<Float>, angle: Float) {
    var (size, angle) = (SIMD2(box.width, box.height), Double(box.angle))
    if size.x < size.y {
      size = SIMD2(size.y, size.x)
      angle += .pi / 2
    }
    angle -= ((angle + .pi / 4) / .pi).rounded(.down) * .pi
    var result = Float(angle)
    if result >= 0.75 * .pi { result -= .pi }
    return (size, result)
  }
}
