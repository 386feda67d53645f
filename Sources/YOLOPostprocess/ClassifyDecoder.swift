import Glibc
public import YOLOTensor

/// Turns the raw outputs of a classify head into probabilities.
public struct ClassifyDecoder: Sendable, Hashable {
  /// The number of classes.
  public let classCount: Int

  /// Creates a decoder for a positive number of classes.
  public init(classCount: Int) {
    precondition(classCount > 0)
    self.classCount = classCount
  }

  /// Finds the classes of an image.
  ///
  /// - Parameter logits: The head's output, [1, 1, classes].
  /// - Returns: The softmax of the logits in float32. With NaN or +∞ among them all are NaN.
  public func classification(_ logits: FeatureMap) -> Classification {
    precondition(logits.height == 1 && logits.width == 1 && logits.channels == classCount)
    // SAFETY: the view has one pixel of `classCount` channels.
    let values = UnsafeBufferPointer(start: logits.base, count: classCount)
    let greatest = values.reduce(-Float.infinity) { $0 < $1 ? $1 : $0 }
    let weights = values.map { expf($0 - greatest) }
    let total = weights.reduce(0) { $0 + Double($1) }
    return Classification(probabilities: weights.map { Float(Double($0) / total) })
  }
}
