/// A tensor whose shape is not the one its layer needs.
public struct ShapeMismatch: Sendable, Hashable {
  /// The key of the tensor, such as `model.0.conv.weight`.
  public let key: String
  /// The shape that the layer needs.
  public let expected: [Int]
  /// The shape in the file.
  public let found: [Int]

  /// Creates a mismatch.
  public init(key: String, expected: [Int], found: [Int]) {
    self.key = key
    self.expected = expected
    self.found = found
  }
}
