public import YOLOGeometry
import YOLOSystem
package import YOLOTensor

/// What an image as a whole shows.
public struct Classification: Sendable, Hashable {
  /// The probability of each class.
  public let probabilities: [Float]
  /// The most probable classes, five unless there are fewer, by descending probability.
  ///
  /// Of equally probable ones the lower class comes first; a NaN comes last.
  public private(set) var top5: [ClassScore]

  /// The number of classes of ``top5`` at most.
  public static let topCount = 5

  /// The most probable class; nil without classes.
  public var top1: ClassScore? { top5.first }

  /// Finds the most probable classes; those without a name are called by their index.
  public init(probabilities: [Float], names: ClassNames = ClassNames()) {
    self.probabilities = probabilities
    var top: [ClassScore] = []
    for (index, probability) in probabilities.enumerated() {
      // NaN is as improbable as can be.
      let rank = probability.isNaN ? -Float.infinity : probability
      let position =
        top.firstIndex { ($0.confidence.isNaN ? -Float.infinity : $0.confidence) < rank }
        ?? top.endIndex
      guard position < Self.topCount else { continue }
      top.insert(ClassScore(classIndex: index, confidence: probability), at: position)
      if top.count > Self.topCount { top.removeLast() }
    }
    top5 = top
    name(by: names)
  }

  /// Names the classes.
  mutating func name(by names: ClassNames) {
    for index in top5.indices { top5[index].className = names.label(of: top5[index].classIndex) }
  }
}

/// How probable a class is for a whole image.
public struct ClassScore: Sendable, Hashable {
  /// The class, an index into the model's class names.
  public var classIndex: Int
  /// The name of the class, or its index in digits if it has none.
  public var className: String
  /// How probable it is, 0...1.
  public var confidence: Float

  /// Creates a score; without a name the class is called by its index.
  public init(classIndex: Int, className: String? = nil, confidence: Float) {
    self.classIndex = classIndex
    self.className = className ?? String(classIndex)
    self.confidence = confidence
  }
}

extension ClassScore: Encodable {
  private enum CodingKeys: String, CodingKey {
    case classIndex = "class"
    case className = "name"
    case confidence
  }
}

/// Turns the raw outputs of a classify head into probabilities.
package struct ClassifyDecoder: Sendable, Hashable {
  /// The number of classes.
  package let classCount: Int

  /// Creates a decoder for a positive number of classes.
  package init(classCount: Int) {
    precondition(classCount > 0)
    self.classCount = classCount
  }

  /// Finds the classes of an image.
  ///
  /// - Parameter logits: The head's output, [1, 1, classes].
  /// - Returns: The softmax of the logits in float32. With NaN or +∞ among them all are NaN.
  package func classification(_ logits: FeatureMap) -> Classification {
    precondition(logits.height == 1 && logits.width == 1 && logits.channels == classCount)
    // SAFETY: the view has one pixel of `classCount` channels.
    let values = UnsafeBufferPointer(start: logits.base, count: classCount)
    let greatest = values.reduce(-Float.infinity) { $0 < $1 ? $1 : $0 }
    let weights = values.map { expf($0 - greatest) }
    let total = weights.reduce(0) { $0 + Double($1) }
    return Classification(probabilities: weights.map { Float(Double($0) / total) })
  }
}
