#if Server
package import GRDB
import YOLOSystem

/// What an upload is for, as requests call it.
package enum UploadAssetType: String, Sendable, Hashable, CaseIterable, Codable {
  case datasets
  case models
  case images
  case videos
}

/// What is asked for when an upload is begun.
package struct UploadRequest: Sendable, Hashable {
  /// The kind of what it is for.
  package let assetType: UploadAssetType
  /// The identifier of what it is for.
  package let asset: String
  /// What the file is called at the client.
  package let filename: String
  /// What the client says that the file is.
  package let contentType: String
  /// The size of the file; nil if the client has not said it.
  package let bytes: Int?

  /// Creates a request.
  package init(
    assetType: UploadAssetType, asset: String, filename: String, contentType: String, bytes: Int?
  ) {
    self.assetType = assetType
    self.asset = asset
    self.filename = filename
    self.contentType = contentType
    self.bytes = bytes
  }
}

/// An upload: a file that may be sent, as often as it takes, until it is redeemed.
package struct Upload: Sendable, Hashable, Identifiable {
  /// The identifier, 24 hexadecimal digits.
  package let id: String
  /// Whose it is.
  package let account: Account.ID
  /// What was asked for.
  package let request: UploadRequest
  /// The last second in which the file may be sent, since 1970.
  package let expires: Int
  /// What was redeemed; nil until then.
  package let redeemed: StoredObject?

  /// Where the file is until it is redeemed.
  package var reference: ObjectReference {
    get throws(PlatformError) {
      try ObjectReference(.uploads, owner: id, name: ObjectName.plain(request.filename))
    }
  }
}

