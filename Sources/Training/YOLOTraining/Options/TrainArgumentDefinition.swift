package import YOLOOptions
import YOLOSystem

/// The definition of an argument: its name, which values it takes, what it does, and what this
/// trainer does with it.
package struct TrainArgumentDefinition: OptionDefinition {
  /// What this trainer does with an argument.
  package enum Use: Sendable, Hashable {
    /// It does what the help says.
    case used
    /// It is checked, stored and written, and has no effect; the reason as a clause.
    case stored(String)
    /// Only the default, or what is as good, is accepted; the reason as a clause.
    case refused(String)
  }

  /// The argument.
  package let argument: TrainArgument
  /// Which values it takes.
  package let kind: ArgumentKind
  /// The value that holds if none is given.
  package let defaultValue: ArgumentValue
  /// What a value counts or measures; empty where the help tells it.
  package let unit: String
  /// What this trainer does with it.
  package let use: Use
  package let help: String

  /// Defines an argument.
  package init(
    _ argument: TrainArgument, _ kind: ArgumentKind, _ defaultValue: ArgumentValue,
    unit: String = "", _ help: String, _ use: Use = .used
  ) {
    self.argument = argument
    self.kind = kind
    self.defaultValue = defaultValue
    self.unit = unit
    self.use = use
    self.help = help
  }

  package var name: String { argument.rawValue }
  package var expected: String { kind.expected }
  package var defaultText: String? { defaultValue.commandText }
  package var schema: OptionSchema { kind.schema }

  package func parsed(_ text: String) throws(OptionError) -> ArgumentValue {
    let value = ArgumentValue(reading: text)
    // Text keeps its commas and quotation marks: a path may have them.
    if case .text = plainKind, value != ArgumentValue.none,
      let accepted = kind.accepted(.text(text.trimmed))
    {
      return accepted
    }
    return try checked(value, given: text)
  }

  /// The kind without its option to be none.
  private var plainKind: ArgumentKind {
    if case .optional(let kind) = kind { kind } else { kind }
  }

  package func checked(_ value: ArgumentValue) throws(OptionError) -> ArgumentValue {
    try checked(value, given: value.commandText)
  }

  private func checked(_ value: ArgumentValue, given: String) throws(OptionError) -> ArgumentValue {
    if let accepted = kind.accepted(value) { return accepted }
    guard value.number != nil, Self.hasRange(kind) else {
      throw .malformed(option: name, given: given.excerpt(), expected: expected)
    }
    throw .outOfRange(option: name, given: given.excerpt(), expected: expected)
  }

  private static func hasRange(_ kind: ArgumentKind) -> Bool {
    switch kind {
    case .integer, .number: true
    case .flag, .word, .text, .pair: false
    case .list(let kind), .optional(let kind): hasRange(kind)
    case .either(let kinds): kinds.contains(where: hasRange)
    }
  }

  package func optionValue(_ value: ArgumentValue) -> OptionValue {
    switch value {
    case .integer(let number): .integer(number)
    case .number(let number): .number(number)
    case .flag(let flag): .flag(flag)
    case .none, .text, .list: .text(value.commandText)
    }
  }

  package func value(_ value: OptionValue) -> ArgumentValue? {
    switch value {
    case .integer(let number): .integer(number)
    case .number(let number): .number(number)
    case .flag(let flag): .flag(flag)
    case .text(let text): ArgumentValue(reading: text)
    case .size, .classes: nil
    }
  }
}
