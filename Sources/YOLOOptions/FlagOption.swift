/// An option that is on or off.
public struct FlagOption: Sendable {
  /// The name in requests and in the library's documentation, words joined by underscores.
  public let name: String
  /// The value that holds if none is given.
  public let defaultValue: Bool
  /// What the option does, as one sentence without a full stop at the end.
  public let help: String

  /// Defines an option.
  package init(name: String, defaultValue: Bool, help: String) {
    self.name = name
    self.defaultValue = defaultValue
    self.help = help
  }

  /// The name on the command line, words joined by hyphens and without the leading ones.
  public var flag: String { String(name.map { $0 == "_" ? "-" : $0 }) }

  /// The accepted values in words, as error messages have them.
  public var expected: String { "true or false" }

  /// Reads `true`, `false`, `1` or `0` in any case, spaces around it allowed.
  public func parsed(_ text: String) throws(OptionError) -> Bool {
    switch OptionText.trimmed(text).lowercased() {
    case "true", "1": return true
    case "false", "0": return false
    default:
      throw .malformed(option: name, given: OptionText.excerpt(text), expected: expected)
    }
  }
}
