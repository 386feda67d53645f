import YOLOGeometry

/// What a golden case of a task expects.
extension VisionTask {
  /// Whether an object may be found by the task.
  func accepts(_ object: ComparedObject) -> Bool {
    switch (self, object.geometry) {
    case (.detect, .box), (.segment, .outline), (.pose, .keypoints), (.obb, .orientedBox),
      (.classify, nil), (.semantic, nil):
      true
    case (.depth, nil): ComparedObject.depthLabels.contains(object.label)
    case (.detect, _), (.segment, _), (.pose, _), (.obb, _), (.classify, _), (.semantic, _),
      (.depth, _):
      false
    }
  }

  /// What an object needs.
  var expectedObject: String {
    switch self {
    case .detect: "expected a box of two corners and nothing else"
    case .segment: "expected a box and segments"
    case .pose: "expected a box and keypoints"
    case .obb: "expected a box of four corners"
    case .classify: "expected a class without a box"
    case .semantic: "expected a class with a ratio of pixels"
    case .depth: "expected the range alone"
    }
  }
}
