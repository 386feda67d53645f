/// Values as PyYAML writes them, to the byte: the programs that read `args.yaml` compare texts.
package enum YAMLText {
  /// The column after which long text goes on in another line.
  private static let width = 80

  /// Returns a line with a key and a value, or the lines of a list.
  package static func entry(_ key: String, _ value: ArgumentValue) -> String {
    guard case .list(let values) = value else {
      return "\(key): " + scalar(value, column: key.count + 2) + "\n"
    }
    if values.isEmpty { return "\(key): []\n" }
    return "\(key):\n" + values.map { "- " + scalar($0, column: 2) + "\n" }.joined()
  }

  private static func scalar(_ value: ArgumentValue, column: Int) -> String {
    switch value {
    case .none: "null"
    case .flag(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): number(value)
    case .text(let text): self.text(text, column: column)
    case .list(let values):
      "[" + values.map { scalar($0, column: column) }.joined(separator: ", ") + "]"
    }
  }

  /// A number is never without a point, which YAML 1.1 asks for.
  private static func number(_ value: Double) -> String {
    if value.isNaN { return ".nan" }
    if value.isInfinite { return value < 0 ? "-.inf" : ".inf" }
    let text = "\(value)"
    guard !text.contains("."), let exponent = text.firstIndex(of: "e") else { return text }
    return text[..<exponent] + ".0" + text[exponent...]
  }

  private static func text(_ text: String, column: Int) -> String {
    guard text.unicodeScalars.allSatisfy(isPrintable) else { return escaped(text) }
    guard isPlain(text), !PlainScalar(text).isOther else {
      let doubled = text.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "''")
      return "'" + folded(doubled, column: column + 1) + "'"
    }
    return folded(text, column: column)
  }

  /// Text as it stands in double quotation marks.
  private static func escaped(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default:
        if isPrintable(scalar) {
          result.unicodeScalars.append(scalar)
        } else {
          let digits = String(scalar.value, radix: 16, uppercase: true)
          let (letter, count) =
            scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
          result +=
            "\\\(letter)" + String(repeating: "0", count: max(count - digits.count, 0)) + digits
        }
      }
    }
    return result + "\""
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD: true
    default: false
    }
  }

  /// Breaks a line at single spaces beyond the width.
  private static func folded(_ text: String, column: Int) -> String {
    var (result, column) = ("", column)
    let letters = Array(text)
    for (index, letter) in letters.enumerated() {
      let isSingle =
        letter == " " && index > 0 && index + 1 < letters.count && letters[index - 1] != " "
        && letters[index + 1] != " "
      if isSingle, column > width {
        result += "\n  "
        column = 2
      } else {
        result.append(letter)
        column += 1
      }
    }
    return result
  }

  /// Whether text may stand without quotation marks.
  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.first, let last = text.last, first != " ", last != " ", last != ":"
    else { return false }
    if ",[]{}#&*!|>'\"%@`".contains(first) { return false }
    if "-?:".contains(first) {
      guard let second = text.dropFirst().first, second != " " else { return false }
    }
    return !text.hasPrefix("---") && !text.hasPrefix("...") && !text.contains(": ")
      && !text.contains(" #")
  }
}

/// Text without quotation marks, which YAML 1.1 may read as something else than text.
private struct PlainScalar {
  private let bytes: [UInt8]
  private let text: String

  init(_ text: String) {
    self.text = text
    bytes = Array(text.utf8)
  }

  /// Whether it is a truth value, nothing, a number or a date.
  var isOther: Bool {
    switch text {
    case "true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "YES", "no", "No", "NO",
      "on", "On", "ON", "off", "Off", "OFF", "null", "Null", "NULL", "~", "=", "<<", ".nan",
      ".NaN", ".NAN":
      return true
    default: return isNumber || isDate
    }
  }

  private var isNumber: Bool {
    var rest = bytes[...]
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      rest = rest.dropFirst()
    }
    let unsigned = String(decoding: rest, as: UTF8.self)
    if [".inf", ".Inf", ".INF"].contains(unsigned) { return true }
    if unsigned.hasPrefix("0b") { return isAll(rest.dropFirst(2), "01_") }
    if unsigned.hasPrefix("0x") { return isAll(rest.dropFirst(2), "0123456789abcdefABCDEF_") }
    guard let first = rest.first else { return false }
    if first == UInt8(ascii: ".") {
      let isSigned = rest.count < bytes.count
      return !isSigned && isFraction(rest.dropFirst(), isOptional: false)
    }
    guard isDigit(first) else { return false }
    let digits = rest.prefix { isDigit($0) || $0 == UInt8(ascii: "_") }
    let tail = rest.dropFirst(digits.count)
    guard let next = tail.first else {
      return digits.count == 1 || first != UInt8(ascii: "0")
        || isAll(digits.dropFirst(), "01234567_")
    }
    if next == UInt8(ascii: ".") { return isFraction(tail.dropFirst(), isOptional: true) }
    return next == UInt8(ascii: ":") && isSexagesimal(tail, first)
  }

  /// Digits after a point, and an exponent with its sign.
  private func isFraction(_ bytes: ArraySlice<UInt8>, isOptional: Bool) -> Bool {
    guard isOptional || bytes.first.map(isDigit) ?? false else { return false }
    let tail = bytes.drop { isDigit($0) || $0 == UInt8(ascii: "_") }
    guard let letter = tail.first else { return true }
    guard letter == UInt8(ascii: "e") || letter == UInt8(ascii: "E"),
      let sign = tail.dropFirst().first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
    else { return false }
    return isAll(tail.dropFirst(2), "0123456789")
  }

  /// Minutes and seconds after colons, and perhaps a point.
  private func isSexagesimal(_ bytes: ArraySlice<UInt8>, _ first: UInt8) -> Bool {
    var parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      .dropFirst()
    var hasPoint = false
    if let last = parts.last, let point = last.firstIndex(of: UInt8(ascii: ".")) {
      guard isAll(last[point...].dropFirst(), "0123456789_") || last.endIndex == point + 1 else {
        return false
      }
      hasPoint = true
      parts[parts.endIndex - 1] = last[..<point]
    }
    return (hasPoint || first != UInt8(ascii: "0"))
      && parts.allSatisfy { part in
        guard (1...2).contains(part.count), part.allSatisfy(isDigit) else { return false }
        return part.count == 1 || (part.first ?? 0) <= UInt8(ascii: "5")
      }
  }

  /// A date, or a date with a time.
  private var isDate: Bool {
    let parts = bytes.prefix { isDigit($0) || $0 == UInt8(ascii: "-") }
      .split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4, (1...2).contains(parts[1].count),
      (1...2).contains(parts[2].count), parts.allSatisfy({ $0.allSatisfy(isDigit) })
    else { return false }
    let length = parts.reduce(2) { $0 + $1.count }
    guard length < bytes.count else { return parts[1].count == 2 && parts[2].count == 2 }
    let time = bytes[length...].drop { "Tt \t".utf8.contains($0) }
    let fields = time.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    return time.count < bytes.count - length && fields.count >= 3
      && fields.prefix(2).allSatisfy { (1...2).contains($0.count) && $0.allSatisfy(isDigit) }
      && isAll(fields[2], "0123456789.+-Zz \t")
  }

  private func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  private func isAll(_ bytes: some Collection<UInt8>, _ letters: String) -> Bool {
    !bytes.isEmpty && bytes.allSatisfy { letters.utf8.contains($0) }
  }
}
