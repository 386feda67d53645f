/// What is to be found in an image of a training batch; coordinates are fractions of the network's
/// input, whose padding counts.
///
/// The arrays of one task stand side by side, an element (or run of elements) an instance; those of
/// other tasks are empty.
public struct TrainingTargets: Sendable {
  /// The class of each instance.
  public var classes: [Int]
  /// The box of each instance: center x, center y, width, height.
  ///
  /// Of an oriented box the width and height are its own, before it is turned; width ≥ height.
  public var boxes: [SIMD4<Float>]
  /// The angle of each instance of the task obb, in radians, in -π/4 ..< 3π/4; from the x axis to
  /// the y axis, which points down.
  public var angles: [Float] = []
  /// The keypoints of each instance of the task pose, `keypointCount` of them an instance: x, y, and
  /// visibility (0 where not labeled).
  public var keypoints: [SIMD3<Float>] = []
  /// The masks of the task segment.
  public var masks: TargetMasks?

  /// Creates targets; an image without instances is background.
  public init(classes: [Int] = [], boxes: [SIMD4<Float>] = []) {
    self.classes = classes
    self.boxes = boxes
  }
}

/// The masks of an image's instances, at the resolution of the prototypes unless `mask_ratio` says
/// otherwise.
public struct TargetMasks: Sendable {
  /// The rows.
  public var height: Int
  /// The columns.
  public var width: Int
  /// Whether all instances share one map.
  public var isOverlapping: Bool
  /// With `isOverlapping` one map [height, width] of instance numbers from 1 on, 0 where there is
  /// none; otherwise a map of 0 and 1 for each instance, one after the other.
  public var values: [UInt16]
  /// The class of the topmost instance of each pixel, or -1 where there is none: [height, width].
  public var semantic: [Int32]

  /// Creates masks.
  public init(
    height: Int, width: Int, isOverlapping: Bool, values: [UInt16], semantic: [Int32]
  ) {
    self.height = height
    self.width = width
    self.isOverlapping = isOverlapping
    self.values = values
    self.semantic = semantic
  }
}

/// The images of a training step with their targets.
public struct TrainingBatch: Sendable {
  /// The number of images.
  public var count: Int { targets.count }
  /// The rows of the network's input.
  public var height: Int
  /// The columns of the network's input.
  public var width: Int
  /// The values in 0...1, [image, row, column, channel], RGB where there are three channels.
  public var pixels: [Float]
  /// The targets of each image; of the task classify one class and no box.
  public var targets: [TrainingTargets]
  /// The files that the images were made of, the first one of a mosaic.
  public var paths: [String]

  /// Creates a batch.
  public init(
    height: Int, width: Int, pixels: [Float], targets: [TrainingTargets], paths: [String]
  ) {
    self.height = height
    self.width = width
    self.pixels = pixels
    self.targets = targets
    self.paths = paths
  }
}
