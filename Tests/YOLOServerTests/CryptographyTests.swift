#if Server
import Testing
import YOLOCryptography
import YOLOServer

/// Digests and codes against the values of their standards.
@Suite struct CryptographyTests {
  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func digest(_ message: [UInt8]) -> [UInt8] {
    SHA256.digest(of: message.span.bytes)
  }

  private static func isValid(_ code: [UInt8], _ message: [UInt8], _ key: [UInt8]) -> Bool {
    MessageAuthentication.isValid(
      code.span.bytes, of: message.span.bytes, key: key.span.bytes)
  }

  private static func isEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    MessageAuthentication.isEqual(first.span.bytes, second.span.bytes)
  }

  /// Messages and digests of FIPS 180-4's examples, and one of a million bytes.
  static let digests: [(message: [UInt8], digest: String)] = [
    ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      Array(repeating: UInt8(ascii: "a"), count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ]

  @Test(arguments: digests) func digestsAreThoseOfTheStandard(message: [UInt8], digest: String) {
    #expect(Self.hexadecimal(Self.digest(message)) == digest)
  }

  // 55, 56, 63, 64 and 65 bytes lie around the block and the length that is padded to it.
  @Test(arguments: [1, 55, 56, 63, 64, 65, 200])
  func piecesDigestAsTheWholeDoes(count: Int) {
    let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
    let whole = Self.digest(message)
    for split in 0...count {
      var hash = SHA256()
      hash.update(message.span.bytes.extracting(first: split))
      hash.update(message.span.bytes.extracting(droppingFirst: split))
      let pieces = hash.digest()
      #expect(pieces == whole, "\(split)")
    }
  }

  /// Test cases 1, 2, 3, 6 and 7 of RFC 4231, and one of nothing at all.
  static let codes: [(key: [UInt8], message: [UInt8], code: String)] = [
    (
      Array(repeating: 0x0B, count: 20), Array("Hi There".utf8),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      Array(repeating: 0xAA, count: 20), Array(repeating: 0xDD, count: 50),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
    ),
    (
      Array(repeating: 0xAA, count: 131),
      Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
    (
      Array(repeating: 0xAA, count: 131),
      Array(
        """
        This is a test using a larger than block-size key and a larger than block-size data. The \
        key needs to be hashed before being used by the HMAC algorithm.
        """.utf8),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
    ),
    ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
  ]

  @Test(arguments: codes) func codesAreThoseOfTheStandard(
    key: [UInt8], message: [UInt8], code: String
  ) {
    let computed = MessageAuthentication.code(of: message.span.bytes, key: key.span.bytes)
    #expect(Self.hexadecimal(computed) == code)
    #expect(Self.isValid(computed, message, key))
    for index in computed.indices {
      var changed = computed
      changed[index] ^= 0x80
      #expect(!Self.isValid(changed, message, key))
    }
  }

  @Test func secretsAreEqualOnlyAsAWhole() {
    #expect(Self.isEqual([1, 2, 3], [1, 2, 3]) && Self.isEqual([], []))
    #expect(!Self.isEqual([1, 2, 3], [1, 2, 4]) && !Self.isEqual([0, 2, 3], [1, 2, 3]))
    #expect(!Self.isEqual([1, 2, 3], [1, 2]) && !Self.isEqual([], [1, 2, 3]))
  }
}
#endif
