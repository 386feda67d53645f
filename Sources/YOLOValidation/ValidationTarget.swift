/// What a model should find.
public struct ValidationTarget: Sendable, Hashable {
  /// The class.
  public let classIndex: Int
  /// Where it is.
  public let shape: ValidationShape

  /// Creates a target.
  public init(classIndex: Int, shape: ValidationShape) {
    self.classIndex = classIndex
    self.shape = shape
  }
}
