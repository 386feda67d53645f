#if Server
import CConsole
import HTTPTypes
import Hummingbird
import NIOCore
import YOLOCryptography

/// A file of the console, with the headers that it is answered with.
struct ConsoleFile: Sendable {
  let name: String
  private let body: ByteBuffer
  private let tag: String
  private let headers: HTTPFields

  init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    body = ByteBuffer(bytes: bytes)
    tag = "\"\(SHA256.digest(of: bytes.span.bytes).hexadecimal.prefix(32))\""
    var headers: HTTPFields = [
      .contentType: Self.contentType(of: name), .eTag: tag, .cacheControl: "no-cache",
      .xContentTypeOptions: "nosniff",
    ]
    if name.hasSuffix(".html") {
      headers[.contentSecurityPolicy] = Self.policy
      headers[.referrerPolicy] = "no-referrer"
    }
    self.headers = headers
  }

  /// The file, or that the client has it already, by its `If-None-Match`.
  func response(to request: Request, status: HTTPResponse.Status = .ok) -> Response {
    guard status != .ok || !ByteRange.matches(request.headers[.ifNoneMatch], tag: tag) else {
      return Response(
        status: .notModified, headers: [.eTag: tag, .cacheControl: "no-cache"])
    }
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
  }

  /// Scripts, styles, images and calls of this server alone, and no text as markup.
  private static let policy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'",
    "img-src 'self' blob: data:", "media-src blob:", "connect-src 'self'", "base-uri 'none'",
    "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].joined(separator: "; ")

  private static func contentType(of name: String) -> String {
    switch name.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    default: "image/svg+xml"
    }
  }

  /// The document, and the files that it names.
  static func all() -> [ConsoleFile] {
    (0..<consoleEntryCount).compactMap { index in
      guard let entry = consoleEntry(index)?.pointee, let name = entry.name,
        let start = entry.bytes
      else { return nil }
      // SAFETY: The bytes are a constant of the program, and `count` is their number.
      let bytes = UnsafeBufferPointer(start: start, count: entry.count)
      return ConsoleFile(String(cString: name), Array(bytes))
    }
  }
}
#endif
