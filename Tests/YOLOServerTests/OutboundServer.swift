#if Server
import Foundation
import Glibc
import Synchronization

/// A server of HTTP on loopback that answers what a test says, each connection on a thread.
final class OutboundServer: Sendable {
  /// A request as it came.
  struct Exchange: Sendable {
    let head: String
    let body: [UInt8]
    /// The path and the query.
    var target: String { head.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
    /// The method.
    var method: String { head.split(separator: " ").first.map(String.init) ?? "" }

    /// The value of a header, nil if there is none.
    func header(_ name: String) -> String? {
      head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("\(name.lowercased()):") }
        .map { $0.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces) }
    }
  }

  /// What is sent back; nil for nothing, with the connection left open.
  typealias Handler = @Sendable (Exchange) -> [UInt8]?

  let port: Int
  private let descriptor: Int32
  private let state = Mutex((exchanges: [Exchange](), open: [Int32](), connections: 0))

  /// Listens on an address of loopback.
  init(address: String = "127.0.0.1", handler: @escaping Handler) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = inet_addr(address)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port: Int? = withUnsafeMutablePointer(to: &name) { [descriptor] in
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        guard bind(descriptor, $0, length) == 0, listen(descriptor, 512) == 0,
          getsockname(descriptor, $0, &length) == 0
        else { return nil }
        return $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          Int(in_port_t(bigEndian: $0.pointee.sin_port))
        }
      }
    }
    guard let port else { throw PageFailure("cannot listen on \(address)") }
    self.port = port
    Thread { [self, descriptor] in
      while true {
        let connection = Self.uninterrupted { Int(accept(descriptor, nil, nil)) }
        guard connection >= 0 else { return }
        state.withLock { $0.connections += 1 }
        Thread { self.serve(Int32(connection), handler) }.start()
      }
    }.start()
  }

  /// What has come so far.
  var exchanges: [Exchange] { state.withLock { $0.exchanges } }
  /// How many connections there were.
  var connections: Int { state.withLock { $0.connections } }
  /// An address of the server.
  func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

  /// Ends the server and its connections.
  func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
    let open = state.withLock { state in
      defer { state.open = [] }
      return state.open
    }
    for connection in open { close(connection) }
  }

  /// Calls the system again after a signal, such as that of the end of another test's child.
  private static func uninterrupted(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      guard result < 0, errno == EINTR else { return result }
    }
  }

  private func serve(_ connection: Int32, _ handler: Handler) {
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var exchange: Exchange?
    while exchange == nil {
      let count = Self.uninterrupted { recv(connection, &buffer, buffer.count, 0) }
      guard count > 0 else {
        close(connection)
        return
      }
      received += buffer[..<count]
      exchange = Self.exchange(received)
    }
    guard let exchange else { return }
    state.withLock { $0.exchanges.append(exchange) }
    guard let answer = handler(exchange) else {
      state.withLock { $0.open.append(connection) }
      return
    }
    var sent = 0
    while sent < answer.count {
      let count = answer[sent...].withUnsafeBytes { bytes in
        Self.uninterrupted {
          send(connection, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }
      }
      guard count > 0 else { break }
      sent += count
    }
    close(connection)
  }

  private static func exchange(_ bytes: [UInt8]) -> Exchange? {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
    let body = Array(bytes[end.upperBound...])
    let exchange = Exchange(head: head, body: body)
    let length = exchange.header("content-length").flatMap { Int($0) } ?? 0
    return body.count >= length ? exchange : nil
  }

  /// An answer with a body and headers.
  static func answer(
    _ status: String = "200 OK", headers: [String] = [], _ body: String = ""
  ) -> [UInt8] {
    let lines = ["HTTP/1.1 \(status)"] + headers + ["Content-Length: \(body.utf8.count)"]
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
  }
}

/// Runs a test with a server of HTTP.
func withOutboundServer<Value>(
  address: String = "127.0.0.1", _ handler: @escaping OutboundServer.Handler,
  _ body: (OutboundServer) async throws -> Value
) async throws -> Value {
  let server = try OutboundServer(address: address, handler: handler)
  defer { server.stop() }
  return try await body(server)
}
#endif
