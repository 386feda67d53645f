#if Server
import Foundation
import NIOCore
import YOLOCryptography
import YOLOSystem

/// A checksum that a client has computed of a file: a SHA-256 or an MD5, in hexadecimal or base64.
package enum Checksum: Sendable, Hashable {
  case sha256(ObjectDigest)
  case md5([UInt8])

  private static let pieceSize = 256 << 10

  /// Reads a checksum.
  ///
  /// - Throws: `PlatformError.invalid` for what is neither; `argument` is what the client calls it.
  package init(_ text: String, argument: String) throws(PlatformError) {
    let digits = text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) } ?? text
    let bytes = [UInt8](hexadecimal: digits) ?? Data(base64Encoded: digits).map { Array($0) }
    switch bytes?.count {
    case SHA256.byteCount: self = .sha256(ObjectDigest(bytes: bytes ?? []))
    case MD5.byteCount: self = .md5(bytes ?? [])
    default:
      throw .invalid(
        argument: argument, given: text.excerpt(),
        expected: "a SHA-256 or an MD5, in hexadecimal or base64")
    }
  }

  /// Whether it is that of an object; for an MD5 this reads the object.
  package func isThat(of object: StoredObject, in store: ObjectStore) async throws -> Bool {
    switch self {
    case .sha256(let digest): return digest == object.digest
    case .md5(let expected):
      let reader = try await store.open(object)
      guard var hash = MD5() else {
        throw PlatformError.storage(
          .inaccessible(path: "libcrypto", reason: "it cannot compute MD5 here"))
      }
      var offset = 0
      while offset < object.bytes {
        let piece = try await reader.read(at: offset, count: Self.pieceSize)
        hash.update(piece.readableBytesSpan)
        offset += piece.readableBytes
      }
      return hash.digest() == expected
    }
  }
}
#endif
