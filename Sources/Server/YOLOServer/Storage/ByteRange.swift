#if Server
/// Which bytes of a file a request asks for, by its header `Range` (RFC 9110, section 14).
package enum ByteRange {
  /// What is to be answered.
  package enum Selection: Sendable, Hashable {
    /// All bytes: nothing, several ranges, or something else than bytes was asked for.
    case all
    /// These bytes, at least one.
    case part(Range<Int>)
    /// None of the bytes that were asked for are there.
    case nothing
  }

  /// Returns the bytes that a header asks for of a file of `count` bytes.
  ///
  /// A header that is malformed counts as none.
  package static func selection(_ header: String?, of count: Int) -> Selection {
    guard let header else { return .all }
    let parts = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, trimmed(parts[0]).lowercased() == "bytes", !parts[1].contains(",")
    else {
      return .all
    }
    let bounds = parts[1].split(separator: "-", omittingEmptySubsequences: false).map(trimmed)
    guard bounds.count == 2, bounds.allSatisfy({ $0.utf8.allSatisfy(isDigit) }) else { return .all }
    switch (bounds[0].isEmpty, bounds[1].isEmpty) {
    case (true, true): return .all
    case (true, false):
      let length = min(number(bounds[1]), count)
      return length > 0 ? .part(count - length..<count) : .nothing
    case (false, let isOpen):
      let first = number(bounds[0])
      let last = isOpen ? Int.max - 1 : number(bounds[1])
      guard first <= last else { return .all }
      return first < count ? .part(first..<min(last + 1, count)) : .nothing
    }
  }

  /// Whether a list of tags, as of `If-None-Match`, has that of a file; a weak tag counts, too.
  package static func matches(_ list: String?, tag: String) -> Bool {
    guard let list else { return false }
    return list.split(separator: ",").map(trimmed).contains { item in
      item == "*" || item == tag || item == "W/\(tag)"
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// A number of digits; one beyond all sizes of files is such a size.
  private static func number(_ digits: Substring) -> Int {
    min(Int(digits) ?? .max, .max - 1)
  }
}
#endif
