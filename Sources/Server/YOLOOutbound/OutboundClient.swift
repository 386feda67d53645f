#if Server
import Synchronization

/// Sends requests to other servers: by libcurl, on one thread of its own, so that no caller's is
/// ever blocked.
///
/// Proxies of the environment, cookies and `.netrc` are not looked at, connections are not used
/// twice, and redirects are followed only as far as the request says. The address of every
/// connection is checked when it is opened.
package final class OutboundClient: Sendable {
  /// The requests that are under way at once; further ones wait.
  package static let maximumTransfers = 64
  /// What is kept of the body of an answer that is no success.
  package static let maximumErrorBytes = 64 << 10

  private let loop = TransferLoop(maximum: OutboundClient.maximumTransfers)

  /// Creates a client; its thread starts with the first request.
  package init() {}

  deinit { loop.stop() }

  /// Sends a request and returns the answer, whatever its status.
  ///
  /// - Throws: ``OutboundError``; `cancelled` soon after the task is cancelled.
  package func send(
    _ request: OutboundRequest
  ) async throws(OutboundError) -> OutboundResponse {
    var url = try OutboundURL(request.url, allowsPlainHTTP: request.allowsPlainHTTP)
    var headers = request.headers
    for header in headers where !header.isValid { throw .invalidHeader(header.name) }
    let isFollowed = request.maximumRedirects > 0 && [.get, .head].contains(request.method)
    let deadline = ContinuousClock.now + request.timeout
    var redirects = 0
    while true {
      let hop = Hop(
        request: request, url: url, headers: headers, deadline: deadline, isFollowed: isFollowed)
      switch try await perform(hop) {
      case .response(let response): return response
      case .redirect(let address):
        guard redirects < request.maximumRedirects else {
          throw .tooManyRedirects(host: url.host, maximum: request.maximumRedirects)
        }
        let next = try OutboundURL(address, allowsPlainHTTP: request.allowsPlainHTTP)
        if next.origin != url.origin {
          headers = headers.filter { ["accept", "user-agent"].contains($0.name.lowercased()) }
        }
        url = next
        redirects += 1
      }
    }
  }

  private func perform(_ hop: Hop) async throws(OutboundError) -> Hop.Outcome {
    let transfer = Transfer(hop)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { loop.begin(transfer, $0) }
    } onCancel: {
      loop.cancel(transfer)
    }
    return try result.get()
  }
}

/// A request to one address: what redirects make several of.
struct Hop: Sendable {
  let request: OutboundRequest
  let url: OutboundURL
  let headers: [OutboundRequest.Header]
  let deadline: ContinuousClock.Instant
  /// Whether a redirect is an outcome, and no answer.
  let isFollowed: Bool

  /// What comes of it.
  enum Outcome: Sendable {
    case response(OutboundResponse)
    case redirect(String)
  }
}

extension OutboundRequest.Header {
  /// Whether the name is a token, and the value fits on a line.
  var isValid: Bool {
    !name.isEmpty && value.utf8.count <= 32 << 10
      && name.utf8.allSatisfy { byte in
        byte > 0x20 && byte < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
      } && value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }
  }

  /// The header as libcurl wants it, which takes a name with a colon for one to leave out.
  var line: String { value.isEmpty ? "\(name);" : "\(name): \(value)" }
}
#endif
