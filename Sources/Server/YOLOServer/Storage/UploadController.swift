#if Server
package import GRDB
import HTTPTypes
import Hummingbird
import YOLOSystem

/// What files may be uploaded for: the assets of one type.
package protocol UploadTarget: Sendable {
  /// The type of the assets.
  var assetType: UploadAssetType { get }

  /// What a key must be allowed to do.
  var scope: Scope { get }

  /// Checks that a file may be uploaded.
  ///
  /// Throws what the request is refused with: that there is no such asset of the account, or that
  /// the file is none for it.
  func check(_ request: UploadRequest, of account: Account) async throws

  /// Looks at a file that has arrived, before the upload is redeemed.
  ///
  /// Throws what is wrong with the file; then the upload stays as it is, and another file may come.
  /// Returns what is to be done in the transaction in which the upload is redeemed: at least to
  /// adopt the object by ``ReceivedUpload/adopt(_:as:)``, as the upload does not reference it any
  /// longer; it throws `PlatformError`. It may be called again with the same file if that
  /// transaction fails.
  func receive(
    _ upload: ReceivedUpload
  ) async throws -> @Sendable (_ database: Database) throws -> Void
}

/// A file that has arrived and is to be redeemed.
package struct ReceivedUpload: Sendable {
  /// What it was uploaded as.
  package let upload: Upload
  /// Whose it is.
  package let account: Account
  /// The object that it is.
  package let object: StoredObject
  /// Where its bytes are; they may be read until the upload is redeemed, but not moved.
  package let path: String

  /// References the object for what it is for, in the transaction that redeems the upload.
  package func adopt(_ database: Database, as reference: ObjectReference) throws {
    try ObjectTable.adopt(database, object.digest, as: reference, of: account)
  }
}

/// Answers requests for uploads: where to send a file, and what becomes of it.
struct UploadController: Sendable {
  let uploads: UploadRepository
  let signer: AddressSigner
  let origins: OriginPolicy
  let targets: [any UploadTarget]

  /// The body of `POST /api/upload/signed-url`.
  private struct Creation: Decodable {
    let assetType: String
    let assetId: String
    let filename: String
    let contentType: String
    let totalBytes: Double
  }

  /// The body of `POST /api/upload/complete`.
  private struct Completion: Decodable {
    let sessionId: String
    let checksum: String?
    let md5: String?
  }

  /// `POST /api/upload/signed-url`.
  func begin(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try Self.upload(try await request.decoded(Creation.self, context))
    let target = try target(of: asked.assetType, context)
    let origin = try origins.origin(of: request, context)
    try await target.check(asked, of: account)
    let upload = try await uploads.begin(asked, of: account)
    return try .encoded(
      UploadSession(
        sessionId: upload.id,
        uploadUrl: signer.address(
          of: upload.reference, for: .put, expires: upload.expires, origin: origin),
        expiresAt: Timestamp(upload.expires)))
  }

  /// `POST /api/upload/complete`.
  func complete(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try await request.decoded(Completion.self, context)
    let upload = try await uploads.upload(asked.sessionId, of: account)
    let target = try target(of: upload.request.assetType, context)
    let object: StoredObject
    if let redeemed = upload.redeemed {
      object = redeemed
    } else {
      object = try await redeem(upload, asked, target, account)
    }
    return try .encoded(
      UploadCompletion(
        file: UploadCompletion.File(
          size: object.bytes, contentType: upload.request.contentType)))
  }

