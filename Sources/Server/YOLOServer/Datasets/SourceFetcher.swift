#if Server
import YOLOOutbound
import YOLOServerOptions
import YOLOSystem

/// Fetches files and images of datasets from addresses of users, where the operator allows it.
///
/// Only by TLS and only from the internet, unless the operator allows other addresses; bounded in
/// size and time.
struct SourceFetcher: Sendable {
  /// The maximum number of bytes of a file.
  static let maximumBytes = 20 << 30
  /// How long a file may take in all, and how long no byte of it may come.
  private static let timeout = Duration.seconds(3600)
  private static let idleTimeout = Duration.seconds(60)
  /// How long an image may take.
  private static let imageTimeout = Duration.seconds(60)
  private static let maximumRedirects = 5

  private let client: OutboundClient
  private let policy: AddressPolicy
  private let allowsPlainHTTP: Bool

  /// Returns nil if the operator does not allow it.
  init?(settings: ServerSettings, client: OutboundClient) {
    guard settings.fetchesSources else { return nil }
    self.client = client
    policy = .forUsers(of: settings)
    allowsPlainHTTP = settings.allowedAddresses != nil
  }

  /// Why something was not fetched.
  enum Failure: Error, CustomStringConvertible {
    case outbound(OutboundError)
    case status(Int)

    var description: String {
      switch self {
      case .outbound(let error): "\(error)"
      case .status(let status): "The address answered with status \(status)."
      }
    }
  }

  /// Checks an address of a request.
  ///
  /// - Throws: `PlatformError.invalid` for one that is never fetched.
  func check(_ address: String) throws(PlatformError) {
    do throws(OutboundError) {
      _ = try OutboundURL(address, allowsPlainHTTP: allowsPlainHTTP)
    } catch {
      throw .invalid(
        argument: "sourceUrl", given: Self.fileName(of: address).excerpt(),
        expected: "an address that can be fetched: \(error)")
    }
  }

  /// Fetches a file to a path that nothing is at.
  func file(
    at address: String, to path: String, maximumBytes: Int
  ) async throws(Failure) {
    var request = request(address)
    request.destination = .file(path: path, maximumBytes: min(maximumBytes, Self.maximumBytes))
    request.timeout = Self.timeout
    request.idleTimeout = Self.idleTimeout
    _ = try await send(request)
  }

  /// Fetches an image.
  func image(at address: String, maximumBytes: Int) async throws(Failure) -> [UInt8] {
    var request = request(address)
    request.destination = .memory(maximumBytes: maximumBytes)
    request.timeout = Self.imageTimeout
    return try await send(request).body
  }

  private func request(_ address: String) -> OutboundRequest {
    var request = OutboundRequest(.get, address, policy: policy)
    request.allowsPlainHTTP = allowsPlainHTTP
    request.maximumRedirects = Self.maximumRedirects
    return request
  }

  private func send(_ request: OutboundRequest) async throws(Failure) -> OutboundResponse {
    let response: OutboundResponse
    do throws(OutboundError) {
      response = try await client.send(request)
    } catch {
      throw .outbound(error)
    }
    guard response.isSuccess else { throw .status(response.status) }
    return response
  }

  /// The last part of the path of an address, without what may be secret.
  static func fileName(of address: String) -> String {
    let path = address.prefix { $0 != "?" && $0 != "#" }
    let rest = path.split(separator: "://", maxSplits: 1).last ?? path
    let parts = rest.split(separator: "/")
    return parts.count > 1 ? String(parts[parts.count - 1]) : "source"
  }
}
#endif
