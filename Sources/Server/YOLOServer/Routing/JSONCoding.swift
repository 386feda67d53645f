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

/// What lists tell of themselves beside their elements.
struct PageData: Encodable {
  let page: Int
  let limit: Int
  let total: Int
}

/// `{"success":true,"data":[…],"meta":{"page","limit","total"}}`.
struct ListEnvelope<Element: Encodable>: Encodable {
  let success = true
  let data: [Element]
  let meta: PageData
}

/// A time as RFC 3339 has it, in UTC.
struct Timestamp: Encodable, Sendable {
  let seconds: Int

  /// Names a time in seconds since 1970.
  init(_ seconds: Int) { self.seconds = seconds }

  /// The time as answers have it.
  var text: String { Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601) }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension Response {
  /// An answer of JSON; members are in the order of their names.
  static func encoded(
    _ value: some Encodable, status: HTTPResponse.Status = .ok
  ) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let (data, pieces) = try RawJSON.collecting { try encoder.encode(value) }
    return .json(RawJSON.inserting(pieces, into: data), status: status)
  }
}

extension Request {
  /// Whether the body says that it is a form.
  var isForm: Bool { headers[.contentType]?.lowercased().hasPrefix("multipart/") == true }

  /// Whether the body may be JSON by its type: what programs such as curl call their bodies if
  /// nothing is told to them counts, too.
  private var isJSON: Bool {
    let type = HeaderParameters(headers[.contentType] ?? "").value.lowercased()
    let others = [
      "", "text/json", "text/plain", "application/octet-stream",
      "application/x-www-form-urlencoded",
    ]
    return type == "application/json" || type.hasSuffix("+json") || others.contains(type)
  }

  /// Reads the body as JSON; no body at all counts as an object without members.
  ///
  /// - Throws: `APIError` of status 400 that names the member, 413, or 415.
  func decoded<Value: Decodable>(_ type: Value.Type, _ context: ServerContext) async throws -> Value
  {
    let body = try await json(context)
    let data = body.readableBytes == 0 ? Data("{}".utf8) : Data(body.readableBytesView)
    return try JSONDecoder().decode(type, from: data)
  }

  /// Reads the body as JSON to see which members it has; the request that is returned has it, to be
  /// read again.
  ///
  /// - Throws: `APIError` of status 413 or 415; JSON that is none has no members.
  func inspected(
    _ context: ServerContext
  ) async throws -> (request: Request, members: Set<String>) {
    let body = try await json(context)
    var head = head
    // The body has been invited.
    head.headerFields[.expect] = nil
    let request = Request(head: head, body: RequestBody(buffer: body))
    let members = try? JSONDecoder().decode(
      [String: MemberPresence].self, from: Data(body.readableBytesView))
    return (request, Set((members ?? [:]).filter { $0.value.isThere }.map(\.key)))
  }

  private func json(_ context: ServerContext) async throws -> ByteBuffer {
    if let coding = headers[.contentEncoding], !["", "identity"].contains(coding.lowercased()) {
      throw APIError.unsupportedMedia(
        "The body is encoded as \(coding.excerpt()), which this server does not decode: send it "
          + "without Content-Encoding.")
    }
    if isForm { throw APIError.unsupportedMedia("The body must be JSON, but it is a form.") }
    guard isJSON else {
      throw APIError.unsupportedMedia(
        "The body must be JSON, Content-Type: application/json; the type of this one is "
          + "\(headers[.contentType]?.excerpt() ?? "none").")
    }
    let limit = context.jsonLimit(method)
    if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw APIError.bodyTooLarge(limit: limit)
    }
    if headers[.expect] != nil { try await context.channel.inviteBody() }
    var bytes = ByteBuffer()
    for try await chunk in body {
      guard bytes.readableBytes + chunk.readableBytes <= limit else {
        throw APIError.bodyTooLarge(limit: limit)
      }
      bytes.writeImmutableBuffer(chunk)
    }
    return bytes
  }
}

/// Whether a member of JSON is something else than null.
private struct MemberPresence: Decodable {
  let isThere: Bool

  init(from decoder: any Decoder) throws {
    isThere = try !decoder.singleValueContainer().decodeNil()
  }
}

extension ServerContext {
  /// The maximum size of a body of JSON in bytes, of all endpoints that it may be for.
  fileprivate func jsonLimit(_ method: HTTPRequest.Method) -> Int {
    let bodies = (match?.route.endpoints(for: method) ?? []).compactMap(\.body)
    return bodies.map(\.maximumBytes).max() ?? 1 << 20
  }

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
