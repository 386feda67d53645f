import YOLOGeometry
import YOLOTrainingData

/// Which anchors of an image stand for which of its targets.
final class ImageAssignment {
  /// A target in pixels of the network's input.
  struct Instance {
    /// The index among the targets of the image.
    let source: Int
    let category: Int
    /// Left, top, right, bottom; of an oriented box before it is turned.
    let corners: SIMD4<Float>
    /// Center x, center y, width, height.
    let box: SIMD4<Float>
    /// The angle of an oriented box in radians.
    let angle: Float
  }

  /// An anchor that stands for a target.
  struct Positive {
    let anchor: Int
    /// The index in `instances`.
    let instance: Int
    /// The soft score that its class should have.
    let score: Float
  }

  /// The targets that are not padding.
  var instances = ContiguousArray<Instance>()
  /// The anchors by index.
  var positives = ContiguousArray<Positive>()
  /// Whether an overlap was not a number, so that there is nothing to go by.
  var isInvalid = false

  /// Reads the targets of an image and converts them to pixels.
  ///
  /// - Throws: What the targets have wrong.
  func read(
    _ targets: TrainingTargets, image: Int, grid: AnchorGrid, description: LossDescription
  ) throws(LossError) {
    instances.removeAll(keepingCapacity: true)
    positives.removeAll(keepingCapacity: true)
    isInvalid = false
    let count = targets.classes.count
    func refuse(_ reason: String) -> LossError { .invalidTarget(image: image, reason: reason) }
    guard targets.boxes.count == count else {
      throw refuse("\(targets.boxes.count) boxes, but \(count) classes")
    }
    let isOriented = description.task == .obb
    if isOriented, targets.angles.count != count {
      throw refuse("\(targets.angles.count) angles, but \(count) boxes")
    }
    if description.task == .pose, targets.keypoints.count != count * description.keypointCount {
      throw refuse(
        "\(targets.keypoints.count) keypoints, expected \(description.keypointCount) for each of "
          + "\(count) boxes")
    }
    if description.task == .segment {
      try Self.check(targets.masks, image: image, count: count, description)
    }
    if description.task == .pose {
      for (index, keypoint) in targets.keypoints.enumerated() where keypoint.z != 0 {
        guard keypoint.x.magnitude <= 1000, keypoint.y.magnitude <= 1000 else {
          throw refuse(
            "keypoint \(index % description.keypointCount) of instance "
              + "\(index / description.keypointCount) is at (\(keypoint.x), \(keypoint.y))")
        }
      }
    }
    let (width, height) = (grid.inputWidth, grid.inputHeight)
    for index in 0..<count {
      let category = targets.classes[index]
      guard category >= 0, category < description.classCount else {
        throw refuse(
          "class \(category) of instance \(index), expected 0 to \(description.classCount - 1)")
      }
      let given = targets.boxes[index]
      let angle = isOriented ? targets.angles[index] : 0
      guard Self.isUsable(given), given[2] >= 0, given[3] >= 0, angle.magnitude < 1000 else {
        throw refuse("box \(given), angle \(angle) of instance \(index) are not usable numbers")
      }
      let box = given * SIMD4(width, height, width, height)
      let half = SIMD2(box[2], box[3]) / 2
      let corners = SIMD4(box[0] - half.x, box[1] - half.y, box[0] + half.x, box[1] + half.y)
      if isOriented {
        // Boxes without area have no direction.
        guard box[2] >= 2, box[3] >= 2 else { continue }
      } else {
        guard corners[0] + corners[1] + corners[2] + corners[3] > 0 else { continue }
      }
      instances.append(
        Instance(source: index, category: category, corners: corners, box: box, angle: angle))
    }
  }

  /// Checks that there are masks if there are instances, and that they have the sizes they say.
  private static func check(
    _ masks: TargetMasks?, image: Int, count: Int, _ description: LossDescription
  ) throws(LossError) {
    guard let masks else {
      guard count == 0 else {
        throw .invalidTarget(image: image, reason: "\(count) instances, but no masks")
      }
      return
    }
    let (height, width) = (masks.height, masks.width)
    guard height > 0, width > 0, height <= 1 << 16, width <= 1 << 16,
      masks.values.count == height * width * (masks.isOverlapping ? 1 : count),
      masks.semantic.count == height * width
    else {
      throw .invalidTarget(
        image: image,
        reason: "masks of \(height) x \(width) for \(count) instances have "
          + "\(masks.values.count) values and \(masks.semantic.count) classes of pixels")
    }
    guard description.isYOLO26 else { return }
    var (least, greatest) = (Int32(-1), Int32(-1))
    for category in masks.semantic {
      least = min(least, category)
      greatest = max(greatest, category)
    }
    guard least >= -1, greatest < description.classCount else {
      throw .invalidTarget(
        image: image,
        reason: "classes of pixels from \(least) to \(greatest), expected -1 to "
          + "\(description.classCount - 1)")
    }
  }

  /// Whether all coordinates are numbers that can be converted to pixels and integers.
  private static func isUsable(_ box: SIMD4<Float>) -> Bool {
    var isUsable = true
    for lane in 0..<4 { isUsable = isUsable && box[lane].magnitude <= 1000 }
    return isUsable
  }
}
