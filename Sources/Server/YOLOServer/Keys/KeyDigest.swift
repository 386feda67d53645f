#if Server
import YOLOCryptography

/// The SHA-256 of a key: what is stored of it, and what a presented key is compared by.
struct KeyDigest: Sendable {
  /// The length of a stored digest.
  static let byteCount = SHA256.byteCount

  private let words: SIMD4<UInt64>

  /// Digests the text of a key.
  init(of text: String) {
    let text = Array(text.utf8)
    self.init(words: SHA256.digest(of: text.span.bytes))
  }

  /// Creates a digest from stored bytes, or returns nil if it does not have ``byteCount`` bytes.
  init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self.init(words: bytes)
  }

  private init(words bytes: some Sequence<UInt8>) {
    var words = SIMD4<UInt64>()
    for (index, byte) in bytes.enumerated() where index < Self.byteCount {
      words[index >> 3] |= UInt64(byte) << UInt64((index & 7) << 3)
    }
    self.words = words
  }

  /// The bytes to store.
  var bytes: [UInt8] {
    (0..<Self.byteCount).map { UInt8(truncatingIfNeeded: words[$0 >> 3] >> UInt64(($0 & 7) << 3)) }
  }

  /// Whether two digests are equal: all ones, or all zeros; in a time that does not depend on
  /// either.
  func mask(matching other: KeyDigest) -> UInt64 {
    let difference = words ^ other.words
    let all = difference[0] | difference[1] | difference[2] | difference[3]
    // The highest bit of `all | -all` is set exactly if `all` is not zero.
    return ((all | (0 &- all)) >> 63) &- 1
  }
}

/// The text of keys: `ul_` and 40 hexadecimal digits, 160 bits from the system's secure source.
enum KeyText {
  /// What every key begins with.
  static let prefix = "ul_"
  /// The hexadecimal digits of a key.
  static let digitCount = 40
  /// The number of characters that lists show of a key, so that its owner knows it.
  static let shownCount = 11
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
