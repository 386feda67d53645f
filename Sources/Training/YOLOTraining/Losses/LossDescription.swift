public import YOLOGeometry

/// The factors of a loss's terms.
public struct LossGains: Sendable, Hashable {
  /// Of boxes, and of masks.
  public var box: Float = 7.5
  /// Of classes.
  public var classes: Float = 0.5
  /// Of the distances of box sides, as distributions or values.
  public var distances: Float = 1.5
  /// Of keypoints' coordinates.
  public var pose: Float = 12
  /// Of keypoints' visibilities.
  public var visibility: Float = 1
  /// Of the residual likelihood of keypoints, which YOLO26 has.
  public var likelihood: Float = 1
  /// Of the angles of oriented boxes.
  public var angle: Float = 1

  /// Creates the gains that Ultralytics has by default.
  public init() {}
}

/// What the loss of a head depends on.
public struct LossDescription: Sendable, Hashable {
  /// The task.
  public var task: VisionTask
  /// The number of classes.
  public var classCount: Int
  /// The number of bins of a distance's distribution; 1 where the output is the distance itself.
  public var binCount = 16
  /// Whether the head is one of YOLO26: keypoints from the cell's center with deviations, masks that
  /// count in the assignment, a semantic term, raw angles.
  public var isYOLO26 = false
  /// Whether the head has a one-to-one branch beside the one-to-many branch.
  public var isDual = false
  /// The keypoints of an instance of the task pose.
  public var keypointCount = 17
  /// Whether each keypoint has a visibility logit beside its coordinates.
  public var hasVisibility = true
  /// The deviation of each keypoint by which distances are judged; those of COCO's 17 keypoints or
  /// 1 / count if there are none here.
  public var keypointSigmas: [Float]?
  /// The factors of the terms.
  public var gains = LossGains()
  /// The weight of each class in the class term; all 1 if there are none.
  public var classWeights: [Float]?

  /// Describes the loss of a task with Ultralytics' settings for YOLOv8, 11 and 12.
  public init(task: VisionTask, classCount: Int) {
    self.task = task
    self.classCount = classCount
  }

  /// The deviations of COCO's keypoints.
  static let personSigmas: [Float] = [
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107,
    0.087, 0.087, 0.089, 0.089,
  ]

  /// Whether the keypoints are those of COCO.
  var isPerson: Bool { keypointCount == 17 && hasVisibility }

  /// The deviation of each keypoint.
  var sigmas: [Float] {
    if let keypointSigmas { return keypointSigmas }
    return isPerson
      ? Self.personSigmas : Array(repeating: 1 / Float(keypointCount), count: keypointCount)
  }

  /// Whether targets have the anchors of levels that fit their size alone.
  var gatesLevels: Bool { task == .pose && isYOLO26 }

  /// The names of the printed terms, in order.
  var itemNames: [String] {
    let distances = binCount == 1 ? "l1_loss" : "dfl_loss"
    return switch task {
    case .segment: ["box_loss", "seg_loss", "cls_loss", distances, "sem_loss"]
    case .pose:
      ["box_loss", "pose_loss", "kobj_loss", "cls_loss", distances]
        + (isYOLO26 ? ["rle_loss"] : [])
    case .obb: ["box_loss", "cls_loss", distances, "angle_loss"]
    case .classify: ["loss"]
    case .detect, .semantic, .depth: ["box_loss", "cls_loss", distances]
    }
  }

  /// Checks that such a loss can be.
  func check() throws(LossError) {
    func refuse(_ setting: String, _ found: String, _ expected: String) -> LossError {
      .invalidDescription(setting: setting, found: found, expected: expected)
    }
    guard !task.isDense else {
      throw refuse("task", task.rawValue, "detect, segment, pose, obb or classify")
    }
    guard classCount > 0 else { throw refuse("classCount", "\(classCount)", "at least 1") }
    guard (1...256).contains(binCount) else {
      throw refuse("binCount", "\(binCount)", "1 to 256")
    }
    if let classWeights, classWeights.count != classCount {
      throw refuse(
        "classWeights", "\(classWeights.count) numbers", "one for each of \(classCount) classes")
    }
    guard task == .pose else { return }
    guard keypointCount > 0 else {
      throw refuse("keypointCount", "\(keypointCount)", "at least 1")
    }
    guard sigmas.count == keypointCount else {
      throw refuse(
        "keypointSigmas", "\(sigmas.count) numbers", "one for each of \(keypointCount) keypoints")
    }
    guard sigmas.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw refuse("keypointSigmas", "\(sigmas)", "positive numbers")
    }
  }
}