/// The uploads of a platform.
package struct UploadRepository: Sendable {
  /// How long a file may be sent: 12 hours.
  package static let lifetime = 12 * 3600
  /// How long a file that has arrived may be redeemed after that.
  static let grace = 3600
  /// How long it is known what became of an upload.
  static let memory = 7 * 86_400

  /// The objects that uploads are.
  package let store: ObjectStore
  let clock: @Sendable () -> Int

  /// Creates a repository.
  package init(store: ObjectStore, clock: @escaping @Sendable () -> Int = SystemTime.now) {
    self.store = store
    self.clock = clock
  }

  /// Begins an upload.
  ///
  /// - Throws: `PlatformError.storageFull` if the account has no room for it.
  package func begin(
    _ request: UploadRequest, of account: Account
  ) async throws(PlatformError) -> Upload {
    let now = clock()
    let upload = Upload(
      id: ResourceID.new("", now: now), account: account.id, request: request,
      expires: now + Self.lifetime, redeemed: nil)
    let limit = account.limits.storageBytes
    try await store.database.write { database in
      let used = try ObjectTable.use(database, of: account.id)
      // The announced size may be any number: do not add to it.
      guard (request.bytes ?? 1) <= limit - used else {
        throw PlatformError.storageFull(used: used, adding: request.bytes ?? 1, limit: limit)
      }
      try database.execute(
        sql: """
          INSERT INTO upload (
            id, account, assetType, asset, filename, contentType, announcedBytes, created, expires)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          upload.id, account.id, request.assetType.rawValue, request.asset, request.filename,
          request.contentType, request.bytes, now, upload.expires,
        ])
    }
    return upload
  }

  /// Returns an upload; with an account, of that account alone.
  ///
  /// - Throws: `PlatformError.unknownUpload` if there is none.
  package func upload(
    _ id: String, of account: Account? = nil
  ) async throws(PlatformError) -> Upload {
    try await store.database.read { database in
      guard let upload = try Self.upload(database, id),
        account == nil || account?.id == upload.account
      else { throw PlatformError.unknownUpload(id.excerpt()) }
      return upload
    }
  }

  /// Stores the file of an upload, in place of one that came before.
  ///
  /// - Throws: `PlatformError.redeemedUpload` if it was redeemed already.
  package func receive(
    _ staged: StagedObject, for upload: Upload, of account: Account
  ) async throws(PlatformError) {
    let reference = try upload.reference
    try await store.put([(staged, reference)], of: account) { database in
      try Self.check(database, upload.id)
    }
  }

  /// Redeems an upload: what `apply` does and that it is redeemed are one transaction, after which
  /// the upload no longer references the object.
  ///
  /// - Parameters:
  ///   - upload: The upload.
  ///   - object: What has arrived; another file may have come since it was looked up.
  ///   - apply: Adopts the object for what it is for.
  /// - Returns: What was redeemed, be it now or before.
  /// - Throws: `PlatformError.changedUpload` if another file has come meanwhile.
  package func redeem(
    _ upload: Upload, _ object: StoredObject,
    _ apply: @escaping @Sendable (Database) throws -> Void
  ) async throws(PlatformError) -> StoredObject {
    let now = clock()
    let reference = try upload.reference
    let redeemed = try await store.database.writeDurably { database -> StoredObject in
      guard let current = try Self.upload(database, upload.id) else {
        throw PlatformError.unknownUpload(upload.id)
      }
      if let redeemed = current.redeemed { return redeemed }
      guard try ObjectTable.object(database, at: reference) == object else {
        throw PlatformError.changedUpload(upload.id)
      }
      try apply(database)
      try ObjectTable.release(database, reference)
      try database.execute(
        sql: "UPDATE upload SET redeemed = ?, bytes = ?, sha = ? WHERE id = ?",
        arguments: [now, object.bytes, object.digest.description, upload.id])
      return object
    }
    await store.collectQuietly()
    return redeemed
  }

  /// Redeems an upload for a reference, and nothing else.
  package func redeem(
    _ upload: Upload, _ object: StoredObject, as reference: ObjectReference, of account: Account
  ) async throws(PlatformError) -> StoredObject {
    try await redeem(upload, object) { database in
      try ObjectTable.adopt(database, object.digest, as: reference, of: account)
    }
  }

  /// Removes uploads that were not redeemed in time, with their files, and forgets old ones.
  package func sweep() async throws(PlatformError) {
    let now = clock()
    let isNeeded = try await store.database.read { database in
      try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM upload WHERE \(Self.isOver))",
        arguments: [now - Self.grace, now - Self.memory]) ?? false
    }
    guard isNeeded else { return }
    try await store.database.write { database in
      let ids = try String.fetchAll(
        database, sql: "SELECT id FROM upload WHERE \(Self.isOver) LIMIT 1000",
        arguments: [now - Self.grace, now - Self.memory])
      for id in ids {
        try ObjectTable.release(database, .uploads, owner: id)
        try database.execute(sql: "DELETE FROM upload WHERE id = ?", arguments: [id])
      }
    }
    try await store.collect()
  }

  /// Which uploads are removed: those that were not redeemed until ?1, and all from before ?2.
  private static let isOver = "expires < ?2 OR (redeemed IS NULL AND expires < ?1)"
}

extension UploadRepository {
  private struct UploadRow: Decodable, FetchableRecord {
    let id: String
    let account: String
    let assetType: UploadAssetType
    let asset: String
    let filename: String
    let contentType: String
    let announcedBytes: Int?
    let expires: Int
    let bytes: Int?
    let sha: String?

    var upload: Upload {
      var redeemed: StoredObject?
      if let bytes, let digest = sha.flatMap({ ObjectDigest($0) }) {
        redeemed = StoredObject(digest: digest, bytes: bytes)
      }
      return Upload(
        id: id, account: account,
        request: UploadRequest(
          assetType: assetType, asset: asset, filename: filename, contentType: contentType,
          bytes: announcedBytes),
        expires: expires, redeemed: redeemed)
    }
  }

  private static func upload(_ database: Database, _ id: String) throws -> Upload? {
    try UploadRow.fetchOne(database, sql: "SELECT * FROM upload WHERE id = ?", arguments: [id])?
      .upload
  }

  /// Throws unless a file may still come for an upload.
  private static func check(_ database: Database, _ id: String) throws {
    guard let upload = try upload(database, id) else { throw PlatformError.unknownUpload(id) }
    guard upload.redeemed == nil else { throw PlatformError.redeemedUpload(id) }
  }
}
#endif
