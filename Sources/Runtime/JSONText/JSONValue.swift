/// A JSON value that keeps the order of its members and tells integers from other numbers.
public enum JSONValue: Sendable, Equatable {
  /// Nothing.
  case null
  /// True or false.
  case bool(Bool)
  /// An integer.
  case int(Int)
  /// Any other number.
  case double(Double)
  /// A string.
  case string(String)
  /// A list of values.
  case array([JSONValue])
  /// Named values in their order.
  case object([JSONMember])
}

extension JSONValue {
  /// The members of an object, or nil.
  public var members: [JSONMember]? {
    if case .object(let members) = self { members } else { nil }
  }
  /// The elements of an array, or nil.
  public var elements: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }
  /// The text, or nil.
  public var string: String? { if case .string(let text) = self { text } else { nil } }
  /// The integer, or nil.
  public var int: Int? { if case .int(let integer) = self { integer } else { nil } }
  /// The member of a name, or nil.
  public subscript(key: String) -> JSONValue? { members?.first { $0.key == key }?.value }
}
