#if Server
package import NIOCore
import NIOPosix
import Synchronization
import YOLOCryptography
import YOLOSystem

/// Writes an object piece by piece, and digests it as it goes.
///
/// The bytes go to a file in the directory of unfinished objects, which is locked as long as this
/// process needs it, and goes with the last reference to the writer or what it returned.
package final class ObjectWriter: Sendable {
  private let file: StagingFile
  private let reservation: StagingReservation
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var hash = SHA256()
    var bytes = 0
  }

  init(directory: String, reservation: StagingReservation) throws(StorageError) {
    file = try StagingFile(directory: directory)
    self.reservation = reservation
    state = Mutex(State())
  }

  /// The bytes so far.
  package var bytes: Int { state.withLock { $0.bytes } }

  /// Appends bytes, on a thread that may wait for the disk; not to be called twice at once.
  ///
  /// - Throws: `PlatformError.storageFull` if the account has no room for them, or
  ///   `PlatformError.storage`.
  package func append(_ pieces: [ByteBuffer]) async throws {
    try reservation.grow(by: pieces.reduce(0) { $0 + $1.readableBytes })
    try await NIOThreadPool.singleton.runIfActive { [self] in
      for piece in pieces {
        let error = piece.withUnsafeReadableBytes { FileSystem.write($0, to: file.descriptor) }
        if let error { throw PlatformError.storage(StorageError(error, at: file.path)) }
        state.withLock { state in
          state.hash.update(piece.readableBytesSpan)
          state.bytes += piece.readableBytes
        }
      }
    }
  }

  /// Appends bytes that are in memory.
  package func append(_ bytes: [UInt8]) async throws {
    try await append([ByteBuffer(bytes: bytes)])
  }

  /// Appends all pieces of a body, of `maximum` bytes in all.
  ///
  /// - Throws: ``BodyTooLong`` as soon as there are more, else what `body` throws, or as for bytes.
  package func append(
    _ body: some AsyncSequence<ByteBuffer, any Error>, maximum: Int
  ) async throws {
    var pieces: [ByteBuffer] = []
    var waiting = 0
    var total = 0
    for try await piece in body {
      waiting += piece.readableBytes
      total += piece.readableBytes
      guard total <= maximum else { throw BodyTooLong() }
      pieces.append(piece)
      if waiting >= Self.pieceSize {
        try await append(pieces)
        pieces = []
        waiting = 0
      }
    }
    try await append(pieces)
  }

  /// The bytes that are written at once: what a transfer holds in memory.
  private static let pieceSize = 256 << 10

  /// A body has more bytes than were announced.
  package struct BodyTooLong: Error {}

  /// Ends the object: its bytes are on the disk once this returns.
  package func finish() async throws -> StagedObject {
    try await NIOThreadPool.singleton.runIfActive { [self] in
      guard fsync(file.descriptor) == 0 else {
        throw PlatformError.storage(StorageError(lastErrorAt: file.path))
      }
      let (digest, bytes) = state.withLock { state in
        var hash = SHA256()
        swap(&hash, &state.hash)
        return (ObjectDigest(bytes: hash.digest()), state.bytes)
      }
      return StagedObject(
        object: StoredObject(digest: digest, bytes: bytes), file: file, reservation: reservation)
    }
  }
}

/// An object that is written, but not yet one of the store.
package final class StagedObject: Sendable {
  /// What it will be in the store.
  package let object: StoredObject
  let file: StagingFile
  private let reservation: StagingReservation

  init(object: StoredObject, file: StagingFile, reservation: StagingReservation) {
    self.object = object
    self.file = file
    self.reservation = reservation
  }

  /// Where the bytes are, to be read before they are stored.
  package var path: String { file.path }
}

/// A file of an unfinished object, locked as long as this process needs it.
///
/// A file that nobody has locked was left behind by a process that has ended.
final class StagingFile: Sendable {
  /// What its name begins with.
  static let prefix = "object-"

  let path: String
  let descriptor: Int32
  private let isMoved = Mutex(false)

  init(directory: String) throws(StorageError) {
    while true {
      let path = "\(directory)/\(Self.prefix)\(String(UInt64.random(in: .min ... .max), radix: 36))"
      let descriptor = FileSystem.createFile(path, mode: 0o600)
      if descriptor < 0, errno == EEXIST { continue }
      guard descriptor >= 0 else { throw StorageError(lastErrorAt: path) }
      // A process that starts may have found the file before it was locked, and removed it.
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0, access(path, F_OK) == 0 {
        self.path = path
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
  }

  deinit {
    if !isMoved.withLock({ $0 }) { unlink(path) }
    close(descriptor)
  }

  /// Moves the file to its name in the store.
  func move(to target: String) throws(StorageError) {
    let error: Int32? = isMoved.withLock { isMoved in
      guard rename(path, target) == 0 else { return errno }
      isMoved = true
      return nil
    }
    if let error { throw StorageError(error, at: target) }
  }

  /// Removes a file that nobody has locked; returns whether it did.
  static func removeIfAbandoned(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0 && unlink(path) == 0
  }
}

/// The bytes of unfinished objects of each account, so that all of them together stay within its
/// limit, too.
final class StagingBudget: Sendable {
  private let bytes = Mutex<[Account.ID: Int]>([:])

  fileprivate func grow(_ account: Account.ID, by count: Int, maximum: Int) -> Bool {
    bytes.withLock { bytes in
      let after = bytes[account, default: 0] + count
      guard after <= maximum else { return false }
      bytes[account] = after
      return true
    }
  }

  fileprivate func shrink(_ account: Account.ID, by count: Int) {
    bytes.withLock { bytes in
      let after = bytes[account, default: 0] - count
      bytes[account] = after > 0 ? after : nil
    }
  }
}

/// The bytes of one unfinished object; they are free again when the last reference goes.
final class StagingReservation: Sendable {
  private let budget: StagingBudget
  private let account: Account
  /// What the account used when the object was begun.
  private let used: Int
  private let count = Mutex(0)

  init(of account: Account, used: Int, budget: StagingBudget) {
    self.account = account
    self.used = used
    self.budget = budget
  }

  deinit { budget.shrink(account.id, by: count.withLock { $0 }) }

  func grow(by bytes: Int) throws(PlatformError) {
    let limit = account.limits.storageBytes
    guard budget.grow(account.id, by: bytes, maximum: max(0, limit - used)) else {
      throw .storageFull(used: used, adding: count.withLock { $0 } + bytes, limit: limit)
    }
    count.withLock { $0 += bytes }
  }
}
#endif
