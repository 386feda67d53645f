import YOLOGeometry
public import YOLOGraph
package import YOLOModels
public import YOLOTrainingData

/// The loss of a head with anchors, with one branch or two.
///
/// Of two branches the one-to-many branch marks ten anchors for each target; the one-to-one branch
/// marks seven and keeps the best of them.
public final class HeadLoss: TrainingLoss {
  /// What the loss depends on.
  public let description: LossDescription
  private let oneToMany: BranchLoss
  private let oneToOne: BranchLoss?
  /// Whether evaluating keeps the assignment of the evaluation before, of the same outputs and targets
  /// but for small changes; for differentiating numerically.
  package var keepsAssignment = false {
    didSet {
      oneToMany.keepsAssignment = keepsAssignment
      oneToOne?.keepsAssignment = keepsAssignment
    }
  }
  /// The total of the last evaluation before it was rounded.
  package private(set) var total = 0.0

  /// The names of the printed terms, in order.
  public var itemNames: [String] { description.itemNames }

  /// Creates the loss of a head.
  ///
  /// - Parameters:
  ///   - description: What the loss depends on.
  ///   - threads: How many threads evaluate it; the result is the same for any number.
  ///   - parameters: Of YOLO26's task pose, the store that has the parameters of
  ///     `flowParameters(prefix:)`, and what their keys begin with. Evaluating adds their gradients.
  /// - Throws: `LossError.invalidDescription` for what cannot be, `LossError.invalidParameter` for a
  ///   parameter that is not there.
  public init(
    _ description: LossDescription, threads: Int,
    parameters: (store: ParameterStore, prefix: String)? = nil
  ) throws(LossError) {
    try description.check()
    guard description.task != .classify else {
      throw .invalidDescription(
        setting: "task", found: "classify", expected: "a task with anchors")
    }
    self.description = description
    let workers = Workers(threads)
    var likelihood: ResidualLikelihood?
    if description.task == .pose, description.isYOLO26 {
      guard let parameters else {
        throw .invalidDescription(
          setting: "parameters", found: "none", expected: "a store with those of the flow")
      }
      likelihood = try ResidualLikelihood(
        description, store: parameters.store, prefix: parameters.prefix, workers: workers)
    }
    oneToMany = BranchLoss(
      .init(description: description, markCount: 10, keptCount: nil), workers: workers,
      likelihood: likelihood)
    oneToOne =
      description.isDual
      ? BranchLoss(
        .init(description: description, markCount: 7, keptCount: 1), workers: workers,
        likelihood: likelihood) : nil
  }

  /// Evaluates the loss and assigns every element of every gradient map of both branches.
  public func evaluate(
    _ outputs: LossOutputs, targets: [TrainingTargets], oneToManyWeight: Float
  ) throws(LossError) -> LossValues {
    guard case .branches(let many, let one) = outputs else {
      throw .missingOutput("branches")
    }
    guard let oneToOne else {
      let values = try oneToMany.evaluate(many, targets: targets, weight: 1)
      total = values.sum * Double(targets.count)
      return LossValues(
        items: values.items, total: Float(total), positives: values.positives)
    }
    guard let one else { throw .missingOutput("one-to-one branch") }
    let first = try oneToMany.evaluate(many, targets: targets, weight: oneToManyWeight)
    let second = try oneToOne.evaluate(
      one, targets: targets, weight: 1 - oneToManyWeight, sharesAsConstants: true)
    let sum =
      Double(oneToManyWeight) * first.sum + Double(1 - oneToManyWeight) * second.sum
    total = sum * Double(targets.count)
    return LossValues(
      items: second.items, total: Float(total), positives: second.positives)
  }

  /// Returns the terms of the branch that is printed, of outputs in evaluation.
  ///
  /// It is the one-to-one branch if there is one. Terms of outputs that training alone has are zero.
  ///
  /// - Parameters:
  ///   - branch: The outputs of the printed branch; their gradients are written, too.
  ///   - targets: What is to be found in each image of the batch.
  /// - Returns: The terms, in the order of `itemNames`.
  /// - Throws: What the outputs or targets lack, or have wrong.
  public func evaluationItems(
    _ branch: BranchOutputs, targets: [TrainingTargets]
  ) throws(LossError) -> [Float] {
    let loss = oneToOne ?? oneToMany
    return try loss.evaluate(
      BranchOutputs(levels: branch.levels, prototypes: branch.prototypes), targets: targets,
      weight: 1, sharesAsConstants: true, isEvaluation: true
    ).items
  }

  /// Returns the weight of the one-to-many branch in an epoch, counted from 0: 0.8 in the first one,
  /// 0.1 in the last.
  public static func oneToManyWeight(epoch: Int, of epochs: Int) -> Float {
    let rest = max(1 - Double(epoch) / Double(max(epochs - 1, 1)), 0)
    return Float(0.1 + 0.7 * rest)
  }

  /// Returns the parameters that the loss of YOLO26's task pose owns, in the checkpoint's order.
  ///
  /// - Parameter prefix: What their keys begin with: `model.23.flow_model.`.
  /// - Returns: Their keys and shapes.
  public static func flowParameters(prefix: String) -> [ParameterStore.Description] {
    CouplingFlow.parameters(prefix: prefix)
  }

  /// An anchor that was assigned to a target in the last evaluation.
  package struct AssignedAnchor {
    /// The image of the batch.
    package let image: Int
    /// The anchor among those of all levels.
    package let anchor: Int
    /// The target among those of the image that count.
    package let target: Int
    /// The soft score.
    package let score: Float
  }

  /// Returns the assignment of the last evaluation by image and anchor.
  package func assigned(branch: HeadBranch) -> [AssignedAnchor] {
    (branch == .oneToMany ? oneToMany : oneToOne)?.assigned ?? []
  }
}
