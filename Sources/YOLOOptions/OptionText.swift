/// Reads option values from text.
package enum OptionText {
  /// How much of a value an error repeats, in characters.
  package static let excerptLength = 40

  /// Returns the value without spaces around it.
  package static func trimmed(_ text: some StringProtocol) -> String {
    var rest = text[...]
    while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
    while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
    return String(rest)
  }

  /// Returns a value fit for an error message: shortened, control characters replaced.
  package static func excerpt(_ text: String, limit: Int = excerptLength) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit) {
      let isControl = scalar.properties.generalCategory == .control
      scalars.append(isControl ? "\u{FFFD}" : scalar)
    }
    let isShortened = text.unicodeScalars.count > limit
    return String(scalars) + (isShortened ? "…" : "")
  }
}
