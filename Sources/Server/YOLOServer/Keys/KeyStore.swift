#if Server
import GRDB
import Synchronization

/// The keys of the API and the calls that they have made, in one SQLite file.
///
/// Several servers on one machine, and `yolo keys`, may use one file at once: limits are shared,
/// and what one process changes, the others see within ``KeyStore/freshness``. Only a SHA-256 of
/// each key is stored. No method blocks its caller's thread: the database has threads of its own.
package final class KeyStore: Sendable {
  /// The length of the window of calls in seconds.
  package static let hour = 3600
  /// How precisely the last use of a key is known, in seconds.
  static let useInterval = 86_400

  /// The file.
  package let path: String
  /// How old the known keys may be when one is verified.
  package let freshness: Duration

  let pool: DatabasePool
  /// Whether keys belong to accounts.
  let hasAccounts: Bool
  let clock: @Sendable () -> Int
  let cache = Mutex(KeyCache())

  /// Opens the file; makes it, with a mode of 0600, and its directories, 0700, if they are not
  /// there.
  ///
  /// This reads the disk: call it before the server answers. With `creates` false a file that is
  /// not there is an error.
  package init(
    path: String, creates: Bool = true, freshness: Duration = .seconds(1),
    clock: @escaping @Sendable () -> Int = SystemTime.now
  ) throws(KeyStoreError) {
    self.path = path
    self.freshness = freshness
    self.clock = clock
    hasAccounts = false
    do {
      pool = try DatabaseFile.open(path, label: "keys", creates: creates)
      try DatabaseSchema.keys.prepare(pool, path: path)
    } catch {
      throw KeyStoreError(error, path: path)
    }
  }

  /// Reads the keys of a platform, which are known anew for each request: a key that any process
  /// has revoked is refused at once.
  package init(
    platform: PlatformDatabase, freshness: Duration = .zero,
    clock: @escaping @Sendable () -> Int = SystemTime.now
  ) {
    path = platform.path
    self.freshness = freshness
    self.clock = clock
    pool = platform.pool
    hasAccounts = true
  }

  /// Creates a key that may use the models of these names, or all if nil.
  ///
  /// The key is returned here and can never be read again.
  package func create(
    name: String, models: Set<String>?
  ) async throws(KeyStoreError) -> (key: String, record: KeyRecord) {
    try KeyRequest.check(name: name, models: models)
    let key = KeyText.random()
    let digest = KeyDigest(of: key)
    let now = clock()
    let record = try await write { database in
      try KeyTable.insert(database, name: name, models: models, digest: digest, created: now)
    }
    cache.withLock { $0.checked = nil }
    return (key, record)
  }

  /// Returns all keys, the revoked ones too, oldest first.
  package func list() async throws(KeyStoreError) -> [KeyRecord] {
    try await read { database in try KeyTable.rows(database).map { $0.record(accounts: [:]) } }
  }

  /// Revokes a key for ever and returns its record; a key that is revoked stays as it is.
  @discardableResult
  package func revoke(id: KeyRecord.ID) async throws(KeyStoreError) -> KeyRecord {
    let now = clock()
    let record = try await write { database in
      try KeyTable.revoke(database, id: id, now: now)
    }
    cache.withLock { $0.checked = nil }
    guard let record else { throw .unknownKey(path: path, id: id) }
    return record
  }

  /// Counts a call of a key against its limit of an hour, which begins with its first call.
  ///
  /// The count is shared with all processes that use the file, and outlives them. `now` is in
  /// seconds since 1970. With a limit of 0 nothing is counted or written.
  package func countCall(
    of id: KeyRecord.ID, limit: Int, now: Int
  ) async throws(KeyStoreError) -> RateState {
    guard limit > 0 else {
      return RateState(limit: 0, remaining: .max, reset: now, isAllowed: true)
    }
    let hour = try await writeOnce { database in
      try KeyTable.countCall(database, of: id, limit: limit, now: now, length: Self.hour)
    }
    guard let hour else { throw .unknownKey(path: path, id: id) }
    return RateState(
      limit: limit, remaining: max(0, limit - hour.calls), reset: hour.start + Self.hour,
      isAllowed: hour.calls <= limit)
  }
}

extension KeyStore {
  /// Reads the database on one of its threads.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(KeyStoreError) -> Value {
    do { return try await pool.read(body) } catch { throw KeyStoreError(error, path: path) }
  }

  /// Writes the database on its thread, in a transaction.
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(KeyStoreError) -> Value {
    do { return try await pool.write(body) } catch { throw KeyStoreError(error, path: path) }
  }

  /// Writes by one statement, which is a transaction by itself.
  func writeOnce<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(KeyStoreError) -> Value {
    do {
      return try await pool.writeWithoutTransaction(body)
    } catch {
      throw KeyStoreError(error, path: path)
    }
  }
}
#endif
