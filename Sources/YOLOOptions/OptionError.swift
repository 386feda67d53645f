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

/// Reads option values from text.
package enum OptionText {
  /// How much of a value an error repeats, in characters.
  package static let excerptLength = 40

  /// Returns the value without spaces around it.
  package static func trimmed(_ text: some StringProtocol) -> String {
    var rest = text[...]
    while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
    while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
    return String(rest)
  }

  /// Returns a value fit for an error message: shortened, control characters replaced.
  package static func excerpt(_ text: String, limit: Int = excerptLength) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit) {
      let isControl = scalar.properties.generalCategory == .control
      scalars.append(isControl ? "\u{FFFD}" : scalar)
    }
    let isShortened = text.unicodeScalars.count > limit
    return String(scalars) + (isShortened ? "…" : "")
  }
}
