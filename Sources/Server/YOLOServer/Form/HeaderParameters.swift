#if Server
/// A header's value with parameters, such as `form-data; name="file"; filename="a.jpg"`.
///
/// Text of unknown encoding is read as ``Swift/String/init(octets:)`` has it.
struct HeaderParameters {
  /// What stands before the first semicolon.
  let value: String
  private var parameters: [String: String] = [:]

  /// Reads a value; the first of two parameters of one name counts.
  init(_ text: String) {
    var rest = text[...]
    value = Self.trimmed(Self.token(&rest))
    while rest.popFirst() != nil {
      let name = Self.trimmed(rest.prefix { $0 != "=" && $0 != ";" }).lowercased()
      rest = rest.drop { $0 != "=" && $0 != ";" }
      guard rest.first == "=" else { continue }
      rest.removeFirst()
      rest = rest.drop { $0 == " " || $0 == "\t" }
      let text = rest.first == "\"" ? Self.quoted(&rest) : Self.trimmed(Self.token(&rest))
      rest = rest.drop { $0 != ";" }
      if !name.isEmpty, parameters[name] == nil { parameters[name] = text }
    }
  }

  /// Removes a parameter.
  mutating func removeValue(named name: String) -> String? {
    parameters.removeValue(forKey: name)
  }

  /// Returns the octets of an extended value such as `UTF-8''na%C3%AFve.jpg` (RFC 8187); nil for
  /// one that is malformed.
  static func extendedValue(_ text: String) -> [UInt8]? {
    let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty else { return nil }
    return parts[2].octets.percentDecoded
  }

  private static func token(_ rest: inout Substring) -> Substring {
    let token = rest.prefix { $0 != ";" }
    rest = rest.dropFirst(token.count)
    return token
  }

  /// Reads a quoted string; a backslash stands before a quote or a backslash only, since browsers
  /// send others as they are.
  private static func quoted(_ rest: inout Substring) -> String {
    rest.removeFirst()
    var text = ""
    while let character = rest.popFirst(), character != "\"" {
      if character == "\\", let next = rest.first, next == "\"" || next == "\\" {
        text.append(next)
        rest.removeFirst()
      } else {
        text.append(character)
      }
    }
    return text
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return String(text)
  }
}

extension String {
  /// Creates text with one scalar for each octet, so that no octet is lost whatever its encoding.
  init(octets: ArraySlice<UInt8>) {
    var scalars = String.UnicodeScalarView()
    for octet in octets { scalars.append(UnicodeScalar(octet)) }
    self.init(scalars)
  }
}

extension StringProtocol {
  /// The octets of text that was created from them.
  var octets: [UInt8] { unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
}

extension Collection<UInt8> {
  /// The octets with `%2F` and the like decoded; nil if two hexadecimal digits do not follow each
  /// `%`.
  var percentDecoded: [UInt8]? {
    var decoded: [UInt8] = []
    var rest = self[...]
    while let octet = rest.popFirst() {
      guard octet == UInt8(ascii: "%") else {
        decoded.append(octet)
        continue
      }
      let digits = rest.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
      guard digits.count == 2 else { return nil }
      decoded.append(UInt8(digits[0] << 4 | digits[1]))
      rest = rest.dropFirst(2)
    }
    return decoded
  }
}
#endif
