/// An option that takes a number from a range.
public struct NumberOption<Value: Comparable & LosslessStringConvertible & Sendable>: Sendable {
  /// The name in requests and in the library's documentation, words joined by underscores.
  public let name: String
  /// The values accepted.
  public let range: ClosedRange<Value>
  /// The value that holds if none is given.
  public let defaultValue: Value
  /// What the option does, as one sentence without a full stop at the end.
  public let help: String

  /// Defines an option.
  package init(name: String, range: ClosedRange<Value>, defaultValue: Value, help: String) {
    self.name = name
    self.range = range
    self.defaultValue = defaultValue
    self.help = help
  }

  /// The name on the command line, words joined by hyphens and without the leading ones.
  public var flag: String { String(name.map { $0 == "_" ? "-" : $0 }) }

  /// The accepted values in words, as error messages have them.
  public var expected: String { "a number from \(range.lowerBound) to \(range.upperBound)" }

  /// Returns the value if it is accepted.
  ///
  /// Throws ``OptionError/outOfRange(option:given:expected:)`` if not, for NaN, too.
  @discardableResult
  public func checked(_ value: Value) throws(OptionError) -> Value {
    guard range.contains(value) else {
      throw .outOfRange(option: name, given: "\(value)", expected: expected)
    }
    return value
  }

  /// Reads a value, spaces around it allowed, and checks it.
  public func parsed(_ text: String) throws(OptionError) -> Value {
    guard let value = Value(OptionText.trimmed(text)) else {
      throw .malformed(option: name, given: OptionText.excerpt(text), expected: expected)
    }
    return try checked(value)
  }
}
