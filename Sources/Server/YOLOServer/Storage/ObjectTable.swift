#if Server
import GRDB
import YOLOSystem

/// What is read from and written to the tables of objects and of who needs them.
///
/// Triggers of the schema keep the sums of accounts, and the list of what nobody needs any more.
enum ObjectTable {
  /// A row of the table of objects.
  private struct BlobRow: Decodable, FetchableRecord {
    let sha: String
    let bytes: Int

    func object() throws -> StoredObject {
      guard let digest = ObjectDigest(sha) else {
        throw PlatformError.storage(.unknown("object of the digest \(sha.excerpt())"))
      }
      return StoredObject(digest: digest, bytes: bytes)
    }
  }

  /// Returns an object; nil if there is none of this digest.
  static func object(_ database: Database, _ digest: ObjectDigest) throws -> StoredObject? {
    try BlobRow.fetchOne(
      database.cachedStatement(sql: "SELECT sha, bytes FROM blob WHERE sha = ?"),
      arguments: [digest.description])?.object()
  }

  /// Returns the object at a reference; nil if there is none.
  static func object(_ database: Database, at reference: ObjectReference) throws -> StoredObject? {
    try BlobRow.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT sha, bytes FROM reference JOIN blob ON sha = blob
          WHERE kind = ? AND owner = ? AND name = ?
          """),
      arguments: [reference.kind.rawValue, reference.owner, reference.name])?.object()
  }

  /// Adds the row of an object whose file is in the store, if it has none.
  static func insert(_ database: Database, _ object: StoredObject) throws {
    try database.cachedStatement(
      sql: "INSERT INTO blob (sha, bytes) VALUES (?, ?) ON CONFLICT (sha) DO NOTHING"
    ).execute(arguments: [object.digest.description, object.bytes])
  }

  /// Lets an account reference an object, in place of the object that was at the reference.
  ///
  /// - Throws: `PlatformError.storageFull` if the account has no room for it, and
  ///   `StorageError.unknown` if there is no such object.
  static func adopt(
    _ database: Database, _ digest: ObjectDigest, as reference: ObjectReference,
    of account: Account
  ) throws {
    guard let object = try object(database, digest) else {
      throw PlatformError.storage(.unknown("object of the digest \(digest)"))
    }
    try release(database, reference)
    if try !isHeld(database, digest, by: account) {
      let used = try use(database, of: account.id)
      let limit = account.limits.storageBytes
      guard used + object.bytes <= limit else {
        throw PlatformError.storageFull(used: used, adding: object.bytes, limit: limit)
      }
    }
    try database.cachedStatement(
      sql: "INSERT INTO reference (kind, owner, name, account, blob) VALUES (?, ?, ?, ?, ?)"
    ).execute(arguments: [
      reference.kind.rawValue, reference.owner, reference.name, account.id, digest.description,
    ])
  }

  /// Removes a reference, if there is one.
  static func release(_ database: Database, _ reference: ObjectReference) throws {
    try database.cachedStatement(
      sql: "DELETE FROM reference WHERE kind = ? AND owner = ? AND name = ?"
    ).execute(arguments: [reference.kind.rawValue, reference.owner, reference.name])
  }

  /// Removes all references of a resource.
  static func release(_ database: Database, _ kind: ObjectKind, owner: String) throws {
    try database.cachedStatement(sql: "DELETE FROM reference WHERE kind = ? AND owner = ?")
      .execute(arguments: [kind.rawValue, owner])
  }

  /// Whether an account references an object.
  static func isHeld(
    _ database: Database, _ digest: ObjectDigest, by account: Account
  ) throws -> Bool {
    try Bool.fetchOne(
      database.cachedStatement(
        sql: "SELECT EXISTS (SELECT 1 FROM reference WHERE account = ? AND blob = ?)"),
      arguments: [account.id, digest.description]) ?? false
  }

  /// Returns the bytes of all objects that an account references, each counted once.
  static func use(_ database: Database, of account: Account.ID) throws -> Int {
    try Int.fetchOne(
      database.cachedStatement(
        sql: "SELECT bytes FROM storageUse WHERE account = ? AND kind = ''"), arguments: [account])
      ?? 0
  }

  /// Returns the bytes of the objects that an account references, by kind; one that it references
  /// with two kinds counts for both.
  static func useByKind(_ database: Database, of account: Account.ID) throws -> [ObjectKind: Int] {
    var use: [ObjectKind: Int] = [:]
    for kind in ObjectKind.allCases {
      use[kind] = try Int.fetchOne(
        database.cachedStatement(
          sql: "SELECT bytes FROM storageUse WHERE account = ? AND kind = ?"),
        arguments: [account, kind.rawValue])
    }
    return use
  }
}

extension ObjectTable {
  /// Whether there is an object that nobody needs.
  static func hasUnreferenced(_ database: Database) throws -> Bool {
    try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM unreferencedBlob)") ?? false
  }

  /// Removes rows of objects that nobody needs, and returns whose these were: their files go next.
  static func takeUnreferenced(_ database: Database, maximum: Int) throws -> [ObjectDigest] {
    let listed = try String.fetchAll(
      database, sql: "SELECT sha FROM unreferencedBlob LIMIT ?", arguments: [maximum])
    var taken: [ObjectDigest] = []
    for sha in listed {
      try database.execute(
        sql: """
          DELETE FROM blob WHERE sha = ?1
            AND NOT EXISTS (SELECT 1 FROM reference WHERE blob = ?1)
          """, arguments: [sha])
      if database.changesCount > 0, let digest = ObjectDigest(sha) { taken.append(digest) }
      try database.execute(sql: "DELETE FROM unreferencedBlob WHERE sha = ?", arguments: [sha])
    }
    return taken
  }

  /// Returns the objects whose digests begin with two digits.
  static func objects(_ database: Database, inShard shard: String) throws -> [StoredObject] {
    try BlobRow.fetchAll(
      database, sql: "SELECT sha, bytes FROM blob WHERE sha >= ? AND sha < ?",
      arguments: [shard, shard + "g"]
    ).map { try $0.object() }
  }

  /// Returns who needs an object.
  static func references(_ database: Database, to digest: ObjectDigest) throws -> [String] {
    try String.fetchAll(
      database, sql: "SELECT kind || '/' || owner || '/' || name FROM reference WHERE blob = ?",
      arguments: [digest.description])
  }
}

extension DatabaseMigrator {
  /// Objects, who needs them, what each account uses, and what nobody needs.
  mutating func registerObjects() {
    registerMigration("objects") { database in
      try database.execute(
        sql: """
          CREATE TABLE blob (
            sha TEXT PRIMARY KEY NOT NULL CHECK (length(sha) = 64),
            bytes INTEGER NOT NULL CHECK (bytes >= 0)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE reference (
            kind TEXT NOT NULL CHECK (kind <> ''),
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            blob TEXT NOT NULL REFERENCES blob,
            PRIMARY KEY (kind, owner, name)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX referenceByBlob ON reference (blob);
          CREATE INDEX referenceByAccount ON reference (account, blob, kind);
          CREATE TABLE storageUse (
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            kind TEXT NOT NULL,
            bytes INTEGER NOT NULL CHECK (bytes >= 0),
            PRIMARY KEY (account, kind)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE unreferencedBlob (sha TEXT PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;
          CREATE TRIGGER referenceAdded AFTER INSERT ON reference BEGIN
            DELETE FROM unreferencedBlob WHERE sha = NEW.blob;
            INSERT INTO storageUse (account, kind, bytes)
              SELECT NEW.account, '', bytes FROM blob WHERE sha = NEW.blob AND NOT EXISTS (
                SELECT 1 FROM reference WHERE account = NEW.account AND blob = NEW.blob
                  AND (kind, owner, name) <> (NEW.kind, NEW.owner, NEW.name))
              ON CONFLICT (account, kind) DO UPDATE SET bytes = bytes + excluded.bytes;
            INSERT INTO storageUse (account, kind, bytes)
              SELECT NEW.account, NEW.kind, bytes FROM blob WHERE sha = NEW.blob AND NOT EXISTS (
                SELECT 1 FROM reference WHERE account = NEW.account AND blob = NEW.blob
                  AND kind = NEW.kind AND (owner, name) <> (NEW.owner, NEW.name))
              ON CONFLICT (account, kind) DO UPDATE SET bytes = bytes + excluded.bytes;
          END;
          CREATE TRIGGER referenceRemoved AFTER DELETE ON reference BEGIN
            UPDATE storageUse SET bytes = bytes - (SELECT bytes FROM blob WHERE sha = OLD.blob)
              WHERE account = OLD.account AND kind = '' AND NOT EXISTS (
                SELECT 1 FROM reference WHERE account = OLD.account AND blob = OLD.blob);
            UPDATE storageUse SET bytes = bytes - (SELECT bytes FROM blob WHERE sha = OLD.blob)
              WHERE account = OLD.account AND kind = OLD.kind AND NOT EXISTS (
                SELECT 1 FROM reference WHERE account = OLD.account AND blob = OLD.blob
                  AND kind = OLD.kind);
            INSERT INTO unreferencedBlob (sha)
              SELECT OLD.blob WHERE NOT EXISTS (SELECT 1 FROM reference WHERE blob = OLD.blob)
              ON CONFLICT (sha) DO NOTHING;
          END;
          CREATE TRIGGER referenceUnchanged BEFORE UPDATE ON reference
            BEGIN SELECT RAISE(ABORT, 'references are added and removed only'); END;
          """)
    }
  }
}
#endif
