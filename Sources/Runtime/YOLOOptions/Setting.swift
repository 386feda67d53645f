/// A row of a table of options: an option, and where its value is stored in `Root`.
///
/// The table is all that knows the options: a command line, a form, a settings file, the
/// environment, a JSON schema and the documentation are made from its rows.
package struct Setting<Root>: Sendable {
  /// The name in requests, words joined by underscores.
  package let name: String
  /// The name that older requests use; nil for none.
  package let olderName: String?
  /// Which values the option takes, in the unit of ``unit``.
  package let schema: OptionSchema
  /// The accepted values in words, as error messages have them.
  package let expected: String
  /// What a value counts or measures; empty where the help tells it.
  package let unit: String
  /// The value that holds if none is given, in words; nil where the help tells it.
  package let defaultText: String?
  /// What the option does, as one sentence without a full stop at the end.
  package let help: String

  private let makeHosted: @Sendable () -> Setting<Root>
  private let parse: @Sendable (String) throws(OptionError) -> OptionValue
  private let store: @Sendable (OptionValue, inout Root) throws(OptionError) -> Void
  private let load: @Sendable (Root) -> OptionValue?
  private let isAt: @Sendable (PartialKeyPath<Root>) -> Bool

  private init<Definition: OptionDefinition>(
    _ option: Definition, olderName: String?, unit: String,
    isAt: @escaping @Sendable (PartialKeyPath<Root>) -> Bool,
    store: @escaping @Sendable (Definition.Value, inout Root) -> Void,
    load: @escaping @Sendable (Root) -> Definition.Value?
  ) {
    name = option.name
    self.olderName = olderName
    schema = option.schema
    expected = option.expected
    self.unit = unit
    defaultText = option.defaultText
    help = option.help
    self.isAt = isAt
    makeHosted = {
      Setting(
        option.hosted, olderName: olderName, unit: unit, isAt: isAt, store: store, load: load)
    }
    parse = { (text) throws(OptionError) in option.optionValue(try option.parsed(text)) }
    self.store = { (value, root) throws(OptionError) in
      guard let value = option.value(value) else {
        preconditionFailure("a value of the type that the option's schema says")
      }
      store(try option.checked(value), &root)
    }
    self.load = { root in load(root).map { option.optionValue($0) } }
  }

  /// The row of an option that always has a value.
  package init<Definition: OptionDefinition>(
    _ option: Definition, olderName: String? = nil,
    at path: any WritableKeyPath<Root, Definition.Value> & Sendable
  ) {
    self.init(
      option, olderName: olderName, unit: "", isAt: { $0 == path },
      store: { $1[keyPath: path] = $0 },
      load: { $0[keyPath: path] })
  }

  /// The row of an option that has no value until one is given.
  package init<Definition: OptionDefinition>(
    _ option: Definition, olderName: String? = nil,
    ifGivenAt path: any WritableKeyPath<Root, Definition.Value?> & Sendable
  ) {
    self.init(
      option, olderName: olderName, unit: "", isAt: { $0 == path },
      store: { $1[keyPath: path] = $0 },
      load: { $0[keyPath: path] })
  }

  /// The row of an option that is stored `scale` times as large as it is given.
  package init(
    _ option: NumberOption<Int>, unit: String, scale: Int,
    at path: any WritableKeyPath<Root, Int> & Sendable
  ) {
    self.init(
      option, olderName: nil, unit: unit, isAt: { $0 == path },
      store: { $1[keyPath: path] = $0 * scale }, load: { $0[keyPath: path] / scale })
  }

  /// The row of an option whose value is more than one property.
  package init<Definition: OptionDefinition>(
    _ option: Definition, store: @escaping @Sendable (Definition.Value, inout Root) -> Void
  ) {
    self.init(
      option, olderName: nil, unit: "", isAt: { _ in false }, store: store, load: { _ in nil })
  }

  private init<Inner>(
    _ inner: Setting<Inner>, at path: any WritableKeyPath<Root, Inner> & Sendable
  ) {
    name = inner.name
    olderName = inner.olderName
    schema = inner.schema
    expected = inner.expected
    unit = inner.unit
    defaultText = inner.defaultText
    help = inner.help
    isAt = { _ in false }
    makeHosted = { Setting(inner.hosted, at: path) }
    parse = inner.parse
    store = { (value, root) throws(OptionError) in
      try inner.store(value, &root[keyPath: path])
    }
    load = { inner.load($0[keyPath: path]) }
  }

  /// Returns the row for a value that has the root at `path`.
  package func inside<Outer>(
    _ path: any WritableKeyPath<Outer, Root> & Sendable
  ) -> Setting<Outer> {
    Setting<Outer>(self, at: path)
  }
}

extension Setting {
  /// The name on the command line and in a settings file, words joined by hyphens.
  package var flag: String { YOLOOptions.flag(ofName: name) }

  /// The integers accepted; nil for options that take something else.
  package var numbers: ClosedRange<Int>? {
    if case .integer(let range) = schema { range } else { nil }
  }

  /// The same row with the bounds of the HUB inference API.
  package var hosted: Setting<Root> { makeHosted() }

  /// Returns the stored value as a command line takes it; nil if there is none.
  package func valueText(in root: Root) -> String? { value(in: root)?.text }

  /// Whether the value is stored at `path`.
  package func isStored(at path: PartialKeyPath<Root>) -> Bool { isAt(path) }

  /// Reads a value, checks it, and stores it.
  package func read(_ text: String, into root: inout Root) throws(OptionError) {
    try store(try parse(text), &root)
  }

  /// Checks a value, which must be of the type of ``schema``, and stores it.
  package func set(_ value: OptionValue, in root: inout Root) throws(OptionError) {
    try store(value, &root)
  }

  /// Returns the stored value; nil if there is none.
  package func value(in root: Root) -> OptionValue? { load(root) }
}

/// A table of options.
package protocol SettingsTable {
  /// What the values are stored in.
  associatedtype Root
  /// The options in the order of help and documentation.
  static var settings: [Setting<Root>] { get }
}

extension Sequence {
  /// The rows as a table in Markdown: flag, default, range, unit and help.
  package func markdown<Root>() -> String where Element == Setting<Root> {
    let rows = map { setting in
      let range = setting.numbers.map { "\(grouped($0.lowerBound)) to \(grouped($0.upperBound))" }
      let standard = setting.defaultText ?? ""
      return [
        "`--\(setting.flag)`",
        setting.numbers == nil ? standard : Int(standard).map(grouped) ?? standard,
        range ?? setting.schema.range ?? setting.expected, setting.unit, setting.help,
      ]
    }
    let title = ["Flag", "Default", "Range", "Unit", "What it does"]
    return ([title, title.map { _ in "---" }] + rows)
      .map { row in
        let cells = row.map { $0.split(separator: "|", omittingEmptySubsequences: false) }
        return "| " + cells.map { $0.joined(separator: "\\|") }.joined(separator: " | ") + " |\n"
      }.joined()
  }
}

/// Returns a number with commas between groups of three digits, from five digits on.
private func grouped(_ number: Int) -> String {
  var digits = Array(String(number))
  var index = digits.count - 3
  while digits.count > 4, index > 0 {
    digits.insert(",", at: index)
    index -= 3
  }
  return String(digits)
}
