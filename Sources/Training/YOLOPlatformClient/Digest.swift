#if Server
import CCrypto

/// SHA-256 (FIPS 180-4), by libcrypto.
enum Digest {
  /// The length of a digest in bytes.
  static let byteCount = 32

  /// Returns the digest of bytes.
  static func bytes(of bytes: [UInt8]) -> [UInt8] {
    // SAFETY: libcrypto reads the bytes, and writes 32, which is the capacity.
    [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      precondition(
        EVP_Digest(bytes, bytes.count, buffer.baseAddress, nil, EVP_sha256(), nil) == 1,
        "libcrypto cannot compute SHA-256")
      count = byteCount
    }
  }

  /// Returns the digest as hexadecimal digits in lower case.
  static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: self.bytes(of: bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
      as: UTF8.self)
  }
}
#endif
