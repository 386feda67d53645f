/// How probable a class is for a whole image.
public struct ClassScore: Sendable, Hashable {
  /// The class, an index into the model's class names.
  public var classIndex: Int
  /// How probable it is, 0...1.
  public var confidence: Float

  /// Creates a score.
  public init(classIndex: Int, confidence: Float) {
    self.classIndex = classIndex
    self.confidence = confidence
  }
}
