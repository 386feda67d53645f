/// Reads the part of YAML that descriptions of datasets use.
///
/// Mappings and lists in block and flow form, plain, quoted and block scalars, comments. Anchors,
/// aliases, tags, directives and several documents are refused: a small text cannot become a large
/// value, and a value cannot be anything but text, lists and mappings.
package struct YAMLReader {
  /// The maximum number of bytes that are read.
  package static let maximumBytes = 4 << 20
  /// The maximum number of containers inside each other.
  static let maximumDepth = 16

  private struct Line {
    let number: Int
    var indentation: Int
    /// The bytes after the indentation and before the end, in the text.
    var content: Range<Int>
  }

  private let bytes: [UInt8]
  private var lines: [Line] = []
  private var index = 0

  /// Reads a whole document.
  package static func read(_ bytes: [UInt8]) throws(YAMLFailure) -> YAMLNode {
    guard bytes.count <= maximumBytes else {
      throw YAMLFailure(line: 1, reason: "the file has more than \(maximumBytes) bytes")
    }
    guard !TextEncoding.isUTF16(bytes) else {
      throw YAMLFailure(line: 1, reason: "the text is UTF-16; it must be UTF-8")
    }
    var reader = try YAMLReader(bytes)
    return try reader.document()
  }

  private init(_ bytes: [UInt8]) throws(YAMLFailure) {
    self.bytes = bytes
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var number = 1
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      guard !bytes[start..<end].contains(0) else {
        throw YAMLFailure(line: number, reason: "the text has a null byte")
      }
      var first = start
      while first < end, bytes[first] == UInt8(ascii: " ") { first += 1 }
      var last = end
      while last > first, Self.isBlank(bytes[last - 1]) { last -= 1 }
      lines.append(Line(number: number, indentation: first - start, content: first..<last))
      start = end + 1
      number += 1
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  private func isBlankOrEnd(_ offset: Int, in line: Line) -> Bool {
    offset >= line.content.upperBound || Self.isBlank(bytes[offset])
  }

  // MARK: Lines

  /// The next line with content; nil at the end.
  private mutating func current() throws(YAMLFailure) -> Line? {
    while index < lines.count {
      let line = lines[index]
      guard let first = bytes[line.content].first, first != UInt8(ascii: "#") else {
        index += 1
        continue
      }
      guard first != UInt8(ascii: "\t") else {
        throw failure(line, "a tab is used for indentation")
      }
      return line
    }
    return nil
  }

  private func failure(_ line: Line, _ reason: String) -> YAMLFailure {
    YAMLFailure(line: line.number, reason: reason)
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private mutating func document() throws(YAMLFailure) -> YAMLNode {
    if let line = try current(), line.indentation == 0, text(line.content) == "---" { index += 1 }
    let value = try block(from: 0, depth: 0)
    if let line = try current() {
      if line.indentation == 0, text(line.content) == "..." { return value }
      throw failure(
        line,
        text(line.content).hasPrefix("---")
          ? "only one document is read" : "this line belongs to nothing above it")
    }
    return value
  }

  // MARK: Blocks

  /// Reads the value that begins on the next line if that is indented by `least` or more.
  private mutating func block(from least: Int, depth: Int) throws(YAMLFailure) -> YAMLNode {
    guard let line = try current(), line.indentation >= least else {
      let number = index < lines.count ? lines[index].number : lines.last?.number ?? 1
      return YAMLNode(line: number, content: .null)
    }
    guard depth < Self.maximumDepth else {
      throw failure(line, "more than \(Self.maximumDepth) levels are nested")
    }
    if isItem(line) { return try list(line.indentation, depth) }
    if try keyEnd(of: line) != nil { return try mapping(line.indentation, depth) }
    return try inline(line, from: line.content.lowerBound, parent: least - 1, depth: depth)
  }

  /// Whether a line is an item of a list.
  private func isItem(_ line: Line) -> Bool {
    bytes[line.content].first == UInt8(ascii: "-")
      && isBlankOrEnd(line.content.lowerBound + 1, in: line)
  }

  private mutating func list(_ indentation: Int, _ depth: Int) throws(YAMLFailure) -> YAMLNode {
    var elements: [YAMLNode] = []
    let first = lines[index].number
    while let line = try current(), line.indentation == indentation, isItem(line) {
      var start = line.content.lowerBound + 1
      while start < line.content.upperBound, Self.isBlank(bytes[start]) { start += 1 }
      if start < line.content.upperBound, bytes[start] != UInt8(ascii: "#") {
        // What follows the hyphen is a line of its own, indented further.
        lines[index].indentation += start - line.content.lowerBound
        lines[index].content = start..<line.content.upperBound
      } else {
        index += 1
      }
      elements.append(try block(from: indentation + 1, depth: depth + 1))
    }
    try expectEnd(of: indentation)
    return YAMLNode(line: first, content: .list(elements))
  }

  private mutating func mapping(_ indentation: Int, _ depth: Int) throws(YAMLFailure) -> YAMLNode {
    var members: [YAMLMember] = []
    var keys: Set<String> = []
    let first = lines[index].number
    while let line = try current(), line.indentation == indentation,
      let (key, end) = try keyEnd(of: line)
    {
      guard keys.insert(key).inserted else {
        throw failure(line, "the key \(key.prefix(40)) is there twice")
      }
      var start = end
      while start < line.content.upperBound, Self.isBlank(bytes[start]) { start += 1 }
      let value: YAMLNode
      if start < line.content.upperBound, bytes[start] != UInt8(ascii: "#") {
        value = try inline(line, from: start, parent: indentation, depth: depth + 1)
      } else {
        index += 1
        // A list may stand below its key without being indented.
        let next = try current()
        let isList = next.map { $0.indentation == indentation && isItem($0) } ?? false
        value = try block(from: isList ? indentation : indentation + 1, depth: depth + 1)
      }
      members.append(YAMLMember(key: key, value: value))
    }
    try expectEnd(of: indentation)
    return YAMLNode(line: first, content: .mapping(members))
  }

  /// Refuses a line that is neither part of the container before it nor of one further out.
  private mutating func expectEnd(of indentation: Int) throws(YAMLFailure) {
    guard let line = try current(), line.indentation > indentation else { return }
    throw failure(line, "this line is indented further than those above it")
  }

  /// Returns the key that a line begins with, and the offset behind its colon; nil if it has none.
  private func keyEnd(of line: Line) throws(YAMLFailure) -> (key: String, end: Int)? {
    let (start, limit) = (line.content.lowerBound, line.content.upperBound)
    switch bytes[start] {
    case UInt8(ascii: "["), UInt8(ascii: "{"): return nil
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      var flow = YAMLFlowReader(bytes[..<limit], at: start, line: line.number)
      let key = try flow.quoted()
      var end = flow.offset
      while end < limit, Self.isBlank(bytes[end]) { end += 1 }
      guard end < limit, bytes[end] == UInt8(ascii: ":") else { return nil }
      return (key, end + 1)
    case UInt8(ascii: "?") where isBlankOrEnd(start + 1, in: line):
      throw failure(line, "keys other than text are not accepted")
    default: break
    }
    for offset in start..<limit {
      if bytes[offset] == UInt8(ascii: "#"), offset > start, Self.isBlank(bytes[offset - 1]) {
        return nil
      }
      guard bytes[offset] == UInt8(ascii: ":"), isBlankOrEnd(offset + 1, in: line) else { continue }
      try YAMLFlowReader.refuseIndicator(bytes[start], line: line.number)
      var end = offset
      while end > start, Self.isBlank(bytes[end - 1]) { end -= 1 }
      return (text(start..<end), offset + 1)
    }
    return nil
  }

  // MARK: Values on the line of their key

  /// Reads a value that begins inside of a line; plain and block text goes on as long as lines are
  /// indented further than `parent`.
  private mutating func inline(
    _ line: Line, from start: Int, parent: Int, depth: Int
  ) throws(YAMLFailure) -> YAMLNode {
    switch bytes[start] {
    case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "\""), UInt8(ascii: "'"):
      var flow = YAMLFlowReader(bytes[...], at: start, line: line.number)
      let value = try flow.value(depth: depth)
      while index < lines.count, lines[index].content.upperBound < flow.offset { index += 1 }
      guard index < lines.count else { return value }
      let end = lines[index]
      var rest = flow.offset
      while rest < end.content.upperBound, Self.isBlank(bytes[rest]) { rest += 1 }
      guard rest >= end.content.upperBound || bytes[rest] == UInt8(ascii: "#") else {
        throw failure(end, "there is more behind the value")
      }
      index += 1
      return value
    case UInt8(ascii: "|"), UInt8(ascii: ">"): return try blockText(line, parent: parent)
    default: return try plain(line, from: start, parent: parent)
    }
  }

  private mutating func plain(
    _ line: Line, from start: Int, parent: Int
  ) throws(YAMLFailure) -> YAMLNode {
    try YAMLFlowReader.refuseIndicator(bytes[start], line: line.number)
    var parts = [text(start..<plainEnd(start, line.content.upperBound))]
    index += 1
    while let next = try current(), next.indentation > parent {
      guard try keyEnd(of: next) == nil else {
        throw failure(next, "a key is indented below a value")
      }
      parts.append(
        text(next.content.lowerBound..<plainEnd(next.content.lowerBound, next.content.upperBound)))
      index += 1
    }
    return YAMLNode(line: line.number, content: Self.plainContent(parts.joined(separator: " ")))
  }

  static func plainContent(_ text: String) -> YAMLNode.Content {
    ["", "~", "null", "Null", "NULL"].contains(text) ? .null : .scalar(text)
  }

  /// Returns where plain text ends: before a comment.
  private func plainEnd(_ start: Int, _ limit: Int) -> Int {
    var end = limit
    for offset in start..<limit
    where bytes[offset] == UInt8(ascii: "#") && offset > start && Self.isBlank(bytes[offset - 1]) {
      end = offset
      break
    }
    while end > start, Self.isBlank(bytes[end - 1]) { end -= 1 }
    return end
  }

  /// Reads text whose lines stand below a `|` or `>`; how its lines are joined is kept simple.
  private mutating func blockText(_ line: Line, parent: Int) throws(YAMLFailure) -> YAMLNode {
    var parts: [String] = []
    index += 1
    while index < lines.count {
      let next = lines[index]
      if next.content.isEmpty {
        parts.append("")
      } else {
        guard next.indentation > parent else { break }
        parts.append(text(next.content))
      }
      index += 1
    }
    while parts.last == "" { parts.removeLast() }
    return YAMLNode(line: line.number, content: .scalar(parts.joined(separator: "\n")))
  }
}
