/// The replacement for characters that must not be shown.
private let replacement: UnicodeScalar = "\u{FFFD}"

extension UnicodeScalar {
  fileprivate var isControl: Bool { properties.generalCategory == .control }
}

extension String {
  /// Returns the text with control characters replaced, so that names out of a hostile file do not
  /// steer a terminal; bytes of paths that are not UTF-8 become `\xE9`, see `PathText`.
  ///
  /// - Parameter keepsLines: Whether line feeds stay.
  /// - Returns: The text with U+FFFD for each control character.
  package func sanitized(keepsLines: Bool = false) -> String {
    let text = PathText.printable(self)
    let isReplaced = { (scalar: UnicodeScalar) in
      scalar.isControl && !(keepsLines && scalar == "\n")
    }
    guard text.unicodeScalars.contains(where: isReplaced) else { return text }
    var result = UnicodeScalarView()
    for scalar in text.unicodeScalars { result.append(isReplaced(scalar) ? replacement : scalar) }
    return String(result)
  }

  /// Returns the beginning of the text for an error message: sanitized, an ellipsis for the rest.
  ///
  /// - Parameter limit: The maximum number of Unicode scalars that are repeated.
  /// - Returns: The first scalars, and `…` if there are more.
  package func excerpt(limit: Int = 40) -> String {
    let start = String(String.UnicodeScalarView(unicodeScalars.prefix(limit))).sanitized()
    return unicodeScalars.dropFirst(limit).isEmpty ? start : start + "…"
  }

  /// Returns the text with control and format characters as escapes (`\u{1b}`), at most 200
  /// scalars.
  package func escapingControls() -> String {
    var result = ""
    var length = 0
    for scalar in unicodeScalars {
      if length >= 200 { return result + "…" }
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
      length += 1
    }
    return result
  }

  /// Returns the text for the content of XML elements and attributes in double or single quotes.
  ///
  /// What XML 1.0 cannot hold is replaced. Line breaks and tabs become character codes, since
  /// attributes would otherwise turn them into spaces.
  package var xmlEscaped: String {
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "'": result.append(contentsOf: "&apos;".unicodeScalars)
      case "\t", "\n", "\r": result.append(contentsOf: "&#\(scalar.value);".unicodeScalars)
      case "\u{FFFE}", "\u{FFFF}": result.append(replacement)
      default: result.append(scalar.isControl ? replacement : scalar)
      }
    }
    return String(result)
  }

  /// The text without white space at both ends.
  package var trimmed: String {
    var rest = self[...]
    while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
    while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
    return String(rest)
  }

  /// Creates text from an imported C array of characters that holds a terminated string.
  package init<Characters>(characters: Characters) {
    self = withUnsafeBytes(of: characters) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

extension Double {
  /// Returns the number as C's format `%g` has it: six digits, zeros at the end left out, and an
  /// exponent below 1e-4 and from 1e6 on.
  package var general: String {
    var buffer = [CChar](repeating: 0, count: 32)
    // SAFETY: at most the 32 characters of the buffer are written, the last of them zero.
    _ = withVaList([self]) { vsnprintf(&buffer, buffer.count, "%g", $0) }
    return String(
      decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Returns the number with a fixed count of decimals, without an exponent.
  ///
  /// Halves are rounded away from zero. NaN, infinities and numbers of more than 15 digits are
  /// returned as `description` has them.
  ///
  /// - Parameters:
  ///   - decimals: The number of decimals.
  ///   - isPadded: Whether zeros at the end stay.
  /// - Returns: The digits with their sign.
  package func fixed(_ decimals: Int, isPadded: Bool = true) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (self * scale).rounded()
    guard rounded.magnitude < 1e15 else { return "\(self)" }
    let units = Int(rounded.magnitude)
    let unit = Int(scale)
    let sign = rounded < 0 ? "-" : ""
    let digits = String(units % unit)
    var fraction =
      decimals == 0 ? "" : String(repeating: "0", count: decimals - digits.count) + digits
    if !isPadded { while fraction.last == "0" { fraction.removeLast() } }
    return "\(sign)\(units / unit)" + (fraction.isEmpty ? "" : "." + fraction)
  }
}

extension Sequence<Double> {
  /// Returns the value that a fraction of the values does not exceed, interpolated linearly between
  /// neighbors; 0 if there are none.
  package func quantile(_ fraction: Double) -> Double {
    let sorted = sorted()
    guard !sorted.isEmpty else { return 0 }
    let position = fraction * Double(sorted.count - 1)
    let lower = Int(position)
    let upper = Swift.min(lower + 1, sorted.count - 1)
    return sorted[lower] + (position - Double(lower)) * (sorted[upper] - sorted[lower])
  }

  /// The median, 0 if there are no values.
  package var median: Double { quantile(0.5) }
}
