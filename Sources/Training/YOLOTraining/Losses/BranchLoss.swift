import YOLOGeometry
import YOLOTrainingData

/// The loss of a branch of a head: it assigns anchors to targets and evaluates every term of the task.
final class BranchLoss {
  /// The terms with their gains.
  struct Values {
    var items: [Float]
    var sum: Double
    var positives: Int
  }

  let description: LossDescription
  /// Whether the assignment of the evaluation before is kept.
  var keepsAssignment = false
  private let workers: Workers
  private let assigners: [Assigner]
  private var assignments = [ImageAssignment]()
  private var terms = [LossTerms]()
  private var units = ContiguousArray<Unit>()
  private let unitSums = Scratch<Double>()
  private let workspaces: [Workspace]
  private let likelihood: ResidualLikelihood?

  /// The working memory of a worker.
  private struct Workspace {
    let probabilities = Scratch<Float>()
    let masks = MaskTerm()
    let semantic = SemanticTerm()
  }

  /// Rows of a level of an image.
  private struct Unit {
    let image: Int
    let level: Int
    let rows: Range<Int>
  }

  /// About how many class logits a unit has.
  private static let unitSize = 1 << 15

  /// The assigned anchors of the last evaluation.
  var assigned: [HeadLoss.AssignedAnchor] {
    var result = [HeadLoss.AssignedAnchor]()
    for image in terms.indices {
      for positive in assignments[image].positives {
        result.append(
          .init(
            image: image, anchor: positive.anchor, target: positive.instance,
            score: positive.score))
      }
    }
    return result
  }

  init(_ settings: Assigner.Settings, workers: Workers, likelihood: ResidualLikelihood?) {
    description = settings.description
    self.likelihood = likelihood
    self.workers = workers
    assigners = (0..<workers.count).map { _ in Assigner(settings) }
    workspaces = (0..<workers.count).map { _ in Workspace() }
    for workspace in workspaces {
      workspace.probabilities.reserve(4 * settings.description.binCount)
    }
  }

  /// Evaluates the terms and assigns the gradients of their sum times the number of images times
  /// `weight`; in an evaluation without what training alone has.
  func evaluate(
    _ outputs: BranchOutputs, targets: [TrainingTargets], weight: Float,
    sharesAsConstants: Bool = false, isEvaluation: Bool = false
  ) throws(LossError) -> Values {
    try OutputCheck(description: description, isEvaluation: isEvaluation).check(outputs)
    let grid = AnchorGrid(outputs)
    guard targets.count == grid.batch else {
      throw .imageCount(expected: grid.batch, found: targets.count)
    }
    if !keepsAssignment { try assign(outputs, targets, grid) }
    var score = 0.0
    var positives = 0
    var isInvalid = false
    for assignment in assignments.prefix(grid.batch) {
      isInvalid = isInvalid || assignment.isInvalid
      positives += assignment.positives.count
      for positive in assignment.positives { score += Double(positive.score) }
    }
    let context = LossContext(
      description: description, grid: grid, outputs: outputs, scale: weight * Float(grid.batch),
      sharesAsConstants: sharesAsConstants,
      scoreSum: Float(max(score, 1)), positives: positives)
    var sums = LossTerms()
    sums.classes = background(context)
    terms.removeAll(keepingCapacity: true)
    for _ in 0..<grid.batch { terms.append(LossTerms()) }
    terms.withUnsafeMutableBufferPointer { terms in
      // SAFETY: an image writes its own element.
      workers.perform(grid.batch) { image, worker in
        let workspace = workspaces[worker]
        terms[image] = boxes(image, context, workspace.probabilities.base)
        addTaskTerms(image, targets[image], context, workspace, &terms[image])
      }
    }
    for image in terms { sums += image }
    if let likelihood, !isEvaluation {
      sums.likelihood = likelihood.add(assignments.prefix(grid.batch), targets, context)
    }
    // Without overlaps that are numbers there is no loss of boxes.
    if isInvalid { sums.box = .nan }
    return sums.values(context)
  }

  private func assign(
    _ outputs: BranchOutputs, _ targets: [TrainingTargets], _ grid: AnchorGrid
  ) throws(LossError) {
    while assignments.count < grid.batch { assignments.append(ImageAssignment()) }
    for image in 0..<grid.batch {
      try assignments[image].read(
        targets[image], image: image, grid: grid, description: description)
    }
    workers.perform(grid.batch) { image, worker in
      assigners[worker].assign(
        image: image, targets: targets[image], outputs: outputs, grid: grid,
        to: assignments[image])
    }
  }

