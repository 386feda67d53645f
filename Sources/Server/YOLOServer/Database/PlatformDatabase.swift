#if Server
import GRDB
import Logging
import YOLOOutbound
import YOLOServerOptions
import YOLOSystem

/// What a platform keeps.
struct Platform: Sendable {
  /// Its tables.
  let database: PlatformDatabase
  /// Its files.
  let store: ObjectStore
  /// The files that are being sent to it.
  let uploads: UploadRepository
  /// What signs the addresses of files.
  let signer: AddressSigner
  /// What sends requests to other servers.
  let outbound = OutboundClient()
  /// Who is told of events, and of what.
  let webhooks: WebhookRepository
  /// What exports and deletes all that is kept of an account.
  let privacy: PrivacyRepository
  /// Where money is paid; nil if there is nobody.
  let provider: PaymentProvider?

  /// Opens the files that belong to a database, and brings them in order.
  init(
    database: PlatformDatabase, settings: ServerSettings, logger: Logger
  ) async throws(PlatformError) {
    provider = try PaymentProvider(settings: settings, client: outbound, logger: logger)
    self.database = database
    store = try ObjectStore(database: database, logger: logger)
    uploads = UploadRepository(store: store)
    privacy = PrivacyRepository(store: store, clock: SystemTime.now)
    webhooks = WebhookRepository(database: database, clock: SystemTime.now)
    signer = try await AddressSigner(database: database)
    try await store.recover()
  }
}

/// The database of a platform, `platform.sqlite` in the directory of its data.
///
/// Several processes may use it at once. No method blocks its caller's thread.
package final class PlatformDatabase: Sendable {
  /// The name of the file.
  package static let fileName = "platform.sqlite"

  /// The directory of all data.
  package let directory: String
  /// The file of the database.
  package let path: String

  let pool: DatabasePool

  /// Opens the database; creates the directory, with a mode of 0700, and the file, with 0600, if
  /// they are not there.
  ///
  /// This reads the disk: call it before the server answers. With `creates` false a file that is
  /// not there is an error.
  package init(directory: String, creates: Bool) throws(PlatformError) {
    self.directory = directory
    path = directory.hasSuffix("/") ? directory + Self.fileName : "\(directory)/\(Self.fileName)"
    do {
      pool = try DatabaseFile.open(path, label: "platform", creates: creates)
      try DatabaseSchema.platform.prepare(pool, path: path)
    } catch {
      throw PlatformError(error, path: path)
    }
  }

  /// Reads on one of the database's threads.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(PlatformError) -> Value {
    do { return try await pool.read(body) } catch { throw PlatformError(error, path: path) }
  }

  /// Writes on the database's thread, in a transaction.
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(PlatformError) -> Value {
    do { return try await pool.write(body) } catch { throw PlatformError(error, path: path) }
  }

  /// Writes in a transaction that, with all before it, is on the disk once this returns: other
  /// transactions outlive a crash of the process, but not always one of the machine.
  func writeDurably<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(PlatformError) -> Value {
    do {
      return try await pool.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA synchronous = FULL")
        let result = Result {
          var value: Value?
          try database.inTransaction(.immediate) {
            value = try body(database)
            return .commit
          }
          return value
        }
        try database.execute(sql: "PRAGMA synchronous = NORMAL")
        guard let value = try result.get() else { throw DatabaseError(resultCode: .SQLITE_ABORT) }
        return value
      }
    } catch {
      throw PlatformError(error, path: path)
    }
  }
}
#endif
