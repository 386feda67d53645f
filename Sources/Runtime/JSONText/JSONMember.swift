/// A named value of a JSON object.
public struct JSONMember: Sendable, Equatable {
  /// The name.
  public var key: String
  /// The value.
  public var value: JSONValue

  /// Names a value.
  public init(_ key: String, _ value: JSONValue) {
    self.key = key
    self.value = value
  }
}