  private func redeem(
    _ upload: Upload, _ asked: Completion, _ target: any UploadTarget, _ account: Account
  ) async throws -> StoredObject {
    let store = uploads.store
    guard let object = try await store.object(at: upload.reference) else {
      // It may have been redeemed meanwhile.
      if let redeemed = try await uploads.upload(upload.id).redeemed { return redeemed }
      throw APIError.notFound("No file has come for the upload \(upload.id).")
    }
    if let announced = upload.request.bytes, announced != object.bytes {
      throw APIError.invalidField(
        "totalBytes", given: "\(object.bytes)", expected: "\(announced)",
        "\(announced) bytes were announced, but the file that has come has \(object.bytes): send "
          + "it again.")
    }
    for (argument, text) in [("checksum", asked.checksum), ("md5", asked.md5)] {
      guard let text else { continue }
      let checksum = try Checksum(text, argument: argument)
      guard try await checksum.isThat(of: object, in: store) else {
        throw APIError.invalidField(
          argument, given: text.excerpt(), expected: "the checksum of the file that has come",
          "\(argument) is of another file than the one that has come: send it again.")
      }
    }
    try await target.check(upload.request, of: account)
    let received = ReceivedUpload(
      upload: upload, account: account, object: object, path: store.path(of: object.digest))
    let apply: @Sendable (Database) throws -> Void
    do {
      apply = try await target.receive(received)
    } catch {
      // A file that was replaced while it was looked at may be gone.
      guard try await store.object(at: upload.reference) == object else {
        if let redeemed = try await uploads.upload(upload.id).redeemed { return redeemed }
        throw PlatformError.changedUpload(upload.id)
      }
      throw error
    }
    return try await uploads.redeem(upload, object, apply)
  }

  /// Returns what files of a type are for.
  private func target(
    of type: UploadAssetType, _ context: ServerContext
  ) throws(APIError) -> any UploadTarget {
    guard let target = targets.first(where: { $0.assetType == type }) else {
      throw .notFound("Uploads of \(type.rawValue) are not available on this server.")
    }
    guard context.key?.scopes.expanded.contains(target.scope) == true else {
      throw .forbidden("This key cannot upload \(type.rawValue): that needs \(target.scope).")
    }
    return target
  }
}

extension UploadController {
  /// The suffixes of what a dataset may be uploaded as.
  private static let datasetSuffixes = [".zip", ".tar", ".tar.gz", ".tgz", ".ndjson"]

  private static func upload(_ asked: Creation) throws(APIError) -> UploadRequest {
    guard let type = UploadAssetType(rawValue: asked.assetType) else {
      throw .invalidField(
        "assetType", given: asked.assetType.excerpt(),
        expected: UploadAssetType.allCases.map(\.rawValue).joined(separator: ", "),
        "There is no assetType \(asked.assetType.excerpt()).")
    }
    for (argument, text, maximum) in [
      ("assetId", asked.assetId, 128), ("filename", asked.filename, 256),
      ("contentType", asked.contentType, 50),
    ] {
      let hasControls = text.unicodeScalars.contains { $0.properties.generalCategory == .control }
      guard (1...maximum).contains(text.count), !hasControls else {
        throw .invalidField(
          argument, given: text.excerpt(),
          expected: "1 to \(maximum) characters without control characters",
          "\(argument) must be 1 to \(maximum) characters without control characters.")
      }
    }
    // Whole numbers beyond 2⁵³ are not exact in JSON.
    guard let bytes = Int(exactly: asked.totalBytes), (1...1 << 53).contains(bytes) else {
      throw .invalidField(
        "totalBytes", given: "\(asked.totalBytes)", expected: "a whole number above 0",
        "totalBytes must be a whole number above 0.")
    }
    let name = asked.filename.lowercased()
    guard type != .datasets || datasetSuffixes.contains(where: name.hasSuffix) else {
      throw .invalidField(
        "filename", given: asked.filename.excerpt(),
        expected: "a name that ends in " + datasetSuffixes.joined(separator: ", "),
        "A dataset is uploaded as an archive or as NDJSON: the name of the file must end in "
          + "\(datasetSuffixes.joined(separator: ", ")).")
    }
    return UploadRequest(
      assetType: type, asset: asked.assetId, filename: asked.filename,
      contentType: asked.contentType, bytes: bytes)
  }
}

/// The answer of `POST /api/upload/signed-url`.
struct UploadSession: Encodable {
  let sessionId: String
  let uploadUrl: String
  let expiresAt: Timestamp
}

/// The answer of `POST /api/upload/complete`.
struct UploadCompletion: Encodable {
  struct File: Encodable {
    let size: Int
    let contentType: String
  }

  let success = true
  let file: File
}
#endif
