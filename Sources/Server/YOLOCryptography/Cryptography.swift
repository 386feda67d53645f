#if Server
import CCrypto

/// The SHA-256 of bytes that arrive in pieces (FIPS 180-4), by libcrypto.
///
/// A libcrypto that has no SHA-256, or no memory for its state, ends the process: no caller could
/// continue without the digest.
package struct SHA256: ~Copyable {
  /// The length of a digest in bytes.
  package static let byteCount = 32

  private let context: OpaquePointer

  /// Begins with no bytes.
  package init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto cannot compute SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Appends bytes; any number of calls digests the same as one with all bytes.
  package mutating func update(_ bytes: RawSpan) {
    // SAFETY: libcrypto reads `count` bytes of the buffer; an empty one has no address to read.
    let isDigested = bytes.withUnsafeBytes { buffer in
      EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) == 1
    }
    precondition(isDigested, "libcrypto cannot compute SHA-256")
  }

  /// Returns the digest of the bytes so far; more may follow.
  package borrowing func digestSoFar() -> [UInt8] {
    let copy = SHA256()
    precondition(
      EVP_MD_CTX_copy_ex(copy.context, context) == 1, "libcrypto cannot compute SHA-256")
    return copy.digest()
  }

  /// Returns the digest of all bytes, ``byteCount`` of them.
  package consuming func digest() -> [UInt8] {
    // SAFETY: libcrypto writes 32 bytes, the size of a SHA-256, which is the capacity.
    [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      precondition(
        EVP_DigestFinal_ex(context, buffer.baseAddress, nil) == 1,
        "libcrypto cannot compute SHA-256")
      count = Self.byteCount
    }
  }

  /// Returns the digest of bytes that are all there.
  package static func digest(of bytes: RawSpan) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.digest()
  }
}

/// The MD5 of bytes that arrive in pieces (RFC 1321), by libcrypto: a checksum of transfers, no
/// protection against anybody.
package struct MD5: ~Copyable {
  /// The length of a digest in bytes.
  package static let byteCount = 16

  private let context: OpaquePointer

  /// Begins with no bytes; nil where libcrypto is told to have no MD5.
  package init?() {
    guard let context = EVP_MD_CTX_new() else { return nil }
    guard EVP_DigestInit_ex(context, EVP_md5(), nil) == 1 else {
      EVP_MD_CTX_free(context)
      return nil
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Appends bytes.
  package mutating func update(_ bytes: RawSpan) {
    // SAFETY: libcrypto reads `count` bytes of the buffer; an empty one has no address to read.
    let isDigested = bytes.withUnsafeBytes { buffer in
      EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) == 1
    }
    precondition(isDigested, "libcrypto cannot compute MD5")
  }

  /// Returns the digest of all bytes, ``byteCount`` of them.
  package consuming func digest() -> [UInt8] {
    // SAFETY: libcrypto writes 16 bytes, the size of an MD5, which is the capacity.
    [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      precondition(
        EVP_DigestFinal_ex(context, buffer.baseAddress, nil) == 1, "libcrypto cannot compute MD5")
      count = Self.byteCount
    }
  }
}

/// Message authentication codes: HMAC (RFC 2104) with SHA-256.
package enum MessageAuthentication {
  /// The length of a code in bytes.
  package static let byteCount = SHA256.byteCount

  /// Returns the code of a message under a key of any length.
  package static func code(of message: RawSpan, key: RawSpan) -> [UInt8] {
    guard let length = Int32(exactly: key.byteCount) else {
      // RFC 2104, section 2: keys longer than a block stand for their digest.
      return code(of: message, key: SHA256.digest(of: key).span.bytes)
    }
    return [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      // SAFETY: libcrypto reads `count` bytes of both buffers, none of an empty one, whose address
      // is nil, and writes 32 bytes, which is the capacity.
      let result = message.withUnsafeBytes { message in
        key.withUnsafeBytes { key in
          HMAC(
            EVP_sha256(), key.baseAddress, length, message.baseAddress, message.count,
            buffer.baseAddress, nil)
        }
      }
      precondition(result != nil, "libcrypto cannot compute HMAC-SHA-256")
      count = byteCount
    }
  }

  /// Returns whether a code is that of a message.
  ///
  /// The time does not depend on how much of the code is right.
  package static func isValid(_ code: RawSpan, of message: RawSpan, key: RawSpan) -> Bool {
    isEqual(code, Self.code(of: message, key: key).span.bytes)
  }

  /// Returns whether two secrets are equal, in a time that depends only on their lengths.
  package static func isEqual(_ first: RawSpan, _ second: RawSpan) -> Bool {
    guard first.byteCount == second.byteCount else { return false }
    guard !first.isEmpty else { return true }
    // SAFETY: libcrypto reads `count` bytes of each, which both have.
    return first.withUnsafeBytes { first in
      second.withUnsafeBytes { second in
        CRYPTO_memcmp(first.baseAddress, second.baseAddress, first.count) == 0
      }
    }
  }
}

extension [UInt8] {
  /// The bytes as lower-case hexadecimal digits.
  package var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
#endif
