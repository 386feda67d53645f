/// What an image may show as a whole, to be drawn as a bar.
public struct ClassBarAnnotation: Sendable, Hashable {
  /// What the image may show; it is shortened if there is no room for it.
  public var name: String
  /// How probable that is, 0...1: the length of the bar.
  public var probability: Float
  /// The class, which chooses the color.
  public var classIndex: Int

  /// Creates an annotation.
  public init(name: String, probability: Float, classIndex: Int) {
    self.name = name
    self.probability = probability
    self.classIndex = classIndex
  }
}
