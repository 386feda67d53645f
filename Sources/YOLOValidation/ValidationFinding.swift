/// What a model found.
public struct ValidationFinding: Sendable, Hashable {
  /// The class.
  public let classIndex: Int
  /// How sure the model is, 0...1.
  public let confidence: Float
  /// Where it is.
  public let shape: ValidationShape

  /// Creates a finding.
  public init(classIndex: Int, confidence: Float, shape: ValidationShape) {
    self.classIndex = classIndex
    self.confidence = confidence
    self.shape = shape
  }
}
