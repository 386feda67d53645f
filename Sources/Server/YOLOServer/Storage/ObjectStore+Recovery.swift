#if Server
import Logging
import ServiceLifecycle
import YOLOCryptography
import YOLOSystem

/// What a start found that a crash or somebody else had left behind.
package struct StorageRecovery: Sendable, Hashable {
  /// Unfinished objects that were removed.
  package var unfinished = 0
  /// Files without a row that were removed.
  package var unlisted = 0
  /// Objects that nobody needed, which were removed.
  package var unreferenced = 0
  /// Objects that somebody needs and whose files are missing or of another size.
  package var damaged: [ObjectDigest] = []
  /// Paths that are no objects; they are left alone.
  package var foreign: [String] = []

  /// Whether there was nothing of all that.
  package var isEmpty: Bool { self == StorageRecovery() }
}

extension ObjectStore {
  /// Brings rows and files together, and writes to the log what was amiss.
  ///
  /// Other processes may use the store meanwhile. This reads the size of every object.
  @discardableResult
  package func recover() async throws(PlatformError) -> StorageRecovery {
    var found = StorageRecovery()
    found.unreferenced = try await collect()
    let top = try await onThread { [files] in try FileSystem.names(in: files.directory) }
    found.unfinished = try await onThread { [files] in
      try FileSystem.names(in: files.staging)
        .filter { $0.hasPrefix(StagingFile.prefix) }
        .count { StagingFile.removeIfAbandoned("\(files.staging)/\($0)") }
    }
    let shards = Set(top.filter { $0.utf8.count == 2 && [UInt8](hexadecimal: $0) != nil })
    found.foreign = top.filter { $0 != "tmp" && !shards.contains($0) }
    for index in 0..<256 {
      let shard = [UInt8(index)].hexadecimal
      try await recover(shard: shard, hasDirectory: shards.contains(shard), &found)
    }
    report(found)
    return found
  }

  private func recover(
    shard: String, hasDirectory: Bool, _ found: inout StorageRecovery
  ) async throws(PlatformError) {
    // The files first: an object that is stored in between has its row by then.
    let names =
      hasDirectory
      ? try await onThread { [files] in try FileSystem.names(in: "\(files.directory)/\(shard)") }
      : []
    let rows = try await database.read { try ObjectTable.objects($0, inShard: shard) }
    let listed = Set(rows.map(\.digest.description))
    var unlisted: [ObjectDigest] = []
    for name in names where !listed.contains(name) {
      if let digest = ObjectDigest(name), digest.description == name, digest.shard == shard {
        unlisted.append(digest)
      } else {
        found.foreign.append("\(shard)/\(name)")
      }
    }
    await removeUnlisted(unlisted)
    let suspects = try await onThread { [files] in
      rows.filter { files.bytes(of: $0.digest) != $0.bytes }.map(\.digest)
    }
    let remaining = try await onThread { [files, unlisted] in
      unlisted.filter { files.bytes(of: $0) != nil }
    }
    // What another process has listed or removed meanwhile is none of these.
    let (stillListed, references) = try await database.read { database in
      (
        try Set(remaining.filter { try ObjectTable.object(database, $0) != nil }),
        try suspects.map { ($0, try ObjectTable.references(database, to: $0)) }
      )
    }
    found.unlisted += unlisted.count - stillListed.count
    for (digest, references) in references where !references.isEmpty {
      found.damaged.append(digest)
      logger.critical(
        "an object is missing or has another size: its file was changed from outside",
        metadata: [
          "path": "\(path(of: digest))",
          "references": "\(references.prefix(5).joined(separator: ", "))",
          "count": "\(references.count)",
        ])
    }
  }

  private func report(_ found: StorageRecovery) {
    guard !found.isEmpty else {
      logger.debug("the object store is consistent")
      return
    }
    logger.notice(
      "the object store was brought in order",
      metadata: [
        "unfinished": "\(found.unfinished)", "unlisted": "\(found.unlisted)",
        "unreferenced": "\(found.unreferenced)", "damaged": "\(found.damaged.count)",
      ])
    if !found.foreign.isEmpty {
      logger.warning(
        "there are files among the objects that are none; they are left alone",
        metadata: ["paths": "\(found.foreign.sorted().prefix(5).joined(separator: ", "))"])
    }
  }
}

/// Removes, now and then, what nobody needs any more: uploads that were not redeemed in time, and
/// what other processes let go.
struct StorageSweep: Service {
  /// The time between two sweeps.
  static let interval = Duration.seconds(60)

  let uploads: UploadRepository
  let privacy: PrivacyRepository

  func run() async {
    while !Task.isShuttingDownGracefully {
      do { try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) } } catch
      { return }
      do throws(PlatformError) {
        try await uploads.sweep()
        try await privacy.sweep()
      } catch {
        uploads.store.logger.error(
          "old uploads and exports were not removed", metadata: ["error": "\(error)"])
      }
      await uploads.store.collectQuietly()
    }
  }
}
#endif
