#if Server
import HTTPTypes
import Hummingbird
import YOLOServerOptions
import YOLOSystem

/// Which origin the absolute addresses in answers begin with.
struct OriginPolicy: Sendable {
  /// The origin of all addresses, if one was set.
  private let publicURL: String?
  /// The proxies that may say which origin a client used.
  private let proxies: NetworkList?

  init(settings: ServerSettings) {
    publicURL = settings.publicURL
    proxies = settings.trustedProxies.flatMap { NetworkList($0) }
  }

  /// Returns the origin that the client of a request uses, such as `https://example.org`.
  ///
  /// - Throws: `APIError` of status 400 for a host that is none.
  func origin(of request: Request, _ context: ServerContext) throws(APIError) -> String {
    if let publicURL { return publicURL }
    var scheme = "http"
    var host = request.head.authority ?? ""
    if let proxies, let address = context.remoteAddress, proxies.contains(address) {
      if let forwarded = Self.first(request.headers[.forwardedProto])?.lowercased(),
        forwarded == "https" || forwarded == "http"
      {
        scheme = forwarded
      }
      host = Self.first(request.headers[.forwardedHost]) ?? host
    }
    guard Self.isHost(host) else {
      throw .invalidField(
        "Host", given: host.excerpt(), expected: "a host name, with or without a port",
        "The host of the request is none.")
    }
    return "\(scheme)://\(host)"
  }

  /// The value that the first proxy of several has set.
  private static func first(_ value: String?) -> String? {
    value?.split(separator: ",").first.map { $0.filter { $0 != " " } }
  }

  private static func isHost(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
          UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
          true
        default: false
        }
      }
  }
}
#endif
