/// Writes compact JSON piece by piece, in UTF-8.
///
/// Commas and colons come by themselves; that containers are closed, and objects filled with a key
/// before each value, is up to the caller. What has been written can be taken away at any time, so
/// that a long text need not be held as a whole.
public struct JSONWriter: Sendable {
  private var bytes: [UInt8] = []
  private var needsComma = false

  /// Creates a writer that has written nothing.
  public init() {}

  /// Returns what has been written since the last call.
  public mutating func takeBytes() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  /// Opens an object.
  public mutating func beginObject() { open(UInt8(ascii: "{")) }

  /// Closes the innermost object.
  public mutating func endObject() { close(UInt8(ascii: "}")) }

  /// Opens an array.
  public mutating func beginArray() { open(UInt8(ascii: "[")) }

  /// Closes the innermost array.
  public mutating func endArray() { close(UInt8(ascii: "]")) }

  /// Writes the key of an object's next value.
  public mutating func key(_ name: String) {
    separate()
    quote(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes a string; only quotation marks, backslashes and control characters are escaped.
  public mutating func string(_ value: String) {
    separate()
    quote(value)
  }

  /// Writes an integer.
  public mutating func integer(_ value: Int) {
    separate()
    bytes.append(contentsOf: "\(value)".utf8)
  }

  /// Writes a number as the shortest decimal that reads back as the same double.
  ///
  /// It always shows as a fraction (`432.0`) or with an exponent. Hundred-thousandths are written
  /// without an exponent (`0.00001`), NaN and infinity as `null`.
  public mutating func number(_ value: Double) {
    guard value.isFinite else { return null() }
    separate()
    let text = "\(value)"
    if text.hasSuffix("e-05") {
      // A single place value that `description` would write with an exponent: move the point.
      let digits = text.utf8.dropLast(4).filter { $0 != UInt8(ascii: ".") }
      if digits.first == UInt8(ascii: "-") { bytes.append(UInt8(ascii: "-")) }
      bytes.append(contentsOf: "0.0000".utf8)
      bytes.append(contentsOf: digits.drop { $0 == UInt8(ascii: "-") })
    } else {
      bytes.append(contentsOf: text.utf8)
    }
  }

  /// Writes `true` or `false`.
  public mutating func boolean(_ value: Bool) {
    separate()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  /// Writes `null`.
  public mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x08: bytes.append(contentsOf: "\\b".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0x0A: bytes.append(contentsOf: "\\n".utf8)
      case 0x0C: bytes.append(contentsOf: "\\f".utf8)
      case 0x0D: bytes.append(contentsOf: "\\r".utf8)
      case 0..<0x20:
        let hexadecimal = String(byte, radix: 16)
        bytes.append(contentsOf: (byte < 0x10 ? "\\u000" : "\\u00").utf8)
        bytes.append(contentsOf: hexadecimal.utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
