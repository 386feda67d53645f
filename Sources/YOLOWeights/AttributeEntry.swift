/// One entry of a dictionary from a checkpoint.
public struct AttributeEntry: Sendable {
  /// The key: text or a number in every checkpoint seen.
  public let key: AttributeValue
  /// The value.
  public let value: AttributeValue

  /// Creates an entry.
  public init(key: AttributeValue, value: AttributeValue) {
    self.key = key
    self.value = value
  }
}
