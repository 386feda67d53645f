import YOLOValidation

/// The tasks of cases, and what is found by each.
enum CaseTask: String, CaseIterable {
  case detect
  case segment
  case pose
  case obb
  case classify

  /// Whether an object may be found by the task.
  func accepts(_ shape: ComparedObject.Shape) -> Bool {
    switch (self, shape) {
    case (.detect, .box), (.segment, .outline), (.pose, .keypoints),
      (.obb, .orientedBox), (.classify, .image):
      true
    case (.detect, _), (.segment, _), (.pose, _), (.obb, _), (.classify, _): false
    }
  }

  /// What an object needs.
  var expected: String {
    switch self {
    case .detect: "expected a box of two corners and nothing else"
    case .segment: "expected a box and segments"
    case .pose: "expected a box and keypoints"
    case .obb: "expected a box of four corners"
    case .classify: "expected a class without a box"
    }
  }
}
