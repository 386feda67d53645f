#if Server
import Foundation
import GRDB
import YOLO
import YOLOCryptography
import YOLOServerOptions
import YOLOSystem

/// Writes a platform into one file, also while servers use it.
///
/// The file is an archive of tar: a manifest, the database as of one moment, each object that it
/// refers to, the models of the directory, and a checksum of all of it. It has everything of all
/// accounts, what signs addresses and webhooks among it, so that only its owner may read it.
package struct PlatformBackup: Sendable {
  /// What was written.
  package struct Summary: Sendable, Hashable {
    package let objects: Int
    package let objectBytes: Int
    package let models: Int
  }

  /// How often the database is copied beside writers, if objects that it has are removed meanwhile;
  /// after that, writers wait for one copy.
  private static let freeTries = 5

  let directory: String
  let clock: @Sendable () -> Int

  /// Prepares the backup of a directory of data.
  package init(
    directory: String, clock: @escaping @Sendable () -> Int = SystemTime.now
  ) {
    self.directory = directory
    self.clock = clock
  }

  private var databasePath: String {
    FilePath.joined(directory, PlatformDatabase.fileName)
  }

  /// Writes the platform into a file that there is not yet; it has its name once it is complete.
  ///
  /// This waits for the disk.
  package func write(to path: String) throws(BackupError) -> Summary {
    do {
      try AtomicFile.replaceable(path, replaces: false)
      let pool = try DatabaseFile.open(databasePath, label: "backup", creates: false)
      try Self.checkOwner(pool, path: databasePath)
      let staging = "\(directory)/.backup-\(String(UInt64.random(in: .min ... .max), radix: 36))"
      try FileSystem.makeDirectory(staging, mode: 0o700)
      defer { FileSystem.removeTree(staging) }
      let objects = try copy(pool, to: staging)
      return try write(objects, of: staging, to: path)
    } catch {
      throw BackupError(error, path: databasePath)
    }
  }

  private static func checkOwner(_ pool: DatabasePool, path: String) throws {
    let owner = try pool.read { try Int.fetchOne($0, sql: "PRAGMA application_id") }
    guard owner == DatabaseSchema.platform.applicationID else {
      throw KeyStoreError.foreign(path: path)
    }
  }

  private struct Object {
    let sha: String
    let bytes: Int
  }

  /// Copies the database, and links the objects that it has, so that they stay until they are
  /// written.
  private func copy(_ pool: DatabasePool, to staging: String) throws -> [Object] {
    let copy = "\(staging)/\(PlatformDatabase.fileName)"
    var linked: Set<String> = []
    for _ in 0..<Self.freeTries {
      let (objects, missing) = try copyOnce(to: copy, staging: staging, &linked)
      if missing == nil { return objects }
    }
    // An object goes only in a transaction that its row goes in.
    let (objects, missing) = try pool.writeWithoutTransaction { writer in
      try writer.execute(sql: "BEGIN IMMEDIATE")
      defer { try? writer.execute(sql: "ROLLBACK") }
      return try copyOnce(to: copy, staging: staging, &linked)
    }
    guard let missing else { return objects }
    throw BackupError.inconsistent(
      path: "\(directory)/objects/\(missing.prefix(2))/\(missing)",
      reason: "the database has it, but it is not there")
  }

  /// Copies the database as of one moment, and links its objects as far as they are there.
  ///
  /// - Returns: The objects, and the first that is not there.
  private func copyOnce(
    to copy: String, staging: String, _ linked: inout Set<String>
  ) throws -> (objects: [Object], missing: String?) {
    unlink(copy)
    // A connection of its own: there may be no transaction on it, and it reads beside a writer.
    try DatabaseQueue(path: databasePath).writeWithoutTransaction { source in
      try source.execute(sql: "VACUUM INTO ?", arguments: [copy])
    }
    var configuration = Configuration()
    configuration.readonly = true
    let objects = try DatabaseQueue(path: copy, configuration: configuration).read { database in
      try Row.fetchAll(database, sql: "SELECT sha, bytes FROM blob ORDER BY sha").map {
        Object(sha: $0["sha"], bytes: $0["bytes"])
      }
    }
    return (objects, try linkAll(objects, to: staging, &linked))
  }

  /// Links objects that are not linked yet; returns one that is not there.
  private func linkAll(
    _ objects: [Object], to staging: String, _ linked: inout Set<String>
  ) throws -> String? {
    for object in objects where !linked.contains(object.sha) {
      let source = "\(directory)/objects/\(object.sha.prefix(2))/\(object.sha)"
      let target = "\(staging)/\(object.sha)"
      if link(source.pathCharacters, target.pathCharacters) != 0 {
        switch errno {
        case ENOENT: return object.sha
        // A file system without links.
        case EPERM, ENOTSUP, EMLINK, EXDEV:
          do {
            try FileManager.default.copyItem(atPath: source, toPath: target)
          } catch {
            if !FileSystem.entryExists(source) { return object.sha }
            throw error
          }
        default: throw FileError(lastErrorAt: source)
        }
      }
      linked.insert(object.sha)
    }
    return nil
  }

  private func write(
    _ objects: [Object], of staging: String, to path: String
  ) throws -> Summary {
    let copy = "\(staging)/\(PlatformDatabase.fileName)"
    let models = try modelFiles()
    let now = clock()
    let (digest, bytes) = try Self.digest(of: copy)
    let manifest = BackupManifest(
      database: .init(bytes: bytes, sha256: digest.hexadecimal),
      objects: .init(count: objects.count, bytes: objects.reduce(0) { $0 + $1.bytes }),
      models: models, version: Version.current, time: now)
    var archive = try TarWriter(path: path, time: now)
    try archive.append(BackupManifest.name, try manifest.json())
    _ = try archive.append(PlatformDatabase.fileName, file: copy, bytes: bytes)
    for object in objects {
      let file = "\(staging)/\(object.sha)"
      let digest = try archive.append(
        prefix: "objects/\(object.sha.prefix(2))", object.sha, file: file, bytes: object.bytes)
      guard digest.hexadecimal == object.sha else {
        throw BackupError.inconsistent(
          path: "\(directory)/objects/\(object.sha.prefix(2))/\(object.sha)",
          reason: "its content is not that of its name")
      }
    }
    for model in models {
      _ = try archive.append(
        prefix: "models", model.name,
        file: "\(ServerSettings.modelsDirectory(ofData: directory))/\(model.name)",
        bytes: model.bytes)
    }
    try archive.finish()
    return Summary(
      objects: objects.count, objectBytes: manifest.objects.bytes, models: models.count)
  }

  /// The files of the directory of models that belongs to the data, if there is one.
  private func modelFiles() throws -> [BackupManifest.Model] {
    let models = ServerSettings.modelsDirectory(ofData: directory)
    guard FileSystem.isDirectory(models) else { return [] }
    return try FileSystem.names(in: models).sorted().compactMap { name in
      let path = "\(models)/\(name)"
      guard !name.hasPrefix("."), !FileSystem.isLink(path),
        let status = FileSystem.status(of: path),
        FileSystem.irregularKind(status) == nil
      else { return nil }
      guard BackupManifest.isFileName(name) else {
        throw BackupError.inconsistent(
          path: path, reason: "its name has more than \(TarBlock.maximumName) bytes, or controls")
      }
      return BackupManifest.Model(name: name, bytes: Int(status.st_size))
    }
  }

  private static func digest(of path: String) throws -> (digest: [UInt8], bytes: Int) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
    defer { close(descriptor) }
    var hash = SHA256()
    var bytes = 0
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = FileSystem.systemRead(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileError(lastErrorAt: path) }
      if count == 0 { return (hash.digest(), bytes) }
      hash.update(Array(buffer[..<count]).span.bytes)
      bytes += count
    }
  }
}
#endif
