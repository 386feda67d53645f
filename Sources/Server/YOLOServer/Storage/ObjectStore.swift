#if Server
import GRDB
package import Logging
import NIOPosix
import YOLOSystem

/// The files of a platform, each content once, by the SHA-256 of its bytes.
///
/// An object is written beside the store, synchronized to the disk and renamed; then its row and
/// the reference of who needs it are added. It is removed once nobody references it: first its row,
/// then its file. Renaming and removing happen under the lock of the database's writer, so that
/// several processes may use a store at once. After a crash at any point every row has its file; a
/// file without a row, and an unfinished one, are removed by ``recover()``.
package struct ObjectStore: Sendable {
  /// What has just been done; tests stop there.
  package enum Step: String, Sendable, CaseIterable {
    /// Storing: nothing yet but the lock.
    case storing
    case renamed
    case synchronized
    case inserted
    /// Removing: rows are removed, but the transaction is not ended.
    case unlisted
    case unlistedForGood
    case unlinked
  }

  /// The database of the platform.
  package let database: PlatformDatabase
  let files: ObjectFiles
  let logger: Logger
  private let budget = StagingBudget()
  private let onStep: @Sendable (Step) throws -> Void

  /// Opens a store; creates its directories if they are not there.
  package init(
    database: PlatformDatabase, logger: Logger,
    onStep: @escaping @Sendable (Step) throws -> Void = { _ in }
  ) throws(PlatformError) {
    self.database = database
    self.logger = logger
    self.onStep = onStep
    do throws(StorageError) {
      files = try ObjectFiles(data: database.directory)
    } catch {
      throw .storage(error)
    }
  }

  /// Begins an object of an account; ``put(_:as:of:)`` makes it one of the store.
  package func begin(for account: Account) async throws(PlatformError) -> ObjectWriter {
    let used = try await database.read { try ObjectTable.use($0, of: account.id) }
    let reservation = StagingReservation(of: account, used: used, budget: budget)
    do throws(StorageError) {
      return try ObjectWriter(directory: files.staging, reservation: reservation)
    } catch {
      throw .storage(error)
    }
  }

  /// Stores an object, in place of the one that was at the reference.
  ///
  /// - Throws: `PlatformError.storageFull` if the account has no room for it.
  package func put(
    _ staged: StagedObject, as reference: ObjectReference, of account: Account
  ) async throws(PlatformError) {
    try await put([(staged, reference)], of: account)
  }

  /// Stores objects, all or none, in one transaction.
  package func put(
    _ objects: [(staged: StagedObject, reference: ObjectReference)], of account: Account
  ) async throws(PlatformError) {
    try await put(objects, of: account) { _ in }
  }

  /// Stores bytes that are in memory.
  ///
  /// - Returns: The object.
  package func put(
    _ bytes: [UInt8], as reference: ObjectReference, of account: Account
  ) async throws -> StoredObject {
    let writer = try await begin(for: account)
    try await writer.append(bytes)
    let staged = try await writer.finish()
    try await put(staged, as: reference, of: account)
    return staged.object
  }

  /// References an object that is in the store already.
  ///
  /// - Throws: `PlatformError.storage(.unknown)` if it is not, also if it was removed meanwhile.
  package func adopt(
    _ digest: ObjectDigest, as reference: ObjectReference, of account: Account
  ) async throws(PlatformError) {
    try await database.writeDurably { database in
      try ObjectTable.adopt(database, digest, as: reference, of: account)
    }
    try await collect()
  }

  /// Removes references, and the objects that nobody needs then.
  package func release(_ references: [ObjectReference]) async throws(PlatformError) {
    try await database.write { database in
      for reference in references { try ObjectTable.release(database, reference) }
    }
    try await collect()
  }

  /// Removes all references of a resource, and the objects that nobody needs then.
  package func release(_ kind: ObjectKind, owner: String) async throws(PlatformError) {
    try await database.write { try ObjectTable.release($0, kind, owner: owner) }
    try await collect()
  }

  /// Returns the object at a reference.
  package func object(
    at reference: ObjectReference
  ) async throws(PlatformError) -> StoredObject? {
    try await database.read { try ObjectTable.object($0, at: reference) }
  }

  /// Opens the object at a reference.
  ///
  /// - Throws: `PlatformError.storage(.unknown)` if there is none.
  package func open(_ reference: ObjectReference) async throws(PlatformError) -> ObjectReader {
    var object: StoredObject?
    while true {
      guard let found = try await self.object(at: reference) else {
        throw .storage(.unknown("file \(reference)"))
      }
      do throws(PlatformError) {
        return try await open(found)
      } catch {
        // It may have been replaced and removed since it was looked up.
        guard case .storage(.damaged(_, _, nil)) = error, found != object else { throw error }
        object = found
      }
    }
  }

  /// Opens an object.
  package func open(_ object: StoredObject) async throws(PlatformError) -> ObjectReader {
    try await onThread { [files] in
      try ObjectReader(object, at: files.path(of: object.digest))
    }
  }

  /// Returns where the bytes of an object are, for programs that read files; it may only be read,
  /// and is there as long as it is referenced.
  package func path(of digest: ObjectDigest) -> String { files.path(of: digest) }

  /// Returns the bytes of all objects that an account references, each counted once.
  package func use(of account: Account) async throws(PlatformError) -> Int {
    try await database.read { try ObjectTable.use($0, of: account.id) }
  }
}

