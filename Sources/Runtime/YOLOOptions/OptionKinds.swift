public import YOLOGeometry
import YOLOSystem

/// An option that takes a number from a range.
public struct NumberOption<Value: Comparable & LosslessStringConvertible & Sendable>: Sendable {
  /// The name in requests and in the library's documentation, words joined by underscores.
  public let name: String
  /// The values accepted.
  public let range: ClosedRange<Value>
  /// The values that the HUB inference API accepts.
  public let hostedRange: ClosedRange<Value>
  /// The value that holds if none is given.
  public let defaultValue: Value
  /// What the option does, as one sentence without a full stop at the end.
  public let help: String

  /// Defines an option.
  package init(
    name: String, range: ClosedRange<Value>, hostedRange: ClosedRange<Value>? = nil,
    defaultValue: Value, help: String
  ) {
    self.name = name
    self.range = range
    self.hostedRange = hostedRange ?? range
    self.defaultValue = defaultValue
    self.help = help
  }

  /// The same option with the bounds of the HUB inference API.
  public var hosted: NumberOption {
    NumberOption(name: name, range: hostedRange, defaultValue: defaultValue, help: help)
  }

  /// The name on the command line, words joined by hyphens and without the leading ones.
  public var flag: String { YOLOOptions.flag(ofName: name) }

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

  /// Reads a value in decimal notation, spaces around it allowed, and checks it.
  public func parsed(_ text: String) throws(OptionError) -> Value {
    // Swift would read hexadecimal numbers, too.
    guard !text.lowercased().contains("x"), let value = Value(text.trimmed) else {
      throw .malformed(option: name, given: text.excerpt(), expected: expected)
    }
    return try checked(value)
  }
}

extension NumberOption: OptionDefinition where Value: OptionNumber {
  package var defaultText: String? { "\(defaultValue)" }
  package var schema: OptionSchema { Value.schema(range) }
  package func optionValue(_ value: Value) -> OptionValue { value.optionValue }
  package func value(_ value: OptionValue) -> Value? { Value(value) }
}

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
  public var flag: String { YOLOOptions.flag(ofName: name) }

  /// The accepted values in words, as error messages have them.
  public var expected: String { "true or false" }

  /// Reads `true`, `false`, `1` or `0` in any case, spaces around it allowed.
  public func parsed(_ text: String) throws(OptionError) -> Bool {
    switch text.trimmed.lowercased() {
    case "true", "1": return true
    case "false", "0": return false
    default:
      throw .malformed(option: name, given: text.excerpt(), expected: expected)
    }
  }
}

extension FlagOption: OptionDefinition {
  package var defaultText: String? { "\(defaultValue)" }
  package var schema: OptionSchema { .flag }
  package func checked(_ value: Bool) -> Bool { value }
  package func optionValue(_ value: Bool) -> OptionValue { .flag(value) }
  package func value(_ value: OptionValue) -> Bool? {
    if case .flag(let value) = value { value } else { nil }
  }
}

/// The option for the size that images are fitted into: one number, or a height and a width.
public struct ImageSizeOption: Sendable {
  /// The name in requests and on the command line.
  public let name: String
  /// The sides accepted, in pixels.
  public let range: ClosedRange<Int>
  /// The sides that the HUB inference API accepts, in pixels.
  public let hostedRange: ClosedRange<Int>
  /// The side of the square that holds if neither the user nor the checkpoint says otherwise.
  public let defaultSide: Int
  /// What the option does, as one sentence without a full stop at the end.
  public let help: String
  private let isSquare: Bool

  /// Defines an option; with `isSquare` both sides must be the same.
  init(
    name: String, range: ClosedRange<Int>, hostedRange: ClosedRange<Int>? = nil, defaultSide: Int,
    isSquare: Bool = false, help: String
  ) {
    self.name = name
    self.range = range
    self.hostedRange = hostedRange ?? range
    self.defaultSide = defaultSide
    self.isSquare = isSquare
    self.help = help
  }

  /// The same option with the bounds of the HUB inference API.
  public var hosted: ImageSizeOption {
    ImageSizeOption(
      name: name, range: hostedRange, defaultSide: defaultSide, isSquare: isSquare, help: help)
  }

  /// The name on the command line without the leading hyphens.
  public var flag: String { name }

  /// The accepted values in words, as error messages have them.
  public var expected: String {
    "a number of pixels from \(range.lowerBound) to \(range.upperBound)"
      + (isSquare ? "" : ", or two as HEIGHT,WIDTH")
  }

  /// Returns the size if both of its sides are accepted.
  @discardableResult
  public func checked(_ size: Size) throws(OptionError) -> Size {
    let given = size.width == size.height ? "\(size.width)" : "\(size.height),\(size.width)"
    guard range.contains(size.width), range.contains(size.height) else {
      throw .outOfRange(option: name, given: given, expected: expected)
    }
    guard !isSquare || size.width == size.height else {
      throw .malformed(option: name, given: given, expected: expected)
    }
    return size
  }

