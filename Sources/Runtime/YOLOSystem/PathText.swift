/// Paths as text, of whatever bytes they are.
///
/// To the system a file name is bytes, which need not be UTF-8. A byte that is no part of UTF-8 is
/// here the character U+10F800 plus that byte, which no text has by accident: the last but one
/// plane's end is for private use. The bytes of such a character in a file name are taken one by
/// one in the same way, so that each path has one text, and each text gives its path back.
package enum PathText {
  private static let base: UInt32 = 0x10F800
  /// The characters that stand for bytes.
  private static let marks = (base + 0x80)...(base + 0xFF)
  /// The first byte of the UTF-8 of the marks.
  private static let lead: UInt8 = 0xF4

  /// Returns the text of a path's bytes.
  package static func text(of bytes: some Collection<UInt8>) -> String {
    if !bytes.contains(lead), let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = String.UnicodeScalarView()
    var rest = bytes.makeIterator()
    var parser = Unicode.UTF8.ForwardParser()
    var position = bytes.startIndex
    func appendMarks(_ count: Int) {
      for byte in bytes[position...].prefix(count) {
        if let mark = Unicode.Scalar(base + UInt32(byte)) { text.append(mark) }
      }
    }
    while true {
      let length: Int
      switch parser.parseScalar(from: &rest) {
      case .valid(let encoded):
        length = encoded.count
        let scalar = Unicode.UTF8.decode(encoded)
        if marks.contains(scalar.value) { appendMarks(length) } else { text.append(scalar) }
      case .error(let count):
        length = count
        appendMarks(count)
      case .emptyInput: return String(text)
      }
      position = bytes.index(position, offsetBy: length)
    }
  }

  /// Returns the text of a terminated C string that is a path.
  package static func text(of path: UnsafePointer<CChar>) -> String {
    // SAFETY: the string ends with a null byte.
    text(of: UnsafeRawBufferPointer(start: path, count: strlen(path)))
  }

  /// Returns the bytes of a path.
  package static func bytes(of path: String) -> [UInt8] {
    guard path.utf8.contains(lead) else { return Array(path.utf8) }
    var bytes: [UInt8] = []
    for scalar in path.unicodeScalars {
      if let byte = byte(of: scalar) {
        bytes.append(byte)
      } else {
        bytes += UTF8.encode(scalar) ?? .init()
      }
    }
    return bytes
  }

  /// Returns a path for people and for JSON: `\xE9` for each byte that is not UTF-8.
  package static func printable(_ path: String) -> String {
    guard path.utf8.contains(lead) else { return path }
    return path.unicodeScalars.reduce(into: "") { text, scalar in
      if let escape = escape(of: scalar) {
        text += escape
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }

  /// Returns what is printed for a character that stands for a byte; nil for any other.
  static func escape(of scalar: Unicode.Scalar) -> String? {
    byte(of: scalar).map { "\\x" + String($0, radix: 16, uppercase: true) }
  }

  /// The byte that a character stands for; nil for any other.
  private static func byte(of scalar: Unicode.Scalar) -> UInt8? {
    marks.contains(scalar.value) ? UInt8(scalar.value - base) : nil
  }
}

extension String {
  /// The bytes of a path with a null byte behind them, as system calls take it.
  package var pathCharacters: [CChar] {
    PathText.bytes(of: self).map { CChar(bitPattern: $0) } + [0]
  }
}
