#if Server
import CCurl
import Foundation
import Synchronization
import YOLOSystem

/// A request under way.
///
/// All but the caller and the mark of its cancellation belongs to the thread of the loop, on which
/// libcurl calls back, too.
final class Transfer: @unchecked Sendable {
  /// Set by whoever wants the transfer to end.
  let isCancelled = Atomic(false)

  private let hop: Hop
  private let caller =
    Mutex<CheckedContinuation<Result<Hop.Outcome, OutboundError>, Never>?>(nil)
  private var handle: UnsafeMutableRawPointer?
  private var list: UnsafeMutablePointer<curl_slist>?
  private var headers: [String: String] = [:]
  private var headerBytes = 0
  private var body: [UInt8] = []
  private var bytes = 0
  private var sentBytes = 0
  private var descriptor: Int32 = -1
  private var failure: OutboundError?
  private var wasRefused = false

  private static let maximumHeaderBytes = 64 << 10

  init(_ hop: Hop) { self.hop = hop }

  /// Keeps whom to resume.
  func await(_ continuation: CheckedContinuation<Result<Hop.Outcome, OutboundError>, Never>) {
    caller.withLock { $0 = continuation }
  }

  /// Resumes the caller; only the first call counts.
  func end(_ result: Result<Hop.Outcome, OutboundError>) {
    let continuation = caller.withLock { caller in
      defer { caller = nil }
      return caller
    }
    continuation?.resume(returning: result)
  }

  /// Ends the transfer before it has begun if it was cancelled.
  func endsIfCancelled() -> Bool {
    guard isCancelled.load(ordering: .acquiring) else { return false }
    end(.failure(.cancelled))
    return true
  }

  /// Returns the handle of libcurl, ready to be run; nil if there is none, and the caller knows.
  func prepare() -> UnsafeMutableRawPointer? {
    let rest = hop.deadline - .now
    guard rest > .zero else {
      end(.failure(.timedOut(host: hop.url.host)))
      return nil
    }
    guard let handle = curl_easy_init() else {
      end(.failure(.broken(host: hop.url.host, reason: "there is no memory for it")))
      return nil
    }
    self.handle = handle
    let codes = settings(of: handle, rest: rest)
    if let code = codes.first(where: { $0 != CURLE_OK }) {
      finish(code)
      return nil
    }
    return handle
  }

