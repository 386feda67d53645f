#if Server
/// The text of keys: `ul_` and 40 hexadecimal digits, 160 bits from the system's secure source.
enum KeyText {
  /// What every key begins with.
  static let prefix = "ul_"
  /// The hexadecimal digits of a key.
  static let digitCount = 40
  /// The maximum length of a text, in bytes, that is looked at when a key is verified.
  static let longest = 128

  /// Creates a key that nobody can guess.
  static func random() -> String {
    var source = SystemRandomNumberGenerator()
    var text = prefix
    for _ in 0..<digitCount { text += String(UInt8.random(in: 0..<16, using: &source), radix: 16) }
    return text
  }
}
#endif
