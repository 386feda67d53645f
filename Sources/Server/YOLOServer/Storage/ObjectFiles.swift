#if Server
package import NIOCore
import NIOPosix
import YOLOSystem

/// The files of objects: `ab/ab…` by their digests, and unfinished ones in `tmp`.
struct ObjectFiles: Sendable {
  /// The directory of all objects.
  let directory: String
  /// The directory of unfinished objects, on the same file system.
  let staging: String

  /// Creates the directories, with a mode of 0700, if they are not there.
  init(data: String) throws(StorageError) {
    directory = FilePath.joined(data, "objects")
    staging = "\(directory)/tmp"
    for path in [directory, staging] {
      guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw StorageError(lastErrorAt: path)
      }
    }
  }

  /// Returns where an object is.
  func path(of digest: ObjectDigest) -> String {
    "\(directory)/\(digest.shard)/\(digest)"
  }

  /// Returns the size of an object; nil if it is not there.
  func bytes(of digest: ObjectDigest) -> Int? {
    let descriptor = open(path(of: digest), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let end = lseek(descriptor, 0, SEEK_END)
    return end >= 0 ? Int(end) : nil
  }

  /// Moves a finished object to its name; it has it for good after ``synchronize(_:)`` only.
  func place(_ staged: StagedObject) throws(StorageError) {
    let shard = "\(directory)/\(staged.object.digest.shard)"
    if mkdir(shard, 0o700) == 0 {
      try Self.synchronize(directory: directory)
    } else if errno != EEXIST {
      throw StorageError(lastErrorAt: shard)
    }
    try staged.file.move(to: path(of: staged.object.digest))
  }

  /// Waits until the names of objects are on the disk.
  func synchronize(_ digests: [ObjectDigest]) throws(StorageError) {
    for shard in Set(digests.map(\.shard)) {
      try Self.synchronize(directory: "\(directory)/\(shard)")
    }
  }

  /// Removes the file of an object, if there is one.
  func remove(_ digest: ObjectDigest) throws(StorageError) {
    let path = path(of: digest)
    guard unlink(path) == 0 || errno == ENOENT else { throw StorageError(lastErrorAt: path) }
  }

  private static func synchronize(directory path: String) throws(StorageError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw StorageError(lastErrorAt: path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw StorageError(lastErrorAt: path) }
  }
}

/// Reads an object of the store; it can be read to its end even if it is removed meanwhile.
package final class ObjectReader: Sendable {
  /// What is read.
  package let object: StoredObject
  private let path: String
  private let descriptor: Int32

  /// Opens the file of an object; this reads the disk.
  init(_ object: StoredObject, at path: String) throws(StorageError) {
    self.object = object
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      guard errno == ENOENT else { throw StorageError(lastErrorAt: path) }
      throw .damaged(path: path, expectedBytes: object.bytes, foundBytes: nil)
    }
    // The descriptor is closed by `deinit`, which runs once all properties are set.
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else { throw StorageError(lastErrorAt: path) }
    guard Int(end) == object.bytes else {
      throw .damaged(path: path, expectedBytes: object.bytes, foundBytes: Int(end))
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Reads bytes, on a thread that may wait for the disk.
  ///
  /// - Parameters:
  ///   - offset: The first byte.
  ///   - count: How many; fewer only at the end of the object.
  /// - Returns: The bytes.
  /// - Throws: `PlatformError.storage` if they cannot be read.
  package func read(at offset: Int, count: Int) async throws -> ByteBuffer {
    try await NIOThreadPool.singleton.runIfActive { [self] in
      try readBlocking(at: offset, count: count)
    }
  }

  /// The same on the caller's thread.
  package func readBlocking(at offset: Int, count: Int) throws(PlatformError) -> ByteBuffer {
    let count = max(0, min(count, object.bytes - offset))
    var buffer = ByteBufferAllocator().buffer(capacity: count)
    while buffer.readableBytes < count {
      let wanted = count - buffer.readableBytes
      let position = offset + buffer.readableBytes
      // SAFETY: writes at most `wanted` bytes behind those that are readable; as many are free.
      let got = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { target in
        max(0, pread(descriptor, target.baseAddress, wanted, off_t(position)))
      }
      guard got > 0 else {
        if errno == EINTR { continue }
        throw .storage(.damaged(path: path, expectedBytes: object.bytes, foundBytes: position))
      }
    }
    return buffer
  }
}
#endif
