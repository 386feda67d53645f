#if Server
import GRDB
import YOLOSystem

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
}
#endif
