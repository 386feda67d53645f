#if Server
import JSONText
import YOLOOutbound
import YOLOSystem

/// Speaks with a Platform.
struct PlatformCalls: Sendable {
  /// Why there is no answer that can be used.
  enum Failure: Error, Sendable, CustomStringConvertible {
    /// The Platform refuses: the status, what it says, and how many seconds to wait; the status 0 is
    /// what is not even sent.
    case refused(status: Int, message: String, retryAfter: Int?)
    /// There is no answer, or one that is none of a Platform.
    case unreachable(String)
    case cancelled

    /// Whether another try may help.
    var isTransient: Bool {
      switch self {
      case .refused(let status, _, _): status == 408 || status == 429 || status >= 500
      case .unreachable: true
      case .cancelled: false
      }
    }

    /// The status of the answer, if there was one.
    var status: Int? { if case .refused(let status, _, _) = self { status } else { nil } }

    var description: String {
      switch self {
      case .refused(0, let message, _): message
      case .refused(let status, let message, _): "the Platform answers \(status): \(message)"
      case .unreachable(let message): message
      case .cancelled: "it was cancelled"
      }
    }
  }

  /// How often something is tried, and the seconds between.
  struct Patience: Sendable {
    /// The seconds before each further try.
    var pauses: [Double]
    /// Whether the answer 409 is worth another try, too.
    var awaitsConflicts = false

    static let once = Patience(pauses: [])
    static let twice = Patience(pauses: [1])
    static let events = Patience(pauses: [0.5, 1, 2])
    static let resources = Patience(pauses: [0.5, 1, 2, 4], awaitsConflicts: true)
    static let uploads = Patience(pauses: [2, 4, 8])
  }

  let access: PlatformAccess
  let outbound: OutboundClient

  /// The maximum number of bytes of an answer that is JSON.
  private static let maximumBytes = 16 << 20

  private var isPlain: Bool { access.origin.lowercased().hasPrefix("http:") }

  /// Sends a request with the key, and returns the JSON of the answer.
  func json(
    _ method: OutboundRequest.Method, _ path: String, body: JSONValue? = nil,
    timeout: Duration = .seconds(30), _ patience: Patience
  ) async throws(Failure) -> JSONValue {
    var request = OutboundRequest(method, access.origin + path, policy: .any)
    request.allowsPlainHTTP = isPlain
    request.timeout = timeout
    request.destination = .memory(maximumBytes: Self.maximumBytes)
    request.headers = [OutboundRequest.Header("Accept", "application/json")]
    if let key = access.key {
      request.headers.append(OutboundRequest.Header("Authorization", "Bearer \(key)"))
    }
    if let body {
      request.headers.append(OutboundRequest.Header("Content-Type", "application/json"))
      request.body = Array(JSONWriter.text(body).utf8)
    }
    let response = try await send(request, patience)
    guard let value = try? JSONParser.parse(String(decoding: response.body, as: UTF8.self)),
      value.members != nil
    else {
      throw .unreachable("\(access.origin) does not answer as a Platform does (\(response.status))")
    }
    return value
  }

  /// Fetches a file from a signed address, without the key.
  ///
  /// - Parameters:
  ///   - address: The address.
  ///   - path: Where the file is put; there must be none.
  ///   - maximumBytes: The maximum size.
  ///   - idle: The seconds that nothing may come.
  ///   - patience: How often it is tried.
  /// - Throws: ``Failure``.
  func fetch(
    _ address: String, to path: String, maximumBytes: Int, idle: Int = 30, _ patience: Patience
  ) async throws(Failure) {
    var request = OutboundRequest(.get, address, policy: .any)
    request.allowsPlainHTTP = isPlain
    request.destination = .file(path: path, maximumBytes: maximumBytes)
    request.headers = [OutboundRequest.Header("Accept-Encoding", "identity")]
    request.maximumRedirects = 5
    request.timeout = .seconds(6 * 3600)
    request.idleTimeout = .seconds(idle)
    _ = try await send(request, patience)
  }

  /// Sends a file to a signed address, without the key.
  func put(
    _ file: OutboundFile, to address: String, _ patience: Patience
  ) async throws(Failure) {
    var request = OutboundRequest(.put, address, policy: .any)
    request.allowsPlainHTTP = isPlain
    request.file = file
    request.headers = [OutboundRequest.Header("Content-Type", "application/octet-stream")]
    request.timeout = .seconds(6 * 3600)
    request.idleTimeout = .seconds(60)
    _ = try await send(request, patience)
  }

  private func send(
    _ request: OutboundRequest, _ patience: Patience
  ) async throws(Failure) -> OutboundResponse {
    var pauses = patience.pauses[...]
    while true {
      let failure: Failure
      do throws(OutboundError) {
        let response = try await outbound.send(request)
        if response.isSuccess { return response }
        failure = .refused(
          status: response.status, message: Self.message(response),
          retryAfter: response.retryAfter)
      } catch {
        switch error {
        case .cancelled: throw .cancelled
        // Nothing that another try changes.
        case .invalidURL, .invalidHeader, .unwritable, .tooLarge:
          throw .refused(status: 0, message: "\(error)", retryAfter: nil)
        default: failure = .unreachable("\(error)")
        }
      }
      let isWorthIt =
        failure.isTransient || patience.awaitsConflicts && failure.status == 409
      guard isWorthIt, let pause = pauses.popFirst() else { throw failure }
      var seconds = pause
      if case .refused(_, _, let asked?) = failure { seconds = Double(min(max(asked, 0), 60)) }
      do {
        try await Task.sleep(for: .seconds(seconds))
      } catch {
        throw .cancelled
      }
    }
  }

  /// What an answer of a failure says: a sentence, or the beginning of whatever it is.
  private static func message(_ response: OutboundResponse) -> String {
    let text = String(decoding: response.body, as: UTF8.self)
    let value = try? JSONParser.parse(text)
    let found =
      value?["error"]?.string ?? value?["error"]?["message"]?.string ?? value?["message"]?.string
    return (found ?? text).excerpt(limit: 300)
  }
}
#endif
