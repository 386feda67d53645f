#if Server
/// A header's value with parameters, such as `form-data; name="file"; filename="a.jpg"`.
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

  private static func token(_ rest: inout Substring) -> Substring {
    let token = rest.prefix { $0 != ";" }
    rest = rest.dropFirst(token.count)
    return token
  }

  /// Reads a quoted string; a backslash stands before a quote or a backslash only, since browsers send
  /// others as they are.
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
#endif
