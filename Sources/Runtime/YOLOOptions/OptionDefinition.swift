package import YOLOGeometry

/// The definition of an option: its name, which values it takes, and its help.
///
/// Command lines, forms, settings files, JSON schemas and documentation are made from it.
package protocol OptionDefinition: Sendable {
  /// What the option's values are read as.
  associatedtype Value: Sendable
  /// The name in requests and in the library's documentation, words joined by underscores.
  var name: String { get }
  /// What the option does, as one sentence without a full stop at the end.
  var help: String { get }
  /// The accepted values in words, as error messages have them.
  var expected: String { get }
  /// The value that holds if none is given, in words; nil where the help tells it.
  var defaultText: String? { get }
  /// Which values the option takes.
  var schema: OptionSchema { get }
  /// The same option with the bounds of the HUB inference API.
  var hosted: Self { get }
  /// Reads a value, spaces around it allowed, and checks it.
  func parsed(_ text: String) throws(OptionError) -> Value
  /// Returns the value if it is accepted.
  func checked(_ value: Value) throws(OptionError) -> Value
  /// Returns a value of the option's type as one that any option may have.
  func optionValue(_ value: Value) -> OptionValue
  /// Returns a value as the option's type; nil for one of another type.
  func value(_ value: OptionValue) -> Value?
}

extension OptionDefinition {
  /// The option itself: it has the same bounds everywhere.
  package var hosted: Self { self }
}

/// Which values an option takes.
package enum OptionSchema: Sendable, Hashable {
  /// Integers of a range.
  case integer(ClosedRange<Int>)
  /// Numbers of a range.
  case number(ClosedRange<Double>)
  /// True or false.
  case flag
  /// A side of this range in pixels, or a height and a width.
  case size(ClosedRange<Int>)
  /// Class indices.
  case classes
  /// Text; `valueName` stands for it in the help of a command line.
  case text(valueName: String)

  /// The accepted values as a table of the documentation has them; nil where only words tell them.
  package var range: String? {
    switch self {
    case .integer(let range), .size(let range): "\(range.lowerBound) to \(range.upperBound)"
    case .number(let range): "\(range.lowerBound) to \(range.upperBound)"
    case .flag, .classes, .text: nil
    }
  }
}

/// A value that an option may have.
package enum OptionValue: Sendable, Hashable {
  /// An integer.
  case integer(Int)
  /// A number.
  case number(Double)
  /// True or false.
  case flag(Bool)
  /// A width and a height in pixels.
  case size(Size)
  /// Class indices.
  case classes(Set<Int>)
  /// Text.
  case text(String)

  /// The value as a command line takes it.
  package var text: String {
    switch self {
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .flag(let value): "\(value)"
    case .size(let size):
      size.width == size.height ? "\(size.width)" : "\(size.height),\(size.width)"
    case .classes(let classes): classes.sorted().map { "\($0)" }.joined(separator: ",")
    case .text(let text): text
    }
  }
}

/// A number that an option may take.
package protocol OptionNumber: Comparable, LosslessStringConvertible, Sendable {
  /// Returns the schema of a range.
  static func schema(_ range: ClosedRange<Self>) -> OptionSchema
  /// The value as one that any option may have.
  var optionValue: OptionValue { get }
  /// Creates the number of a value; nil for one of another type.
  init?(_ value: OptionValue)
}

extension Int: OptionNumber {
  package static func schema(_ range: ClosedRange<Int>) -> OptionSchema { .integer(range) }
  package var optionValue: OptionValue { .integer(self) }
  package init?(_ value: OptionValue) {
    guard case .integer(let number) = value else { return nil }
    self = number
  }
}

extension Double: OptionNumber {
  package static func schema(_ range: ClosedRange<Double>) -> OptionSchema { .number(range) }
  package var optionValue: OptionValue { .number(self) }
  package init?(_ value: OptionValue) {
    guard case .number(let number) = value else { return nil }
    self = number
  }
}

/// Returns the name of an option on a command line, words joined by hyphens and without the leading
/// ones.
func flag(ofName name: String) -> String { String(name.map { $0 == "_" ? "-" : $0 }) }
