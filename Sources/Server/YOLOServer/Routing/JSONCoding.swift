#if Server
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import YOLOServerOptions
import YOLOSystem

/// `{"success":true,"data":…}`.
struct Envelope<Content: Encodable>: Encodable {
  let success = true
  let data: Content
}

/// An answer in both shapes: the data in their envelope, and flat members beside them.
struct Superset<Content: Encodable, Flat: Encodable>: Encodable {
  let data: Content
  let flat: Flat

  private enum Key: CodingKey { case success, data }

  func encode(to encoder: any Encoder) throws {
    try flat.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(true, forKey: .success)
    try container.encode(data, forKey: .data)
  }
}

/// A time as RFC 3339 has it, in UTC.
struct Timestamp: Encodable, Sendable {
  let seconds: Int

  /// Names a time in seconds since 1970.
  init(_ seconds: Int) { self.seconds = seconds }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601))
  }
}

extension Response {
  /// An answer of JSON; members are in the order of their names.
  static func encoded(
    _ value: some Encodable, status: HTTPResponse.Status = .ok
  ) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return .json(ByteBuffer(bytes: try encoder.encode(value)), status: status)
  }
}

extension Request {
  /// The maximum size of a body of JSON in bytes.
  private static var jsonLimit: Int { 1 << 20 }

  /// Reads the body as JSON, whatever type it says it is of but a form; no body at all counts as an
  /// object without members.
  ///
  /// - Throws: `APIError` of status 400 that names the member, 413, or 415.
  func decoded<Value: Decodable>(_ type: Value.Type, _ context: ServerContext) async throws -> Value
  {
    if let coding = headers[.contentEncoding], !["", "identity"].contains(coding.lowercased()) {
      throw APIError.unsupportedMedia(
        "The body is encoded as \(coding.excerpt()), which this server does not decode: send it "
          + "without Content-Encoding.")
    }
    if headers[.contentType]?.lowercased().hasPrefix("multipart/") == true {
      throw APIError.unsupportedMedia("The body must be JSON, but it is a form.")
    }
    let limit = Self.jsonLimit
    if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw APIError.bodyTooLarge(limit: limit)
    }
    if headers[.expect] != nil { try await context.channel.inviteBody() }
    var bytes: [UInt8] = []
    for try await chunk in body {
      guard bytes.count + chunk.readableBytes <= limit else {
        throw APIError.bodyTooLarge(limit: limit)
      }
      bytes.append(contentsOf: chunk.readableBytesView)
    }
    let data = bytes.isEmpty ? Data("{}".utf8) : Data(bytes)
    return try JSONDecoder().decode(type, from: data)
  }
}

extension ServerContext {
  /// Returns the account whose key the request has.
  ///
  /// - Throws: `APIError` of status 401 if it has none.
  func account() throws(APIError) -> Account {
    guard let account = key?.account else {
      throw .unauthorized("This needs a key of an account.")
    }
    return account
  }
}
#endif
