public import YOLOTrainingData

/// What a network was trained by in a step: the loss of its outputs against the targets of a batch.
///
/// Evaluating writes the gradients of the loss into the maps of the outputs, and adds those of the
/// loss's own parameters to their store. An instance keeps its working memory from step to step; one
/// evaluation at a time.
public protocol TrainingLoss: AnyObject {
  /// The names of the printed terms, in order: `box_loss`, `cls_loss`, `dfl_loss`.
  var itemNames: [String] { get }

  /// Evaluates the loss and assigns every element of every gradient map of the outputs.
  ///
  /// The result is the same for any number of threads.
  ///
  /// - Parameters:
  ///   - outputs: What the network gave.
  ///   - targets: What is to be found in each image of the batch.
  ///   - oneToManyWeight: Of a head with two branches, the weight of the one-to-many branch; the other
  ///     branch has 1 minus it.
  /// - Returns: The terms and their sum.
  /// - Throws: What the outputs or targets lack, or have wrong.
  func evaluate(
    _ outputs: LossOutputs, targets: [TrainingTargets], oneToManyWeight: Float
  ) throws(LossError) -> LossValues
}

/// The outputs that a loss reads.
public enum LossOutputs {
  /// Those of a head with anchors, which may have a second branch.
  ///
  /// The one-to-one branch sees what it shares with the other one, prototypes and semantic logits, as
  /// constants: their gradients are those of the one-to-many branch alone.
  case branches(oneToMany: BranchOutputs, oneToOne: BranchOutputs?)
  /// The class logits of images: a map of one pixel each.
  case logits(LossMap)
}

/// The loss of a step.
public struct LossValues: Sendable, Hashable {
  /// The terms in the order of `TrainingLoss.itemNames`, with their gains: those of the one-to-one
  /// branch if there is one.
  public var items: [Float]
  /// What the gradients are of: the sum of all terms, times the number of images unless the task is
  /// classify; of both branches with their weights.
  public var total: Float
  /// The anchors that were assigned to a target, of the branch whose terms are printed; of the task
  /// classify the number of images.
  public var positives: Int

  /// Creates values.
  public init(items: [Float], total: Float, positives: Int) {
    self.items = items
    self.total = total
    self.positives = positives
  }
}

/// Why a loss cannot be evaluated.
public enum LossError: Error, Hashable, CustomStringConvertible {
  /// A setting of a loss that is not possible.
  case invalidDescription(setting: String, found: String, expected: String)
  /// An output of another shape than the loss needs.
  case shapeMismatch(output: String, expected: String, found: String)
  /// An output that the loss needs and that is not there.
  case missingOutput(String)
  /// Targets for another number of images than the outputs have.
  case imageCount(expected: Int, found: Int)
  /// Targets of an image that cannot be.
  case invalidTarget(image: Int, reason: String)
  /// A parameter of the loss that the store does not have in this shape.
  case invalidParameter(key: String, expected: [Int], found: [Int]?)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .invalidDescription(let setting, let found, let expected):
      "the loss cannot have \(setting) = \(found); expected \(expected)"
    case .shapeMismatch(let output, let expected, let found):
      "the output \(output) has the shape \(found), but the loss needs \(expected)"
    case .missingOutput(let output):
      "the network has no output \(output), which the loss needs"
    case .imageCount(let expected, let found):
      "there are targets for \(found) images, but outputs for \(expected)"
    case .invalidTarget(let image, let reason):
      "the targets of image \(image) of the batch are wrong: \(reason)"
    case .invalidParameter(let key, let expected, let found):
      if let found {
        "the loss's parameter \(key) has the shape \(found), expected \(expected)"
      } else {
        "the loss's parameter \(key) is missing; expected the shape \(expected)"
      }
    }
  }
}
