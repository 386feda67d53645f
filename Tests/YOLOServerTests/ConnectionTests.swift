#if Server
import Foundation
import Glibc
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Testing
import YOLOServer
import YOLOServerOptions

/// What RFC 9110 and 9112 ask of a connection, whatever client holds it.
@Suite struct ConnectionTests {
  private static let host = "Host: test\r\n"
  private static let last = "GET /healthz HTTP/1.1\r\n\(host)Connection: close\r\n\r\n"

  /// The responses of a conversation, split where the next begins.
  private static func responses(_ text: String) -> [String] {
    text.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0 }
  }

  @Test func aResponseToHEADHasNoBody() async throws {
    try await LiveServer.serving { port in
      // 200, 405, 404, and 400 for want of a host.
      let paths = ["/healthz", "/", "/predict", "/v1/predict/x", "/none", "/v1/models"]
      let questions = paths.map { "HEAD \($0) HTTP/1.1\r\n\(Self.host)\r\n" }
      let text = await LiveServer.conversation(
        questions.joined() + "HEAD /healthz HTTP/1.1\r\n\r\n" + Self.last, port: port)
      let responses = Self.responses(text)
      #expect(
        responses.map { $0.prefix(3) } == ["200", "200", "405", "405", "404", "200", "400", "200"])
      for response in responses.dropLast() {
        #expect(response.hasSuffix("\r\n\r\n") && response.contains("Content-Length: "))
        #expect(!response.contains("{"), "\(response)")
      }
      #expect(responses.last?.hasSuffix(#"{"status":"ok"}"#) == true)
    }
  }

  @Test func aConnectionOfHTTP10IsClosedUnlessItIsAskedFor() async throws {
    try await LiveServer.serving { port in
      let closed = await LiveServer.conversation("GET /healthz HTTP/1.0\r\n\r\n", port: port)
      #expect(closed.contains("HTTP/1.1 200") && closed.contains("Connection: close"))
      #expect(closed.hasSuffix(#"{"status":"ok"}"#), "\(closed)")
      let kept = await LiveServer.conversation(
        "GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nHEAD /none HTTP/1.0\r\n\r\n",
        port: port)
      let responses = Self.responses(kept)
      #expect(responses.map { $0.prefix(3) } == ["200", "404"], "\(kept)")
      #expect(responses.first?.contains("Connection: keep-alive") == true)
      #expect(responses.last?.contains("Connection: close") == true)
      #expect(!kept.hasSuffix("<open>"))
    }
  }

  /// The decoder reads nothing behind a request for another protocol: the client must not go on.
  @Test(arguments: [
    "GET /healthz HTTP/1.1\r\n\(host)Connection: Close\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n\(host)Connection: TE, close\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n\(host)Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
      + "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n\(host)Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    "CONNECT test:80 HTTP/1.1\r\n\(host)\r\n",
  ]) func aConnectionThatEndsIsToldSo(_ question: String) async throws {
    let text = try await LiveServer.serving { port in
      await LiveServer.conversation(question, port: port)
    }
    #expect(Self.responses(text).count == 1 && text.contains("Connection: close"), "\(text)")
    #expect(!text.hasSuffix("<open>"))
  }

  @Test func whatIsNoHTTPBehindARequestIsAnsweredInTheSameForm() async throws {
    let text = try await LiveServer.serving { port in
      await LiveServer.conversation(
        "GET /healthz HTTP/1.1\r\n\(Self.host)\r\n\u{16}\u{3}nonsense\r\n\r\n", port: port)
    }
    let responses = Self.responses(text)
    #expect(responses.map { $0.prefix(3) } == ["200", "400"], "\(text)")
    #expect(responses.last?.contains("VALIDATION_ERROR") == true)
    #expect(responses.last?.contains("X-Request-Id") == true)
  }

  @Test func theHostIsNamedOnce() async throws {
    try await LiveServer.serving { port in
      for (head, words) in [
        ("GET /healthz HTTP/1.1\r\n", ["400", "no header Host", #""argument":"Host""#]),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n", ["400", "more than one header Host"]),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nhost: a\r\n", ["400", "more than one header Host"]),
        ("GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n", ["400", "more than one header Host"]),
        ("GET /healthz HTTP/1.0\r\n", ["200"]), ("GET /healthz HTTP/1.1\r\nHost:\r\n", ["200"]),
        ("GET http://a/healthz HTTP/1.1\r\nHost: a\r\n", ["200"]),
      ] {
        let text = await LiveServer.exchange(Array("\(head)\r\n".utf8), port: port)
        for word in words { #expect(text.contains(word), "\(head) \(text)") }
      }
    }
  }

  @Test func codingsThatThereAreNotAreNamed() async throws {
    try await LiveServer.serving { port in
      let form = LiveServer.form(file: [1])
      let body = form[(form.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? 0)...]
      let head =
        "POST / HTTP/1.1\r\n\(Self.host)Content-Type: multipart/form-data; boundary=b\r\n"
      for coding in ["gzip, chunked", "br, chunked", "gzip", "identity", "foo"] {
        let chunked = "\(String(body.count, radix: 16))\r\n\(String(decoding: body, as: UTF8.self))"
        let text = await LiveServer.exchange(
          Array("\(head)Transfer-Encoding: \(coding)\r\n\r\n\(chunked)\r\n0\r\n\r\n".utf8),
          port: port)
        #expect(text.contains("HTTP/1.1 501") && text.contains("NOT_IMPLEMENTED"), "\(text)")
        #expect(text.contains("is \(coding);"))
      }
      for coding in ["gzip", "deflate", "br", "zstd", "gzip, identity"] {
        let text = await LiveServer.exchange(
          LiveServer.form(file: [1], headers: ["Content-Encoding: \(coding)"]), port: port)
        #expect(text.contains("HTTP/1.1 415") && text.contains(coding), "\(text)")
      }
      let plain = await LiveServer.exchange(
        LiveServer.form(file: [1], headers: ["Content-Encoding: identity"]), port: port)
      #expect(plain.contains("model is missing"))
    }
  }

  @Test func aBodyIsInvitedOnceTheKeyIsChecked() async throws {
    try await withKeyFile { path in
      let key = try await KeyStore(path: path).create(name: "a", models: nil).key
      try await LiveServer.serving({
        $0.isOpen = false
        $0.database = path
      }) { port in
        func head(_ key: String, _ path: String = "/") -> [UInt8] {
          let form = LiveServer.form(
            [("model", "shapes-detect")], file: LimitTests.image, path: path,
            headers: ["Expect: 100-continue", "x-api-key: \(key)"])
          return Array(form[..<(form.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? 0)])
        }
        for (question, status) in [
          (head("wrong"), "401"), (head(key, "/none"), "404"), (head(key, "/v1/models"), "405"),
        ] {
          // The connection is closed: what came next might be the body.
          let text = await LiveServer.conversation([question], port: port)
          #expect(text.hasPrefix("HTTP/1.1 \(status)") && text.contains("Connection: close"))
          #expect(!text.contains("100 Continue") && !text.hasSuffix("<open>"), "\(text)")
        }
        let descriptor = LiveServer.connect(port: port)
        let invitation = await LiveServer.exchange(
          head(key), until: "\r\n\r\n", on: descriptor)
        #expect(invitation == "HTTP/1.1 100 Continue\r\n\r\n")
        let form = LiveServer.form([("model", "shapes-detect")], file: LimitTests.image)
        let start = form.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? 0
        let text = await LiveServer.exchange(Array(form[start...]), on: descriptor)
        #expect(text.contains("HTTP/1.1 200") && text.contains("\"images\""), "\(text.prefix(300))")
        #expect(!text.contains("Connection: close"))
        close(descriptor)
      }
    }
  }

  @Test func aBodyHasItsOwnTime() async throws {
    try await LiveServer.serving({
      $0.limits.idleTimeout = 1
      $0.limits.bodyTimeout = 4
    }) { port in
      let form = LiveServer.form([("model", "shapes-detect")], file: LimitTests.image)
      let stalled = await LiveServer.conversation([Array(form[..<3000])], port: port)
      #expect(stalled.contains("HTTP/1.1 408") && stalled.contains("4 seconds"), "\(stalled)")
      #expect(stalled.contains("Connection: close") && !stalled.hasSuffix("<open>"))
      let slow = await LiveServer.conversation(
        [Array(form[..<3000]), Array(form[3000...])], pause: 1.7, port: port)
      #expect(slow.contains("HTTP/1.1 200"), "\(slow.prefix(300))")
    }
  }

  /// As it happens where a connection is accepted while the server ends; NIO would trap.
  @Test func aConnectionThatNobodyTakesIsClosed() async throws {
    var descriptors: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &descriptors) == 0)
    defer { close(descriptors[0]) }
    let watched = ServerSettings(models: "", database: "").limits.watchedChannel { _, _, _ in
      Issue.record("a request is answered")
    }
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        watched.setup(channel: channel, logger: Logger(label: "test")).map { _ in }
      }
      .withConnectedSocket(descriptors[1]).get()
    try await channel.closeFuture.get()
    #expect(!channel.isActive)
  }

  /// The connection may be closed before the handler of the request asks for it.
  @Test func whoGoesAwayAtOnceIsNoFaultOfTheServer() async throws {
    let log = ModelLogRecorder()
    try await LiveServer.serving(logger: log.logger) { port in
      let form = LiveServer.form([("model", "shapes-detect")], file: LimitTests.image)
      for _ in 0..<300 {
        let descriptor = LiveServer.connect(port: port)
        _ = await LiveServer.exchange(Array(form[..<3000]), until: "", on: descriptor)
        LiveServer.reset(descriptor)
      }
      let end = ContinuousClock.now + .seconds(60)
      while log.lines(with: "info request", "status=499").isEmpty, .now < end {
        try await Task.sleep(for: .seconds(0.1))
      }
      #expect(!log.lines(with: "info request", "status=499").isEmpty)
      // Not those that asked whether the models are loaded, which is answered 503 at first.
      #expect(log.lines(with: "request", "path=/ ", "status=5").isEmpty)
      #expect(log.lines.allSatisfy { !$0.hasPrefix("error") }, "\(log.lines.suffix(20))")
    }
  }

  @Test func whoGoesAwayIsNoFaultOfTheServer() async throws {
    let log = ModelLogRecorder()
    try await LiveServer.serving(logger: log.logger) { port in
      let form = LiveServer.form([("model", "shapes-detect")], file: LimitTests.image)
      let cut = LiveServer.connect(port: port)
      _ = await LiveServer.exchange(Array(form[..<3000]), until: "", on: cut)
      try await Task.sleep(for: .seconds(0.3))
      LiveServer.reset(cut)
      // Gone while the image waits or is worked on.
      _ = await LiveServer.exchange(form, port: port, isLast: true)
      let question = Array("GET /metrics HTTP/1.1\r\n\(Self.host)\r\n".utf8)
      func count(_ code: String) async throws -> Double? {
        let text = await LiveServer.exchange(question, port: port)
        let body = text[(text.range(of: "\r\n\r\n")?.upperBound ?? text.endIndex)...]
        return try MetricsExposition(String(body)).value(
          "yolo_http_requests_total", ["route": "/", "method": "POST", "code": code])
      }
      let end = ContinuousClock.now + .seconds(60)
      while try await count("499") != 2, .now < end { try await Task.sleep(for: .seconds(0.1)) }
      #expect(try await count("499") == 2)
      for code in ["200", "400", "500", "503"] { #expect(try await count(code) == nil) }
      #expect(log.lines.allSatisfy { !$0.hasPrefix("error") }, "\(log.lines.suffix(20))")
      #expect(log.lines(with: "info request", "status=499").count == 2)
    }
  }
}
#endif
