package import YOLOOptions
import YOLOSystem

/// Which values an argument takes.
package indirect enum ArgumentKind: Sendable, Hashable {
  /// Integers of a range.
  case integer(ClosedRange<Int>)
  /// Numbers of a range; integers are numbers.
  case number(ClosedRange<Double>)
  /// True or false.
  case flag
  /// One of several words.
  case word([String])
  /// Any text on one line; the name stands for it in help.
  case text(String)
  /// Several values of a kind, at least one; or one value alone.
  case list(ArgumentKind)
  /// Exactly two values of a kind.
  case pair(ArgumentKind)
  /// A value of one of several kinds.
  case either([ArgumentKind])
  /// A value, or none.
  case optional(ArgumentKind)

  /// Numbers from 0 to 1.
  package static let fraction = ArgumentKind.number(0...1)

  /// The accepted values in words.
  package var expected: String {
    switch self {
    case .integer(let range) where range.count == 1: "\(range.lowerBound)"
    case .integer(let range): "an integer \(Self.words(range.lowerBound, range.upperBound, .max))"
    case .number(let range):
      "a number \(Self.words(range.lowerBound, range.upperBound, .greatestFiniteMagnitude))"
    case .flag: "true or false"
    case .word(let words): words.joined(separator: ", ")
    case .text(let name): "a \(name)"
    case .list(let kind): "\(kind.expected), or several joined by commas"
    case .pair(let kind): "two values, each \(kind.expected)"
    case .either(let kinds): kinds.map(\.expected).joined(separator: ", or ")
    case .optional(let kind): "\(kind.expected), or none"
    }
  }

  private static func words<Bound: Comparable & CustomStringConvertible>(
    _ lower: Bound, _ upper: Bound, _ unbounded: Bound
  ) -> String {
    upper < unbounded ? "from \(lower) to \(upper)" : "of \(lower) or more"
  }

  /// Returns a value as this kind has it; nil if it is not one of the kind.
  package func accepted(_ value: ArgumentValue) -> ArgumentValue? {
    switch (self, value) {
    case (.integer(let range), .integer(let number)): range.contains(number) ? value : nil
    case (.integer(let range), .number(let number)):
      // `64.0` is an integer, as the size that a division gave.
      Int(exactly: number).flatMap { range.contains($0) ? .integer($0) : nil }
    case (.number(let range), .integer(let number)): range.contains(Double(number)) ? value : nil
    case (.number(let range), .number(let number)): range.contains(number) ? value : nil
    case (.flag, .flag): value
    case (.flag, .integer(0)): .flag(false)
    case (.flag, .integer(1)): .flag(true)
    case (.word(let words), .text(let text)):
      words.first { $0.lowercased() == text.lowercased() }.map { .text($0) }
    case (.text, .text(let text)): Self.isPlain(text) ? value : nil
    case (.text, .integer), (.text, .number), (.text, .flag): .text(value.commandText)
    case (.text, .list(let values)):
      // A path may have commas.
      values.isEmpty ? nil : .text(value.commandText)
    case (.list(let kind), .list(let values)): Self.accepted(values, kind)
    case (.list(let kind), _): kind.accepted(value).map { .list([$0]) }
    case (.pair(let kind), .list(let values)):
      values.count == 2 ? Self.accepted(values, kind) : nil
    case (.either(let kinds), _): kinds.lazy.compactMap { $0.accepted(value) }.first
    case (.optional, ArgumentValue.none): value
    case (.optional(let kind), _): kind.accepted(value)
    default: nil
    }
  }

  private static func accepted(_ values: [ArgumentValue], _ kind: ArgumentKind) -> ArgumentValue? {
    guard !values.isEmpty, values.count <= 100_000 else { return nil }
    let accepted = values.compactMap { kind.accepted($0) }
    return accepted.count == values.count ? .list(accepted) : nil
  }

  private static func isPlain(_ text: String) -> Bool {
    text.utf8.count <= 4096
      && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }

  /// The values as a form or a command line asks for them.
  package var schema: OptionSchema {
    switch self {
    case .integer(let range): .integer(range)
    case .number(let range): .number(range)
    case .flag: .flag
    case .word: .text(valueName: "name")
    case .text(let name): .text(valueName: name)
    case .list, .pair: .text(valueName: "list")
    case .either, .optional: .text(valueName: "value")
    }
  }
}
