package import YOLOValidation

/// An option that takes text of a certain form.
package struct TextOption: Sendable {
  /// The name in the library's documentation, words joined by underscores.
  package let name: String
  /// What stands for the value in the help.
  package let valueName: String
  /// The accepted values in words, as error messages have them.
  package let expected: String
  /// The value that holds if none is given, in words.
  package let defaultText: String
  /// What the option does, as one sentence without a full stop at the end.
  package let help: String

  private let isAccepted: @Sendable (String) -> Bool

  /// Defines an option.
  init(
    name: String, valueName: String, expected: String, defaultText: String, help: String,
    isAccepted: @escaping @Sendable (String) -> Bool
  ) {
    self.name = name
    self.valueName = valueName
    self.expected = expected
    self.defaultText = defaultText
    self.help = help
    self.isAccepted = isAccepted
  }

  /// The name on the command line, words joined by hyphens and without the leading ones.
  package var flag: String { String(name.map { $0 == "_" ? "-" : $0 }) }

  /// Reads a value, spaces around it allowed, and checks its form.
  package func parsed(_ text: String) throws(OptionError) -> String {
    let value = OptionText.trimmed(text)
    let isPlain = !value.unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard isPlain, value.utf8.count <= 4096, isAccepted(value) else {
      throw .malformed(option: name, given: OptionText.excerpt(text), expected: expected)
    }
    return value
  }
}
