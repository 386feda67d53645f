#if Server
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import YOLOServerOptions
import YOLOSystem

/// Answers at the signed addresses of objects: what was stored is read, what was asked for is
/// written, both piece by piece.
struct StorageController: Sendable {
  /// The bytes that are sent at once; each piece has the idle timeout to be taken.
  private static let pieceSize = 64 << 10

  let store: ObjectStore
  let uploads: UploadRepository
  let accounts: AccountRepository
  let signer: AddressSigner

  /// `GET` and `HEAD` of an object.
  func download(_ request: Request, _ context: ServerContext) async throws -> Response {
    let reference = try signed(request, context, for: .get)
    let reader = try await store.open(reference)
    let object = reader.object
    let tag = "\"\(object.digest)\""
    var headers: HTTPFields = [
      .eTag: tag, .acceptRanges: "bytes", .cacheControl: "private, no-transform",
      .contentType: ContentType.of(reference.name),
      .contentDisposition: "attachment; filename=\"\(reference.name)\"",
      // What users have sent must not run as a page of this server.
      .contentSecurityPolicy: "sandbox; default-src 'none'", .xContentTypeOptions: "nosniff",
    ]
    if ByteRange.matches(request.headers[.ifNoneMatch], tag: tag) {
      headers[.contentType] = nil
      headers[.contentDisposition] = nil
      return Response(status: .notModified, headers: headers)
    }
    var range = request.method == .get ? request.headers[.range] : nil
    if let condition = request.headers[.ifRange], condition != tag { range = nil }
    let bytes: Range<Int>
    switch ByteRange.selection(range, of: object.bytes) {
    case .all: bytes = 0..<object.bytes
    case .part(let part):
      bytes = part
      headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(object.bytes)"
    case .nothing:
      var response = APIError.rangeNotSatisfiable(bytes: object.bytes).response(context.errorForm)
      response.headers[.contentRange] = "bytes */\(object.bytes)"
      return response
    }
    if request.method == .get { try await context.channel.beginTransfer() }
    let isPart = headers[.contentRange] != nil
    return Response(
      status: isPart ? .partialContent : .ok, headers: headers,
      body: Self.body(reader, bytes, context))
  }

  /// `PUT` of the file of an upload.
  func upload(_ request: Request, _ context: ServerContext) async throws -> Response {
    let reference = try signed(request, context, for: .put)
    let upload = try await uploads.upload(reference.owner)
    guard try upload.reference == reference else {
      throw PlatformError.unknownUpload(reference.owner.excerpt())
    }
    guard upload.redeemed == nil else { throw PlatformError.redeemedUpload(upload.id) }
    if let coding = request.headers[.contentEncoding],
      !["", "identity"].contains(coding.lowercased())
    {
      throw APIError.unsupportedMedia(
        "The body is encoded as \(coding.excerpt()), which this server does not decode: send it "
          + "without Content-Encoding.")
    }
    let account = try await accounts.account(id: upload.account)
    let maximum = upload.request.bytes ?? account.limits.storageBytes
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maximum {
      throw APIError.bodyTooLarge(limit: maximum)
    }
    let writer = try await store.begin(for: account)
    try await context.channel.beginTransfer()
    if request.headers[.expect] != nil { try await context.channel.inviteBody() }
    do {
      try await writer.append(request.body, maximum: maximum)
    } catch is ObjectWriter.BodyTooLong {
      throw APIError.bodyTooLarge(limit: maximum)
    }
    let staged = try await writer.finish()
    try await uploads.receive(staged, for: upload, of: account)
    var response = try Response.encoded(
      UploadReceipt(size: staged.object.bytes, sha256: "\(staged.object.digest)"))
    response.headers[.eTag] = "\"\(staged.object.digest)\""
    return response
  }

  /// Returns what an address is of, if it is signed.
  private func signed(
    _ request: Request, _ context: ServerContext, for use: AddressSigner.Use
  ) throws -> ObjectReference {
    let parameters = context.match?.parameters ?? [:]
    guard let kind = parameters["kind"].flatMap(ObjectKind.init(rawValue:)),
      let owner = parameters["id"],
      let name = parameters["file"].flatMap(\.removingPercentEncoding),
      ObjectName.isPlain(owner), ObjectName.isPlain(name)
    else { throw AddressSigner.Refusal.unsigned }
    let reference = try ObjectReference(kind, owner: owner, name: name)
    let query = request.uri.queryParameters
    try signer.check(
      reference, for: use, expires: query["expires"].map(String.init),
      signature: query["signature"].map(String.init), now: uploads.clock())
    return reference
  }

  private static func body(
    _ reader: ObjectReader, _ bytes: Range<Int>, _ context: ServerContext
  ) -> ResponseBody {
    let logger = context.logger
    let loop = context.channel.eventLoop
    return ResponseBody(contentLength: bytes.count) { writer in
      var offset = bytes.lowerBound
      while offset < bytes.upperBound {
        let piece: ByteBuffer
        do {
          piece = try await reader.read(
            at: offset, count: min(pieceSize, bytes.upperBound - offset))
        } catch {
          logger.error("an object cannot be read to its end", metadata: ["error": "\(error)"])
          throw error
        }
        offset += piece.readableBytes
        try await writer.write(piece)
        // The writer waits for the client only once the loop has seen what was written so far:
        // without this, pieces pile up in memory as fast as the disk is.
        try await loop.submit {}.get()
      }
      try await writer.finish(nil)
    }
  }
}

/// The answer to the file of an upload.
struct UploadReceipt: Encodable {
  let size: Int
  let sha256: String
}

/// What files are, by their suffixes.
enum ContentType {
  /// Returns the type of a file; `application/octet-stream` for a suffix that is not known.
  static func of(_ name: String) -> String {
    types[FilePath.suffix(name)] ?? "application/octet-stream"
  }

  private static let types = [
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp",
    "json": "application/json", "ndjson": "application/x-ndjson", "zip": "application/zip",
    "tar": "application/x-tar", "gz": "application/gzip", "tgz": "application/gzip",
    "svg": "image/svg+xml", "txt": "text/plain; charset=utf-8", "csv": "text/csv; charset=utf-8",
  ]
}
#endif