  /// Reads `640` or `480,640` (height first), spaces and brackets around it allowed, and checks it.
  public func parsed(_ text: String) throws(OptionError) -> Size {
    var list = text.trimmed[...]
    if list.hasPrefix("["), list.hasSuffix("]") { list = list.dropFirst().dropLast() }
    let parts = list.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
    let sides = parts.compactMap { Int(String($0).trimmed) }
    guard sides.count == parts.count, (1...2).contains(sides.count),
      let height = sides.first, let width = sides.last
    else {
      throw .malformed(option: name, given: text.excerpt(), expected: expected)
    }
    return try checked(Size(width: width, height: height))
  }
}

extension ImageSizeOption: OptionDefinition {
  package var defaultText: String? { "the model's own" }
  package var schema: OptionSchema { .size(range) }
  package func optionValue(_ value: Size) -> OptionValue { .size(value) }
  package func value(_ value: OptionValue) -> Size? {
    if case .size(let size) = value { size } else { nil }
  }
}

/// The option for the classes to keep: indices joined by commas.
public struct ClassesOption: Sendable {
  /// The name in requests and on the command line.
  public let name: String
  /// The indices accepted.
  public let range: ClosedRange<Int>
  /// What the option does, as one sentence without a full stop at the end.
  public let help: String

  /// The name on the command line without the leading hyphens.
  public var flag: String { name }

  /// The accepted values in words, as error messages have them.
  public var expected: String {
    "class indices from \(range.lowerBound) to \(range.upperBound) joined by commas, like 0,2"
  }

  /// Returns the classes if there is one at least and all of them are accepted.
  @discardableResult
  public func checked(_ classes: Set<Int>) throws(OptionError) -> Set<Int> {
    guard !classes.isEmpty else {
      throw .malformed(option: name, given: "", expected: expected)
    }
    if let outside = classes.filter({ !range.contains($0) }).min() {
      throw .outOfRange(option: name, given: "\(outside)", expected: expected)
    }
    return classes
  }

  /// Returns the names if there is one at least; which of them there are a model knows.
  @discardableResult
  public func checked(names: Set<String>) throws(OptionError) -> Set<String> {
    guard !names.isEmpty else {
      throw .malformed(option: name, given: "", expected: "one name of a class at least")
    }
    return names
  }

  /// Reads `0,2`, spaces and brackets around it allowed, and checks it; repetitions are ignored.
  public func parsed(_ text: String) throws(OptionError) -> Set<Int> {
    var list = text.trimmed[...]
    if list.hasPrefix("["), list.hasSuffix("]") { list = list.dropFirst().dropLast() }
    var classes: Set<Int> = []
    for part in list.split(separator: ",", omittingEmptySubsequences: false) {
      guard let index = Int(String(part).trimmed) else {
        throw .malformed(option: name, given: text.excerpt(), expected: expected)
      }
      guard range.contains(index) else {
        throw .outOfRange(option: name, given: "\(index)", expected: expected)
      }
      classes.insert(index)
    }
    return try checked(classes)
  }
}

extension ClassesOption: OptionDefinition {
  package var defaultText: String? { nil }
  package var schema: OptionSchema { .classes }
  package func optionValue(_ value: Set<Int>) -> OptionValue { .classes(value) }
  package func value(_ value: OptionValue) -> Set<Int>? {
    if case .classes(let classes) = value { classes } else { nil }
  }
}

/// An option that takes text of a certain form.
package struct TextOption: OptionDefinition {
  package let name: String
  /// What stands for the value in the help.
  package let valueName: String
  package let expected: String
  package let defaultText: String?
  package let help: String

  private let isAccepted: @Sendable (String) -> Bool

  /// Defines an option.
  package init(
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
  package var flag: String { YOLOOptions.flag(ofName: name) }

  package var schema: OptionSchema { .text(valueName: valueName) }

  package func parsed(_ text: String) throws(OptionError) -> String {
    let value = text.trimmed
    guard accepts(value) else { throw error(text) }
    return value
  }

  package func checked(_ value: String) throws(OptionError) -> String {
    guard accepts(value) else { throw error(value) }
    return value
  }

  private func accepts(_ value: String) -> Bool {
    let isPlain = !value.unicodeScalars.contains { $0.properties.generalCategory == .control }
    return isPlain && value.utf8.count <= 4096 && isAccepted(value)
  }

  private func error(_ text: String) -> OptionError {
    .malformed(option: name, given: text.excerpt(), expected: expected)
  }

  package func optionValue(_ value: String) -> OptionValue { .text(value) }
  package func value(_ value: OptionValue) -> String? {
    if case .text(let text) = value { text } else { nil }
  }
}
