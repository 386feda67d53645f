#if Server
import Foundation
import GRDB
import YOLOCryptography
import YOLOServerOptions
import YOLOSystem

/// Restores a platform from what ``PlatformBackup`` wrote; every file is checked.
///
/// An archive is nobody's friend: only the files that a backup has come out of it, in their order,
/// into a directory beside the target, which gets its name once everything is there and right.
package struct PlatformRestore: Sendable {
  let archive: String

  /// Prepares to restore an archive.
  package init(archive: String) { self.archive = archive }

  /// Restores the platform into a directory that there is not yet, or that is empty.
  ///
  /// This waits for the disk.
  package func write(to directory: String) throws(BackupError) -> PlatformBackup.Summary {
    do {
      try Self.checkTarget(directory)
      let reader = try TarReader(path: archive)
      var target = directory
      while target.count > 1, target.hasSuffix("/") { target.removeLast() }
      let staging = AtomicFile.temporaryPath(for: target, suffix: ".restore")
      try FileSystem.makeDirectories(FilePath.directory(of: target))
      try FileSystem.makeDirectory(staging, mode: 0o700)
      defer { FileSystem.removeTree(staging) }
      let summary = try extract(reader, to: staging)
      // Everything at once: to wait for each of a million files takes hours.
      sync()
      try Self.checkTarget(directory)
      if FileSystem.entryExists(target), rmdir(target.pathCharacters) != 0 {
        throw FileError(lastErrorAt: target)
      }
      try FileSystem.move(staging, to: target)
      return summary
    } catch {
      throw BackupError(error, path: archive)
    }
  }

  private static func checkTarget(_ directory: String) throws {
    guard !directory.isEmpty else { throw FileError(directory, .system(ENOENT)) }
    guard FileSystem.entryExists(directory) else { return }
    guard FileSystem.isDirectory(directory), !FileSystem.isLink(directory),
      try FileSystem.names(in: directory).isEmpty
    else { throw BackupError.exists(path: directory) }
  }

  private func extract(
    _ reader: TarReader, to staging: String
  ) throws -> PlatformBackup.Summary {
    func next() throws -> TarBlock.Entry {
      guard let entry = try reader.next() else { throw reader.damaged("it ends too early") }
      return entry
    }
    let first = try next()
    guard first.name == BackupManifest.name, first.bytes <= BackupManifest.maximumBytes else {
      throw reader.damaged("it does not begin with a manifest")
    }
    var json: [UInt8] = []
    try reader.read(first) { json += $0 }
    let manifest = try BackupManifest(json, archive: archive)
    let database = try next()
    let path = "\(staging)/\(PlatformDatabase.fileName)"
    guard database.name == PlatformDatabase.fileName, database.bytes == manifest.database.bytes,
      try write(database, of: reader, to: path) == manifest.database.sha256
    else { throw reader.damaged("its database is not the one of its manifest") }
    let objects = try listed(path, of: reader)
    guard objects.count == manifest.objects.count,
      objects.reduce(0, { $0 &+ $1.bytes }) == manifest.objects.bytes
    else { throw reader.damaged("its database has other objects than its manifest") }
    try FileSystem.makeDirectory("\(staging)/objects", mode: 0o700)
    try FileSystem.makeDirectory("\(staging)/objects/tmp", mode: 0o700)
    var shard = ""
    for object in objects {
      let entry = try next()
      guard entry.name == "objects/\(object.digest.shard)/\(object.digest)",
        entry.bytes == object.bytes
      else { throw reader.damaged("the object \(object.digest) is missing") }
      if shard != object.digest.shard {
        shard = object.digest.shard
        try FileSystem.makeDirectory("\(staging)/objects/\(shard)", mode: 0o700)
      }
      guard
        try write(entry, of: reader, to: "\(staging)/\(entry.name)") == object.digest.description
      else { throw reader.damaged("the object \(object.digest) has another content") }
    }
    if !manifest.models.isEmpty {
      try FileSystem.makeDirectory("\(staging)/models", mode: 0o700)
    }
    for model in manifest.models {
      let entry = try next()
      guard entry.name == "models/\(model.name)", entry.bytes == model.bytes else {
        throw reader.damaged("the model \(model.name) is missing")
      }
      _ = try write(entry, of: reader, to: "\(staging)/\(entry.name)")
    }
    let last = try next()
    let digest = reader.digestBeforeHeader
    guard last.name == TarWriter.checksumName, last.bytes == 2 * SHA256.byteCount else {
      throw reader.damaged("it has files that no backup has")
    }
    var checksum: [UInt8] = []
    try reader.read(last) { checksum += $0 }
    guard checksum == Array(digest.hexadecimal.utf8) else {
      throw reader.damaged("its checksum is another")
    }
    guard try reader.next() == nil else { throw reader.damaged("something follows its checksum") }
    return PlatformBackup.Summary(
      objects: objects.count, objectBytes: manifest.objects.bytes, models: manifest.models.count)
  }

  /// Writes a file of the archive; returns its SHA-256.
  private func write(
    _ entry: TarBlock.Entry, of reader: TarReader, to path: String
  ) throws -> String {
    let descriptor = FileSystem.createFile(path, mode: 0o600)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
    defer { close(descriptor) }
    var hash = SHA256()
    try reader.read(entry) { piece in
      hash.update(piece.span.bytes)
      let error = piece.withUnsafeBytes { FileSystem.write($0, to: descriptor) }
      if let error { throw FileError(path, .system(error)) }
    }
    return hash.digest().hexadecimal
  }

  /// Checks the database, and returns its objects.
  private func listed(_ path: String, of reader: TarReader) throws -> [StoredObject] {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA trusted_schema = OFF") }
    do {
      return try DatabaseQueue(path: path, configuration: configuration).read { database in
        guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
          throw reader.damaged("its database is damaged")
        }
        guard
          try Int.fetchOne(database, sql: "PRAGMA application_id")
            == DatabaseSchema.platform.applicationID
        else { throw reader.damaged("its database is not that of a platform") }
        guard try !DatabaseSchema.platform.migrator.hasBeenSuperseded(database) else {
          throw KeyStoreError.newer(path: archive)
        }
        // A view could be any query.
        guard
          try String.fetchOne(database, sql: "SELECT type FROM sqlite_schema WHERE name = 'blob'")
            == "table"
        else { throw reader.damaged("its database has no objects") }
        let rows = try Row.fetchAll(database, sql: "SELECT sha, bytes FROM blob ORDER BY sha")
        return try rows.map { row -> StoredObject in
          guard let sha = String.fromDatabaseValue(row[0]), let digest = ObjectDigest(sha),
            let bytes = Int.fromDatabaseValue(row[1]), bytes >= 0
          else { throw reader.damaged("its database has objects that are none") }
          return StoredObject(digest: digest, bytes: bytes)
        }
      }
    } catch let error as DatabaseError {
      throw reader.damaged("its database cannot be read: \(error.message ?? "\(error.resultCode)")")
    }
  }
}
#endif
