#if Server
import GRDB
import JSONText
import NIOPosix
import YOLOSystem

/// A file with all that is kept of an account: a row of the table of such.
package struct PersonalExportRow: Decodable, FetchableRecord, Sendable {
  package let id: String
  package let account: String
  package let name: String
  package let created: Int
  package let expires: Int

  /// Where the file is.
  package var reference: ObjectReference {
    get throws(PlatformError) { try ObjectReference(.exports, owner: id, name: name) }
  }
}

/// Exports all that is kept of an account, and deletes it.
package struct PrivacyRepository: Sendable {
  /// How long an export can be fetched, in seconds.
  static let lifetime = 3600
  /// The maximum number of exports of an account; a further one takes the place of the oldest.
  package static let maximumExports = 3

  let store: ObjectStore
  let clock: @Sendable () -> Int

  /// Creates a repository.
  package init(store: ObjectStore, clock: @escaping @Sendable () -> Int) {
    self.store = store
    self.clock = clock
  }

  private var database: PlatformDatabase { store.database }

  /// Writes all that is kept of an account into a file of the store.
  package func export(_ account: Account) async throws -> PersonalExportRow {
    let now = clock()
    let file = try await write(account, now: now)
    // Whoever has no room left may read what is kept all the same.
    var unlimited = account
    unlimited.limits.storageBytes = .max / 2
    let writer = try await store.begin(for: unlimited)
    var offset = 0
    while true {
      let start = offset
      let piece = try await store.onThread { try file.read(at: start, count: 256 << 10) }
      if piece.isEmpty { break }
      try await writer.append(piece)
      offset += piece.count
    }
    let id = ResourceID.new("job_", now: now)
    let row = PersonalExportRow(
      id: id, account: account.id, name: "\(account.username)-data.json", created: now,
      expires: now + Self.lifetime)
    return try await store.put([(try await writer.finish(), try row.reference)], of: unlimited) {
      database in
      try database.execute(
        sql: """
          DELETE FROM personalExport WHERE account = ?1 AND number NOT IN (
            SELECT number FROM personalExport WHERE account = ?1 ORDER BY number DESC LIMIT ?2)
          """, arguments: [account.id, Self.maximumExports - 1])
      try database.execute(
        sql: """
          INSERT INTO personalExport (id, account, name, created, expires) VALUES (?, ?, ?, ?, ?)
          """, arguments: [id, account.id, row.name, now, row.expires])
      try EventRepository.add(
        database, to: account.id, .settings, .exported, resource: account.id, name: "personal data",
        now: now)
      return row
    }
  }

  /// Returns an export of an account that can still be fetched.
  ///
  /// - Throws: `PlatformError.unknown` if there is none of this identifier.
  package func export(_ id: String, of account: Account) async throws(PlatformError)
    -> PersonalExportRow
  {
    let now = clock()
    return try await database.read { database in
      guard
        let row = try PersonalExportRow.fetchOne(
          database,
          sql: "SELECT * FROM personalExport WHERE id = ? AND account = ? AND expires >= ?",
          arguments: [id, account.id, now])
      else { throw PlatformError.unknown(what: "export", id.excerpt()) }
      return row
    }
  }

  /// Removes the exports that cannot be fetched any more.
  package func sweep() async throws(PlatformError) {
    let now = clock()
    let isNeeded = try await database.read {
      try Bool.fetchOne(
        $0, sql: "SELECT EXISTS (SELECT 1 FROM personalExport WHERE expires < ?)",
        arguments: [now]) ?? false
    }
    guard isNeeded else { return }
    try await database.write {
      try $0.execute(sql: "DELETE FROM personalExport WHERE expires < ?", arguments: [now])
    }
  }

  /// Writes what the tables have into a file that has no name, so that it goes with the process.
  private func write(_ account: Account, now: Int) async throws(PlatformError) -> NamelessFile {
    let directory = store.database.directory
    return try await database.read { database in
      let file = try NamelessFile(in: directory)
      var json = JSONWriter()
      var waiting: [UInt8] = []
      func flush(_ json: inout JSONWriter, from limit: Int) throws {
        waiting += json.takeBytes()
        guard waiting.count >= limit else { return }
        try file.append(waiting)
        waiting.removeAll(keepingCapacity: true)
      }
      json.beginObject()
      json.key("exportedAt")
      json.value(.string(Timestamp(now).text))
      for table in PersonalData.exported {
        json.key(table.member)
        try table.write(database, of: account.id, to: &json) { try flush(&$0, from: 256 << 10) }
      }
      json.endObject()
      try flush(&json, from: 0)
      return file
    }
  }
}

/// A file that is removed from its directory as soon as it is created.
private final class NamelessFile: Sendable {
  private let descriptor: Int32
  private let path: String

  init(in directory: String) throws(FileError) {
    path = "\(directory)/.personal-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    descriptor = FileSystem.createFile(path, mode: 0o600)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
    unlink(path)
  }

  deinit { close(descriptor) }

  func append(_ bytes: [UInt8]) throws(FileError) {
    let error = bytes.withUnsafeBytes { FileSystem.write($0, to: descriptor) }
    if let error { throw FileError(path, .system(error)) }
  }

  func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    while true {
      let read = pread(descriptor, &bytes, count, offset)
      if read >= 0 { return Array(bytes[..<read]) }
      guard errno == EINTR else { throw FileError(lastErrorAt: path) }
    }
  }
}

extension PrivacyRepository {
  /// Deletes an account with all that it has: its rows, then the contents that nobody needs.
  ///
  /// The lines of the ledger stay; they name nobody. What runs for the account is ended by who runs
  /// it, as soon as its row is gone.
  ///
  /// - Parameters:
  ///   - account: The account.
  ///   - isConfirmed: Whether whoever asks has said that it is meant.
  ///   - needsConfirmation: Whether that must be said; for the last account it always must.
  /// - Throws: `PlatformError.unconfirmedDeletion`, or `PlatformError.activeSubscription`.
  func delete(
    _ account: Account, isConfirmed: Bool, needsConfirmation: Bool
  ) async throws(PlatformError) {
    let (isLast, hasSubscription) = try await database.read { database in
      (
        try Int.fetchOne(database, sql: "SELECT count(*) FROM account") ?? 0 <= 1,
        try Bool.fetchOne(
          database,
          sql: """
            SELECT EXISTS (
              SELECT 1 FROM customer WHERE account = ? AND subscription IS NOT NULL)
            """, arguments: [account.id]) ?? false
      )
    }
    guard isConfirmed || !(needsConfirmation || isLast) else {
      throw PlatformError.unconfirmedDeletion
    }
    // Else the provider would go on to charge somebody who has no account.
    guard !hasSubscription else { throw PlatformError.activeSubscription }
    try await AccountRepository(database: database, clock: clock).delete(account.username)
    try await store.collect()
  }
}
#endif