  private func settings(of handle: UnsafeMutableRawPointer, rest: Duration) -> [CURLcode] {
    let request = hop.request
    let context = Unmanaged.passUnretained(self).toOpaque()
    func number(_ option: CURLoption, _ value: Int) -> CURLcode {
      yolo_curl_set_number(handle, option, value)
    }
    for header in hop.headers { list = curl_slist_append(list, header.line) ?? list }
    // What libcurl would add by itself.
    let names = Set(hop.headers.map { $0.name.lowercased() })
    for name in ["Expect", "Content-Type", "User-Agent"] where !names.contains(name.lowercased()) {
      list =
        curl_slist_append(list, name == "User-Agent" ? "User-Agent: swift-yolo" : "\(name):")
        ?? list
    }
    var codes = [
      yolo_curl_set_text(handle, CURLOPT_URL, hop.url.text),
      yolo_curl_set_protocols(handle, request.allowsPlainHTTP ? 1 : 0),
      yolo_curl_set_text(handle, CURLOPT_PROXY, ""),
      yolo_curl_set_list(handle, CURLOPT_HTTPHEADER, list),
      number(CURLOPT_NOSIGNAL, 1),
      number(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)),
      number(CURLOPT_FOLLOWLOCATION, 0),
      // A connection that is there already was checked by the policy of another request.
      number(CURLOPT_FRESH_CONNECT, 1), number(CURLOPT_FORBID_REUSE, 1),
      number(CURLOPT_SSL_SESSIONID_CACHE, 0),
      number(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
      number(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.milliseconds),
      number(CURLOPT_TIMEOUT_MS, rest.milliseconds),
      yolo_curl_set_socket_function(handle, openCheckedSocket),
      yolo_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context),
      yolo_curl_set_data_function(handle, CURLOPT_HEADERFUNCTION, takeHeaderLine),
      yolo_curl_set_pointer(handle, CURLOPT_HEADERDATA, context),
      yolo_curl_set_data_function(handle, CURLOPT_WRITEFUNCTION, takeBodyPiece),
      yolo_curl_set_pointer(handle, CURLOPT_WRITEDATA, context),
    ]
    if let idle = request.idleTimeout {
      codes += [
        number(CURLOPT_LOW_SPEED_LIMIT, 1),
        number(CURLOPT_LOW_SPEED_TIME, max(1, Int(idle.components.seconds))),
      ]
    }
    if let file = request.file {
      codes += [
        number(CURLOPT_UPLOAD, 1),
        yolo_curl_set_size(handle, CURLOPT_INFILESIZE_LARGE, Int64(file.bytes)),
        yolo_curl_set_data_function(handle, CURLOPT_READFUNCTION, giveBodyPiece),
        yolo_curl_set_pointer(handle, CURLOPT_READDATA, context),
      ]
    } else if let body = request.body {
      codes.append(body.withUnsafeBytes { yolo_curl_set_body(handle, $0.baseAddress, $0.count) })
    }
    switch request.method {
    case .get: break
    case .head: codes.append(number(CURLOPT_NOBODY, 1))
    default:
      codes.append(yolo_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue))
      if request.body == nil, request.file == nil, request.method != .delete {
        codes.append(yolo_curl_set_body(handle, nil, 0))
      }
    }
    return codes + trustSettings(of: handle)
  }

  private func trustSettings(of handle: UnsafeMutableRawPointer) -> [CURLcode] {
    func bytes(_ option: CURLoption, _ bytes: [UInt8]) -> CURLcode {
      bytes.withUnsafeBytes { yolo_curl_set_bytes(handle, option, $0.baseAddress, $0.count) }
    }
    let trust = hop.request.trust
    var codes: [CURLcode] = []
    switch trust.authorities {
    case .system: break
    case .file(let path):
      codes += [
        yolo_curl_set_text(handle, CURLOPT_CAINFO, path),
        yolo_curl_set_text(handle, CURLOPT_CAPATH, nil),
      ]
    case .pem(let pem):
      codes += [
        yolo_curl_set_text(handle, CURLOPT_CAPATH, nil), bytes(CURLOPT_CAINFO_BLOB, pem),
      ]
    }
    if let certificate = trust.clientCertificate {
      codes.append(bytes(CURLOPT_SSLCERT_BLOB, certificate))
    }
    if let key = trust.clientKey { codes.append(bytes(CURLOPT_SSLKEY_BLOB, key)) }
    return codes
  }

  /// Removes the handle, and resumes the caller with what has come; nil for a transfer that was
  /// cancelled.
  func finish(_ code: CURLcode?) {
    let result = outcome(code)
    if let handle { curl_easy_cleanup(handle) }
    curl_slist_free_all(list)
    handle = nil
    list = nil
    if descriptor >= 0 {
      close(descriptor)
      descriptor = -1
      if case .failure = result, case .file(let path, _) = hop.request.destination {
        unlink(path.pathCharacters)
      }
    }
    end(result)
  }

  private func outcome(_ code: CURLcode?) -> Result<Hop.Outcome, OutboundError> {
    guard let code, let handle else { return .failure(.cancelled) }
    if let failure { return .failure(failure) }
    guard code == CURLE_OK else { return .failure(error(of: code)) }
    if isRedirect, let address = yolo_curl_redirect(handle) {
      return .success(.redirect(String(cString: address)))
    }
    // An empty file is one, too.
    if isStored, case .failure(let error) = openFile() { return .failure(error) }
    return .success(
      .response(
        OutboundResponse(status: status, headers: headers, body: body, bytes: bytes)))
  }

  private func error(of code: CURLcode) -> OutboundError {
    let host = hop.url.host
    if wasRefused { return .refusedAddress(host: host) }
    // The texts of libcurl are the same for every address.
    let reason = curl_easy_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    return switch code {
    case CURLE_COULDNT_RESOLVE_HOST: .unresolved(host: host)
    case CURLE_COULDNT_CONNECT: .unreachable(host: host)
    case CURLE_OPERATION_TIMEDOUT: .timedOut(host: host)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CONNECT_ERROR:
      .untrusted(host: host, reason: reason)
    default: .broken(host: host, reason: reason)
    }
  }

  private var status: Int { handle.map { yolo_curl_status($0) } ?? 0 }

  private var isRedirect: Bool {
    hop.isFollowed && [301, 302, 303, 307, 308].contains(status) && headers["location"] != nil
  }

  /// Whether the body goes into a file.
  private var isStored: Bool {
    if case .file = hop.request.destination { (200..<300).contains(status) } else { false }
  }

  private func openFile() -> Result<Void, OutboundError> {
    guard descriptor < 0, case .file(let path, _) = hop.request.destination else {
      return .success(())
    }
    descriptor = FileSystem.createFile(path, mode: 0o600)
    return descriptor >= 0 ? .success(()) : .failure(.unwritable(FileError(lastErrorAt: path)))
  }

  /// Opens the socket of a connection, unless its address is refused.
  fileprivate func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
    var bytes = [UInt8](repeating: 0, count: 16)
    let version = yolo_curl_address(address, &bytes)
    guard version != 0,
      hop.request.policy.allows(AddressBytes(mapped: bytes, isIPv4: version == 4))
    else {
      wasRefused = true
      return CURL_SOCKET_BAD
    }
    return socket(
      address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
      address.pointee.protocol)
  }

  /// Reads a line of the head; returns whether the transfer goes on.
  fileprivate func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    guard headerBytes <= Self.maximumHeaderBytes else {
      failure = .broken(host: hop.url.host, reason: "its head is too long")
      return false
    }
    // Bytes that are no UTF-8 are replaced.
    let text = String(decoding: line, as: UTF8.self)
    if text.hasPrefix("HTTP/") {
      headers = [:]
    } else if let colon = text.firstIndex(of: ":") {
      let name = text[..<colon].lowercased()
      let value = text[text.index(after: colon)...].trimmingCharacters(
        in: .whitespacesAndNewlines)
      headers[name] = headers[name].map { "\($0), \(value)" } ?? value
    }
    return true
  }

  /// Reads bytes of the body; returns whether the transfer goes on.
  fileprivate func takeBody(_ piece: UnsafeRawBufferPointer) -> Bool {
    if isRedirect { return true }
    guard (200..<300).contains(status) else {
      let room = OutboundClient.maximumErrorBytes - body.count
      body += piece.prefix(max(0, room))
      bytes += piece.count
      return bytes <= max(OutboundClient.maximumErrorBytes, hop.request.destination.maximumBytes)
        || fail(.tooLarge(host: hop.url.host, maximum: OutboundClient.maximumErrorBytes))
    }
    let maximum = hop.request.destination.maximumBytes
    guard bytes + piece.count <= maximum else {
      return fail(.tooLarge(host: hop.url.host, maximum: maximum))
    }
    bytes += piece.count
    guard case .file(let path, _) = hop.request.destination else {
      body += piece
      return true
    }
    if case .failure(let error) = openFile() { return fail(error) }
    if let number = FileSystem.write(piece, to: descriptor) {
      return fail(.unwritable(FileError(path, .system(number))))
    }
    return true
  }

  /// Writes bytes of the file that is sent; returns their number, nil if there are fewer than were
  /// announced.
  fileprivate func giveBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
    guard let file = hop.request.file else { return nil }
    let left = file.bytes - sentBytes
    guard left > 0 else { return 0 }
    // SAFETY: the part is inside of the buffer.
    let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(min(left, buffer.count)))
    let count = file.read(into: part, at: sentBytes)
    guard count > 0 else { return nil }
    sentBytes += count
    return count
  }

  private func fail(_ error: OutboundError) -> Bool {
    failure = error
    return false
  }
}

/// Returns the transfer that libcurl was given as the context.
private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
  // SAFETY: the loop keeps the transfer as long as libcurl has its handle.
  context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private func openCheckedSocket(
  _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype,
  _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let transfer = transfer(context), let address else { return CURL_SOCKET_BAD }
  return transfer.open(address)
}

private func giveBodyPiece(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  let buffer = UnsafeMutableRawBufferPointer(start: data, count: size * count)
  return transfer(context)?.giveBody(buffer) ?? Int(CURL_READFUNC_ABORT)
}

private func takeHeaderLine(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
  return transfer(context)?.takeHeader(bytes) == true ? bytes.count : 0
}

private func takeBodyPiece(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
  return transfer(context)?.takeBody(bytes) == true ? bytes.count : 0
}

extension Duration {
  /// The whole milliseconds, at least one.
  fileprivate var milliseconds: Int {
    let (seconds, attoseconds) = components
    let bounded = Int(min(seconds, 10_000_000))
    return max(1, bounded * 1000 + Int(attoseconds / 1_000_000_000_000_000))
  }
}
#endif