  /// Sets the gradients of all logits for anchors without a target, and returns the sum of the class
  /// term.
  private func background(_ context: LossContext) -> Double {
    units.removeAll(keepingCapacity: true)
    for image in 0..<context.grid.batch {
      for (index, level) in context.grid.levels.enumerated() {
        let rows = max(1, Self.unitSize / (level.width * description.classCount))
        for start in stride(from: 0, to: level.height, by: rows) {
          units.append(
            Unit(image: image, level: index, rows: start..<min(start + rows, level.height)))
        }
      }
    }
    let sums = unitSums.reserve(units.count)
    let term = context.classTerm
    workers.perform(units.count) { index, _ in
      let unit = units[index]
      let level = context.outputs.levels[unit.level]
      level.boxes.clearGradients(image: unit.image, rows: unit.rows)
      level.extra?.clearGradients(image: unit.image, rows: unit.rows)
      level.deviations?.clearGradients(image: unit.image, rows: unit.rows)
      sums[index] = term.background(level.classes, image: unit.image, rows: unit.rows)
    }
    var total = 0.0
    for index in 0..<units.count { total += sums[index] }
    return total
  }

  /// Evaluates the terms of class and box of the assigned anchors of an image.
  private func boxes(
    _ image: Int, _ context: LossContext, _ probabilities: UnsafeMutablePointer<Float>
  ) -> LossTerms {
    var sums = LossTerms()
    let assignment = assignments[image]
    let classTerm = context.classTerm
    let boxTerms = context.boxTerms
    for positive in assignment.positives where positive.score > 0 {
      let instance = assignment.instances[positive.instance]
      let cell = context.grid.cell(positive.anchor)
      let level = context.outputs.levels[cell.level]
      sums.classes += classTerm.correct(
        level.classes, position: level.classes.position(image: image, cell),
        category: instance.category, score: positive.score)
      let position = level.boxes.position(image: image, cell)
      let stride = context.grid.levels[cell.level].stride
      if description.task == .obb, let extra = level.extra {
        let output = extra.position(image: image, cell)
        let values = context.orientedTerms.add(
          level.boxes.values + position, level.boxes.gradients + position,
          output: extra.values[output], outputGradient: extra.gradients + output,
          target: instance, center: cell.center, stride: stride, score: positive.score,
          probabilities: probabilities)
        sums.box += values.box
        sums.distances += values.distances
        sums.angle += values.angle
        continue
      }
      let values = boxTerms.add(
        level.boxes.values + position, level.boxes.gradients + position,
        corners: instance.corners, center: cell.center, stride: stride, score: positive.score,
        probabilities: probabilities)
      sums.box += values.box
      sums.distances += values.distances
    }
    return sums
  }

  /// Evaluates the terms of masks or keypoints of an image, which all assigned anchors have.
  private func addTaskTerms(
    _ image: Int, _ targets: TrainingTargets, _ context: LossContext, _ workspace: Workspace,
    _ sums: inout LossTerms
  ) {
    let assignment = assignments[image]
    switch description.task {
    case .segment:
      sums.masks = workspace.masks.add(image, assignment, masks: targets.masks, context)
      if description.isYOLO26 {
        sums.semantic = workspace.semantic.add(image, masks: targets.masks, context)
      }
    case .pose:
      let term = context.keypointTerm
      targets.keypoints.withUnsafeBufferPointer { keypoints in
        guard let keypoints = keypoints.baseAddress else { return }
        for positive in assignment.positives {
          let instance = assignment.instances[positive.instance]
          let cell = context.grid.cell(positive.anchor)
          guard let extra = context.outputs.levels[cell.level].extra else { continue }
          let position = extra.position(image: image, cell)
          let values = term.add(
            extra.values + position, extra.gradients + position,
            keypoints: keypoints + instance.source * description.keypointCount,
            box: instance.box, center: cell.center,
            stride: context.grid.levels[cell.level].stride)
          sums.pose += values.pose
          sums.visibility += values.visibility
        }
      }
    case .detect, .obb, .classify, .semantic, .depth: break
    }
  }
}
