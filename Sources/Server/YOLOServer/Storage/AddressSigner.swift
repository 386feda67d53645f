#if Server
import Foundation
import GRDB
import YOLOCryptography
import YOLOSystem

/// Signs the addresses of objects, `/storage/{kind}/{owner}/{name}?expires=…&signature=…`, and
/// checks them.
///
/// Whoever has an address may use it until it expires, without a key. The signature is an
/// HMAC-SHA256 of the method, the path and the time, under a secret of the database.
package struct AddressSigner: Sendable {
  /// What an address is for.
  package enum Use: String, Sendable, Hashable {
    /// Reading, by `GET` and `HEAD`.
    case get = "GET"
    /// Writing.
    case put = "PUT"
  }

  /// Why an address is refused.
  package enum Refusal: Error, Sendable, Hashable {
    /// The signature is missing, or of another address, method or time.
    case unsigned
    /// It was right once.
    case late
  }

  private let secret: [UInt8]

  /// Reads the secret of a database.
  package init(database: PlatformDatabase) async throws(PlatformError) {
    secret = try await database.read { database in
      let value = try Data.fetchOne(
        database, sql: "SELECT value FROM secret WHERE name = 'addresses'")
      guard let value, value.count == MessageAuthentication.byteCount else {
        throw PlatformError.storage(.unknown("secret for addresses"))
      }
      return Array(value)
    }
  }

  /// Returns the address of an object.
  ///
  /// - Parameters:
  ///   - reference: Where the object is, or will be.
  ///   - use: What the address is for.
  ///   - expires: The last second in which it can be used, since 1970.
  ///   - origin: What the address begins with, such as `https://example.org`.
  /// - Returns: The whole address.
  package func address(
    of reference: ObjectReference, for use: Use, expires: Int, origin: String
  ) -> String {
    let code = MessageAuthentication.code(
      of: Self.message(reference, use, expires).span.bytes, key: secret.span.bytes)
    return "\(origin)/storage/\(reference)?expires=\(expires)&signature=\(code.hexadecimal)"
  }

  /// Checks what an address says.
  ///
  /// The time that this takes does not depend on how much of the signature is right.
  package func check(
    _ reference: ObjectReference, for use: Use, expires: String?, signature: String?, now: Int
  ) throws(Refusal) {
    guard let text = expires, let expires = Int(text), "\(expires)" == text,
      let code = signature.flatMap({ [UInt8](hexadecimal: $0) }),
      MessageAuthentication.isValid(
        code.span.bytes, of: Self.message(reference, use, expires).span.bytes,
        key: secret.span.bytes)
    else { throw .unsigned }
    guard now <= expires else { throw .late }
  }

  /// What is signed; none of its parts can contain a line feed.
  private static func message(_ reference: ObjectReference, _ use: Use, _ expires: Int) -> [UInt8] {
    Array("\(use.rawValue)\n/storage/\(reference)\n\(expires)".utf8)
  }
}

extension DatabaseMigrator {
  /// The secret of addresses, and the uploads that they are issued for.
  mutating func registerUploads() {
    registerMigration("uploads") { database in
      try database.execute(
        sql: """
          CREATE TABLE secret (
            name TEXT PRIMARY KEY NOT NULL,
            value BLOB NOT NULL
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE upload (
            id TEXT PRIMARY KEY NOT NULL,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            assetType TEXT NOT NULL,
            asset TEXT NOT NULL,
            filename TEXT NOT NULL,
            contentType TEXT NOT NULL,
            announcedBytes INTEGER,
            created INTEGER NOT NULL,
            expires INTEGER NOT NULL,
            redeemed INTEGER,
            bytes INTEGER,
            sha TEXT
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX uploadByAccount ON upload (account);
          CREATE INDEX uploadByExpiry ON upload (expires);
          """)
      let secret = (0..<MessageAuthentication.byteCount).map { _ in UInt8.random(in: 0 ... .max) }
      try database.execute(
        sql: "INSERT INTO secret (name, value) VALUES ('addresses', ?)",
        arguments: [Data(secret)])
    }
  }
}
#endif
