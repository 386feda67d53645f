#if Server
import YOLOServerOptions
import Dispatch
import Foundation
import Glibc
import Logging
import YOLOServer

/// A server in this process with the shipped models, and a client that sends whatever it is told
/// to.
enum LiveServer {
  /// Serves on a port that the system chooses, and runs `body` when the models are loaded.
  static func serving<Value: Sendable>(
    _ change: (inout ServerSettings) -> Void = { _ in },
    logger: Logger = Logger(label: "live") { _ in SwiftLogNoOpLogHandler() },
    uploadTargets: [any UploadTarget] = [],
    _ body: @escaping @Sendable (Int) async throws -> Value
  ) async throws -> Value {
    var settings = ServerSettings(
      models: PageServer.weights.path(percentEncoded: false), database: "/nonexistent")
    settings.isOpen = true
    settings.host = "127.0.0.1"
    settings.port = 0
    change(&settings)
    let server = try await Server(
      settings: settings, logger: logger, uploadTargets: uploadTargets)
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    return try await withThrowingTaskGroup { group in
      group.addTask {
        defer { continuation.finish() }
        try await server.run(signals: []) { port in continuation.yield(port) }
      }
      defer { group.cancelAll() }
      for await port in ports {
        let question = Array("GET /readyz HTTP/1.1\r\nHost: test\r\n\r\n".utf8)
        while !(await exchange(question, port: port)).contains("HTTP/1.1 200") {}
        return try await body(port)
      }
      try await group.waitForAll()
      throw PageFailure("the server ended before it listened")
    }
  }

  /// Sends bytes on a new connection and returns all that comes back until the server closes it, or
  /// until a whole answer has come.
  ///
  /// With `isLast` it says that nothing more comes.
  static func exchange(_ bytes: [UInt8], port: Int, isLast: Bool = false) async -> String {
    let descriptor = connect(port: port)
    guard descriptor >= 0 else { return "not connected" }
    defer { close(descriptor) }
    return await exchange(bytes, on: descriptor, isLast: isLast)
  }

  /// The same on a connection that stays open.
  static func exchange(
    _ bytes: [UInt8], on descriptor: Int32, isLast: Bool = false
  ) async -> String {
    await onThread {
      send(bytes, on: descriptor)
      if isLast { shutdown(descriptor, Int32(SHUT_WR)) }
      return receive(on: descriptor, patience: 0, until: isWhole)
    }
  }

  private static func onThread(_ body: @escaping @Sendable () -> String) async -> String {
    await withCheckedContinuation { continuation in
      Thread { continuation.resume(returning: body()) }.start()
    }
  }

  /// Sends pieces on a new connection, with a pause after each but the last, and returns all that
  /// comes back until the server closes it; what came in two minutes if it does not, and `<open>`.
  static func conversation(
    _ pieces: [[UInt8]], pause: Double = 0, port: Int
  ) async -> String {
    let descriptor = connect(port: port)
    guard descriptor >= 0 else { return "not connected" }
    defer { close(descriptor) }
    return await onThread {
      for (index, piece) in pieces.enumerated() {
        if index > 0 { usleep(UInt32(pause * 1e6)) }
        send(piece, on: descriptor)
      }
      return receive(on: descriptor) { _ in false }
    }
  }

  /// The same with text, all at once.
  static func conversation(_ text: String, port: Int) async -> String {
    await conversation([Array(text.utf8)], port: port)
  }

  /// Sends bytes and returns what comes back until it has `end`, or the connection is closed; with
  /// an empty `end` nothing is waited for.
  static func exchange(
    _ bytes: [UInt8], until end: String, on descriptor: Int32
  ) async -> String {
    await onThread {
      send(bytes, on: descriptor)
      return receive(on: descriptor) {
        end.isEmpty || String(decoding: $0, as: UTF8.self).contains(end)
      }
    }
  }

  /// Closes a connection as a client does that is killed: with a reset, not an end.
  static func reset(_ descriptor: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close(descriptor)
  }

  /// Opens a connection; returns its descriptor, or -1.
  static func connect(port: Int) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let isOpen = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    if isOpen { return descriptor }
    close(descriptor)
    return -1
  }

  /// Whether the other side has closed a connection.
  static func isClosed(_ descriptor: Int32) -> Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 0
  }

  private static func send(_ bytes: [UInt8], on descriptor: Int32) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 { sent += count } else if errno != EINTR { break }
    }
  }

  /// Receives until it suffices or the connection is closed, and waits so many seconds for each
  /// piece; 0 for any time.
  private static func receive(
    on descriptor: Int32, patience: Int = 120, until suffices: ([UInt8]) -> Bool
  ) -> String {
    var limit = timeval(tv_sec: patience, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while !suffices(answer) {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 {
        answer += buffer[..<count]
      } else if count < 0, errno == EAGAIN {
        answer += Array("<open>".utf8)
        break
      } else if count == 0 || errno != EINTR {
        break
      }
    }
    return String(decoding: answer, as: UTF8.self)
  }

  private static func isWhole(_ answer: [UInt8]) -> Bool {
    let text = String(decoding: answer, as: UTF8.self)
    guard let head = text.range(of: "\r\n\r\n"),
      let length = text[..<head.lowerBound].split(separator: "\r\n")
        .first(where: { $0.lowercased().hasPrefix("content-length:") })?
        .split(separator: ":").last.flatMap({ Int($0.trimmingCharacters(in: .whitespaces)) })
    else { return false }
    return text[head.upperBound...].utf8.count >= length
  }

  /// A request with a form, of fields and a file.
  static func form(
    _ fields: [(String, String)] = [], file: [UInt8], path: String = "/", announcing: Int? = nil,
    headers: [String] = []
  ) -> [UInt8] {
    let parts = fields.map { (#"name="\#($0.0)""#.utf8.map(\.self), Array($0.1.utf8)) }
    return form(
      parts: parts + [(Array(#"name="file"; filename="f""#.utf8), file)], path: path,
      announcing: announcing, headers: headers)
  }

  /// A request with a form, of parts: what follows `form-data; ` in their header, and their bytes.
  static func form(
    parts: [(disposition: [UInt8], bytes: [UInt8])], path: String = "/", announcing: Int? = nil,
    headers: [String] = []
  ) -> [UInt8] {
    var body: [UInt8] = []
    for part in parts {
      body += Array("--b\r\nContent-Disposition: form-data; ".utf8) + part.disposition
      body += Array("\r\n\r\n".utf8) + part.bytes + Array("\r\n".utf8)
    }
    body += Array("--b--\r\n".utf8)
    let head =
      ["POST \(path) HTTP/1.1", "Host: test"]
      + (headers.contains { $0.hasPrefix("Content-Type") }
        ? [] : ["Content-Type: multipart/form-data; boundary=b"])
      + ["Content-Length: \(announcing ?? body.count)"] + headers
    return Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
  }
}
#endif
