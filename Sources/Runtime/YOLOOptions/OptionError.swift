/// Why the value given for an option is not accepted.
public enum OptionError: Error, Sendable, Hashable {
  /// The text is not what the option takes, for instance not a number.
  case malformed(option: String, given: String, expected: String)
  /// The number is outside the option's range.
  case outOfRange(option: String, given: String, expected: String)
}

extension OptionError: CustomStringConvertible {
  /// The name of the option.
  public var option: String {
    switch self {
    case .malformed(let option, _, _), .outOfRange(let option, _, _): option
    }
  }

  /// The value as it was given, shortened and without control characters.
  public var given: String {
    switch self {
    case .malformed(_, let given, _), .outOfRange(_, let given, _): given
    }
  }

  /// What the option takes.
  public var expected: String {
    switch self {
    case .malformed(_, _, let expected), .outOfRange(_, _, let expected): expected
    }
  }

  /// A sentence that names the option, the value and what was expected.
  public var description: String {
    switch self {
    case .malformed: "\(option) must be \(expected), but \"\(given)\" was given."
    case .outOfRange: "\(option) must be \(expected), but \(given) was given."
    }
  }
}
