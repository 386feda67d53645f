import YOLOSystem
public import YOLOTrainingData

/// The loss of the task classify: the mean over the images of the cross-entropy of their class logits.
public final class ClassificationLoss: TrainingLoss {
  private let classCount: Int

  /// The name of the one term.
  public var itemNames: [String] { ["loss"] }

  /// Creates the loss of a classifier.
  ///
  /// - Throws: `LossError.invalidDescription` without classes.
  public init(classCount: Int) throws(LossError) {
    guard classCount > 0 else {
      throw .invalidDescription(
        setting: "classCount", found: "\(classCount)", expected: "at least 1")
    }
    self.classCount = classCount
  }

  /// Evaluates the loss of `LossOutputs.logits` and assigns every gradient of them.
  public func evaluate(
    _ outputs: LossOutputs, targets: [TrainingTargets], oneToManyWeight: Float
  ) throws(LossError) -> LossValues {
    guard case .logits(let map) = outputs else { throw .missingOutput("logits") }
    try map.check("logits", height: 1, width: 1, channels: classCount)
    guard targets.count == map.batch else {
      throw .imageCount(expected: map.batch, found: targets.count)
    }
    for (image, target) in targets.enumerated() {
      guard target.classes.count == 1, (0..<classCount).contains(target.classes[0]) else {
        throw .invalidTarget(
          image: image,
          reason: "classes \(target.classes), expected one of 0 to \(classCount - 1)")
      }
    }
    var sum = 0.0
    for (image, target) in targets.enumerated() {
      let position = map.position(image: image, row: 0, column: 0)
      sum += entropy(
        map.values + position, map.gradients + position, category: target.classes[0],
        scale: 1 / Float(map.batch))
    }
    let loss = Float(sum / Double(map.batch))
    return LossValues(items: [loss], total: loss, positives: map.batch)
  }

  /// Assigns the gradients of an image's logits and returns its cross-entropy.
  private func entropy(
    _ logits: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, category: Int,
    scale: Float
  ) -> Double {
    var best = logits[0]
    var index = 1
    while index < classCount {
      if !(logits[index] <= best) { best = logits[index] }
      index &+= 1
    }
    var total = 0.0
    index = 0
    while index < classCount {
      let power = expf(logits[index] - best)
      gradients[index] = power
      total += Double(power)
      index &+= 1
    }
    let factor = scale / Float(total)
    index = 0
    while index < classCount {
      gradients[index] *= factor
      index &+= 1
    }
    gradients[category] -= scale
    return log(total) - Double(logits[category] - best)
  }
}
