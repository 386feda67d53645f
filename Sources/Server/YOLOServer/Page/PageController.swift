#if Server
import Foundation
import HTTPTypes
import Hummingbird
import YOLOCryptography

/// Answers `GET /` with the page for trying models out.
struct PageController: Sendable {
  private let headers: HTTPFields
  private let body: ByteBuffer

  init() {
    let page = Self.page()
    body = ByteBuffer(bytes: page)
    headers = [
      .contentType: "text/html; charset=utf-8",
      .contentSecurityPolicy: Self.policy(of: String(decoding: page, as: UTF8.self)),
      .cacheControl: "no-cache",
      .xContentTypeOptions: "nosniff",
    ]
  }

  func respond() -> Response {
    Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
  }

  /// The page; inlined, the optimizer works on an array literal of every byte for seconds.
  @inline(never)
  private static func page() -> [UInt8] { PackageResources.index_html }

  /// Allows the page's own style and script, by their hashes, and calls to this server.
  private static func policy(of page: String) -> String {
    [
      "default-src 'none'", "connect-src 'self'", "img-src 'self' blob: data:",
      "media-src blob:", "script-src \(hash(of: "script", in: page))",
      "style-src \(hash(of: "style", in: page))", "base-uri 'none'", "form-action 'none'",
      "frame-ancestors 'self'",
    ].joined(separator: "; ")
  }

  /// The hash of the one element of this name, as the policy writes it.
  private static func hash(of element: String, in page: String) -> String {
    guard let start = page.range(of: "<\(element)>"),
      let end = page.range(of: "</\(element)>", range: start.upperBound..<page.endIndex)
    else { return "'none'" }
    let content = Array(page[start.upperBound..<end.lowerBound].utf8)
    let digest = SHA256.digest(of: content.span.bytes)
    return "'sha256-\(Data(digest).base64EncodedString())'"
  }
}
#endif