extension ObjectStore {
  /// Stores objects and does something else in the same transaction.
  func put<Value: Sendable>(
    _ objects: [(staged: StagedObject, reference: ObjectReference)], of account: Account,
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(PlatformError) -> Value {
    let value: Value
    do throws(PlatformError) {
      value = try await database.writeDurably { [files, onStep] database in
        try onStep(.storing)
        for (staged, _) in objects {
          let digest = staged.object.digest
          // A file that was damaged from outside is mended by the way.
          let isStored =
            try ObjectTable.object(database, digest) != nil
            && files.bytes(of: digest) == staged.object.bytes
          if !isStored { try files.place(staged) }
        }
        try onStep(.renamed)
        try files.synchronize(objects.map(\.staged.object.digest))
        try onStep(.synchronized)
        for (staged, reference) in objects {
          try ObjectTable.insert(database, staged.object)
          try ObjectTable.adopt(database, staged.object.digest, as: reference, of: account)
        }
        let value = try body(database)
        try onStep(.inserted)
        return value
      }
    } catch {
      await removeUnlisted(objects.map(\.staged.object.digest))
      throw error
    }
    await collectQuietly()
    return value
  }

  /// Removes the objects that nobody references.
  ///
  /// - Returns: How many there were.
  @discardableResult
  package func collect() async throws(PlatformError) -> Int {
    var count = 0
    while try await database.read({ try ObjectTable.hasUnreferenced($0) }) {
      let digests = try await database.writeDurably { [onStep] database in
        let digests = try ObjectTable.takeUnreferenced(database, maximum: 200)
        try onStep(.unlisted)
        return digests
      }
      count += digests.count
      try reached(.unlistedForGood)
      await removeUnlisted(digests)
      try reached(.unlinked)
    }
    return count
  }

  /// The same after something that is done already, whatever becomes of it.
  func collectQuietly() async {
    do throws(PlatformError) {
      try await collect()
    } catch {
      logger.error("objects that nobody needs were not removed", metadata: ["error": "\(error)"])
    }
  }

  /// Removes the files of objects that have no rows, also if the task is cancelled.
  func removeUnlisted(_ digests: [ObjectDigest]) async {
    await Task {
      do throws(PlatformError) {
        try await database.write { [files] database in
          for digest in digests where try ObjectTable.object(database, digest) == nil {
            try files.remove(digest)
          }
        }
      } catch {
        logger.error(
          "files of objects that nobody needs were not removed; the next start does it",
          metadata: ["error": "\(error)"])
      }
    }.value
  }

  private func reached(_ step: Step) throws(PlatformError) {
    do { try onStep(step) } catch { throw PlatformError(error, path: files.directory) }
  }

  /// Runs what waits for the disk on a thread that may.
  func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws(PlatformError) -> Value {
    do {
      return try await NIOThreadPool.singleton.runIfActive(body)
    } catch {
      throw PlatformError(error, path: files.directory)
    }
  }
}
#endif
