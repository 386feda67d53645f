import YOLOGeometry

/// Checks that the outputs of a branch have the shapes that a loss needs.
struct OutputCheck {
  let description: LossDescription
  /// Whether what training alone has need not be there.
  var isEvaluation = false

  func check(_ outputs: BranchOutputs) throws(LossError) {
    guard let first = outputs.levels.first else { throw .missingOutput("levels") }
    guard outputs.levels.count <= 64 else {
      throw .shapeMismatch(
        output: "levels", expected: "at most 64", found: "\(outputs.levels.count)")
    }
    for (index, level) in outputs.levels.enumerated() {
      let name = "levels[\(index)]"
      guard level.stride > 0 else {
        throw .shapeMismatch(
          output: "\(name).stride", expected: "a positive number", found: "\(level.stride)")
      }
      try level.boxes.check(
        "\(name).boxes", batch: first.boxes.batch, channels: 4 * description.binCount)
      func check(_ map: LossMap?, _ part: String, _ channels: Int?) throws(LossError) {
        guard let map else { throw .missingOutput("\(name).\(part)") }
        try map.check(
          "\(name).\(part)", batch: level.boxes.batch, height: level.boxes.height,
          width: level.boxes.width, channels: channels)
      }
      try check(level.classes, "classes", description.classCount)
      switch description.task {
      case .segment:
        try check(level.extra, "extra", outputs.prototypes?.channels)
      case .pose:
        try check(
          level.extra, "extra",
          description.keypointCount * (description.hasVisibility ? 3 : 2))
        if description.isYOLO26, !isEvaluation {
          try check(level.deviations, "deviations", 2 * description.keypointCount)
        }
      case .obb:
        try check(level.extra, "extra", 1)
      case .detect, .classify, .semantic, .depth: break
      }
    }
    guard description.task == .segment else { return }
    guard let prototypes = outputs.prototypes else { throw .missingOutput("prototypes") }
    try prototypes.check("prototypes", batch: first.boxes.batch, channels: nil)
    if description.isYOLO26, !isEvaluation {
      guard let semantic = outputs.semantic else { throw .missingOutput("semantic") }
      try semantic.check(
        "semantic", batch: first.boxes.batch, channels: description.classCount)
    }
  }
}
