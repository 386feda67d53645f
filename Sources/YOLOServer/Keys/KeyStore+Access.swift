#if Server
import GRDB

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
