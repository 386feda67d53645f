/// Reads YAML values in brackets, braces and quotation marks, which may go over several lines.
struct YAMLFlowReader {
  private let bytes: ArraySlice<UInt8>
  /// The first byte that was not read.
  private(set) var offset: Int
  private var line: Int

  init(_ bytes: ArraySlice<UInt8>, at offset: Int, line: Int) {
    self.bytes = bytes
    self.offset = offset
    self.line = line
  }

  /// Refuses what begins with a character that stands for something which is not read.
  static func refuseIndicator(_ byte: UInt8, line: Int) throws(YAMLFailure) {
    switch byte {
    case UInt8(ascii: "&"), UInt8(ascii: "*"):
      throw YAMLFailure(line: line, reason: "anchors and aliases are not accepted")
    case UInt8(ascii: "!"): throw YAMLFailure(line: line, reason: "tags are not accepted")
    case UInt8(ascii: "%"), UInt8(ascii: "@"), UInt8(ascii: "`"):
      throw YAMLFailure(
        line: line, reason: "plain text must not begin with \(Character(Unicode.Scalar(byte)))")
    default: break
    }
  }

  private func failure(_ reason: String) -> YAMLFailure { YAMLFailure(line: line, reason: reason) }

  private var next: UInt8? { offset < bytes.endIndex ? bytes[offset] : nil }

  private func isBlank(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): true
    default: false
    }
  }

  private mutating func advance() {
    if next == UInt8(ascii: "\n") { line += 1 }
    offset += 1
  }

  /// Passes white space and comments.
  private mutating func skip() {
    while let byte = next {
      if isBlank(byte) {
        advance()
      } else if byte == UInt8(ascii: "#"), offset > bytes.startIndex, isBlank(bytes[offset - 1]) {
        while let byte = next, byte != UInt8(ascii: "\n") { offset += 1 }
      } else {
        return
      }
    }
  }

  /// Reads a value.
  mutating func value(depth: Int) throws(YAMLFailure) -> YAMLNode {
    guard depth < YAMLReader.maximumDepth else {
      throw failure("more than \(YAMLReader.maximumDepth) levels are nested")
    }
    let first = line
    switch next {
    case UInt8(ascii: "["): return YAMLNode(line: first, content: try list(depth))
    case UInt8(ascii: "{"): return YAMLNode(line: first, content: try mapping(depth))
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      return YAMLNode(line: first, content: .scalar(try quoted()))
    default:
      return YAMLNode(line: first, content: YAMLReader.plainContent(try plain()))
    }
  }

  private mutating func list(_ depth: Int) throws(YAMLFailure) -> YAMLNode.Content {
    advance()
    var elements: [YAMLNode] = []
    while true {
      skip()
      if try close(UInt8(ascii: "]"), "list") { return .list(elements) }
      elements.append(try value(depth: depth + 1))
      try separate(UInt8(ascii: "]"), "list")
    }
  }

  private mutating func mapping(_ depth: Int) throws(YAMLFailure) -> YAMLNode.Content {
    advance()
    var members: [YAMLMember] = []
    var keys: Set<String> = []
    while true {
      skip()
      if try close(UInt8(ascii: "}"), "mapping") { return .mapping(members) }
      let isQuoted = next == UInt8(ascii: "\"") || next == UInt8(ascii: "'")
      let key = isQuoted ? try quoted() : try plain()
      guard keys.insert(key).inserted else {
        throw failure("the key \(key.prefix(40)) is there twice")
      }
      skip()
      guard next == UInt8(ascii: ":") else {
        throw failure("a colon is missing after the key \(key.prefix(40))")
      }
      advance()
      skip()
      members.append(YAMLMember(key: key, value: try value(depth: depth + 1)))
      try separate(UInt8(ascii: "}"), "mapping")
    }
  }

  /// Passes the bracket that closes a container, if it is next.
  private mutating func close(_ bracket: UInt8, _ what: String) throws(YAMLFailure) -> Bool {
    guard let byte = next else { throw failure("the \(what) has no end") }
    guard byte == bracket else { return false }
    advance()
    return true
  }

  /// Passes the comma after an element; the closing bracket may stand instead.
  private mutating func separate(_ bracket: UInt8, _ what: String) throws(YAMLFailure) {
    skip()
    guard let byte = next else { throw failure("the \(what) has no end") }
    if byte == UInt8(ascii: ",") {
      advance()
    } else if byte != bracket {
      throw failure("a comma is missing in the \(what)")
    }
  }

  /// Reads plain text up to a bracket, a comma, a colon before a blank, or a comment.
  private mutating func plain() throws(YAMLFailure) -> String {
    if let byte = next { try Self.refuseIndicator(byte, line: line) }
    var text: [UInt8] = []
    while let byte = next {
      let isAfterBlank = offset > bytes.startIndex && isBlank(bytes[offset - 1])
      switch byte {
      case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "["),
        UInt8(ascii: "{"):
        return trimmed(text)
      case UInt8(ascii: ":"):
        let following = offset + 1 < bytes.endIndex ? bytes[offset + 1] : UInt8(ascii: " ")
        if isBlank(following)
          || [UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}")]
            .contains(following)
        {
          return trimmed(text)
        }
      case UInt8(ascii: "#") where isAfterBlank:
        skip()
        continue
      default: break
      }
      if isBlank(byte) {
        if text.last != UInt8(ascii: " ") { text.append(UInt8(ascii: " ")) }
      } else {
        text.append(byte)
      }
      advance()
    }
    return trimmed(text)
  }

  private func trimmed(_ text: [UInt8]) -> String {
    String(decoding: text.last == UInt8(ascii: " ") ? text.dropLast() : text[...], as: UTF8.self)
  }

  /// Reads text in quotation marks; line breaks inside become spaces.
  mutating func quoted() throws(YAMLFailure) -> String {
    let mark = next
    advance()
    var text: [UInt8] = []
    while let byte = next {
      advance()
      switch byte {
      case mark:
        guard mark == UInt8(ascii: "'"), next == mark else {
          return String(decoding: text, as: UTF8.self)
        }
        text.append(byte)
        advance()
      case UInt8(ascii: "\\") where mark == UInt8(ascii: "\""): try escape(into: &text)
      case UInt8(ascii: "\n"):
        while let last = text.last, isBlank(last) { text.removeLast() }
        text.append(UInt8(ascii: " "))
        while let byte = next, isBlank(byte) { advance() }
      default: text.append(byte)
      }
    }
    throw failure("text in quotation marks has no end")
  }

  private mutating func escape(into text: inout [UInt8]) throws(YAMLFailure) {
    guard let byte = next else { throw failure("text in quotation marks has no end") }
    advance()
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: " "):
      text.append(byte)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "x"): try character(digits: 2, into: &text)
    case UInt8(ascii: "u"): try character(digits: 4, into: &text)
    case UInt8(ascii: "U"): try character(digits: 8, into: &text)
    default: throw failure("an unknown escape in quotation marks")
    }
  }

  private mutating func character(digits: Int, into text: inout [UInt8]) throws(YAMLFailure) {
    var code: UInt32 = 0
    for _ in 0..<digits {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("an escape without \(digits) hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      advance()
    }
    guard let scalar = Unicode.Scalar(code) else { throw failure("an escape of no character") }
    text += Array(String(Character(scalar)).utf8)
  }
}
