import YOLOSystem

/// The value of an argument of a training, as command lines, `args.yaml` and checkpoints have it.
public enum ArgumentValue: Sendable, Hashable {
  /// No value: `null`, `none`.
  case none
  /// True or false.
  case flag(Bool)
  /// An integer.
  case integer(Int)
  /// A number.
  case number(Double)
  /// Text.
  case text(String)
  /// Several values.
  case list([ArgumentValue])

  /// The number, of an integer, too; nil for anything else.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .none, .flag, .text, .list: nil
    }
  }

  /// The integer, or nil.
  public var integer: Int? { if case .integer(let value) = self { value } else { nil } }

  /// The truth value, or nil.
  public var flag: Bool? { if case .flag(let value) = self { value } else { nil } }

  /// The text, or nil.
  public var text: String? { if case .text(let value) = self { value } else { nil } }

  /// The value as a command line takes it, and as messages have it.
  public var commandText: String {
    switch self {
    case .none: "none"
    case .flag(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): value
    case .list(let values): values.map(\.commandText).joined(separator: ",")
    }
  }

  /// Reads text as Python and YAML would: nothing, truth values, numbers, lists, or else text.
  ///
  /// - Parameter text: The text, spaces around it allowed.
  public init(reading text: String) {
    let text = text.trimmed
    if let scalar = Self.scalar(text) {
      self = scalar
      return
    }
    var list = text[...]
    let isBracketed =
      (list.hasPrefix("[") && list.hasSuffix("]")) || (list.hasPrefix("(") && list.hasSuffix(")"))
    if isBracketed, list.count >= 2 { list = list.dropFirst().dropLast() }
    guard isBracketed || list.contains(",") else {
      self = .text(Self.unquoted(text))
      return
    }
    let parts = list.split(separator: ",", omittingEmptySubsequences: true)
      .map { String($0).trimmed }.filter { !$0.isEmpty }
    self = .list(parts.map { Self.scalar($0) ?? .text(Self.unquoted($0)) })
  }

  private static func scalar(_ text: String) -> ArgumentValue? {
    switch text.lowercased() {
    case "", "none", "null", "~": return ArgumentValue.none
    case "true": return .flag(true)
    case "false": return .flag(false)
    default: break
    }
    // Swift would read hexadecimal numbers, "inf" and "nan", too.
    guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
    if let integer = Int(text) { return .integer(integer) }
    return Double(text).map { .number($0) }
  }

  private static func unquoted(_ text: String) -> String {
    guard text.utf8.count >= 2, let first = text.first, first == "'" || first == "\"",
      text.last == first
    else { return text }
    return String(text.dropFirst().dropLast())
  }
}
