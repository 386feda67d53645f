#if Server
import Foundation
import Testing
import YOLOOutbound
import YOLOServer
import YOLOServerOptions

/// Requests to other servers.
@Suite struct OutboundTests {
  private let client = OutboundClient()

  private func request(
    _ server: OutboundServer, _ path: String = "/", _ method: OutboundRequest.Method = .get
  ) -> OutboundRequest {
    var request = OutboundRequest(method, server.url(path), policy: .any)
    request.allowsPlainHTTP = true
    // Other tests keep the machine busy.
    request.timeout = .seconds(600)
    request.connectTimeout = .seconds(600)
    return request
  }

  private func failure(_ request: OutboundRequest) async -> OutboundError? {
    do throws(OutboundError) {
      _ = try await client.send(request)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [OutboundRequest.Method.get, .head, .post, .put, .patch, .delete])
  func theRequestArrivesAsItIs(method: OutboundRequest.Method) async throws {
    let handler: OutboundServer.Handler = { exchange in
      OutboundServer.answer(
        "418 Teapot", headers: ["X-One: 1", "x-one:  2 "],
        exchange.method == "HEAD" ? "" : "answer")
    }
    try await withOutboundServer(handler) { server in
      var request = request(server, "/a?b=c", method)
      request.headers = [.init("Authorization", "Bearer s"), .init("X-Empty", "")]
      if ![.get, .head].contains(method) { request.body = Array("{\"a\":\0}".utf8) }
      let response = try await client.send(request)
      #expect(response.status == 418 && !response.isSuccess)
      #expect(response.headers["x-one"] == "1, 2")
      #expect(response.body == Array((method == .head ? "" : "answer").utf8))
      let exchange = try #require(server.exchanges.first)
      #expect(exchange.method == method.rawValue && exchange.target == "/a?b=c")
      #expect(exchange.header("authorization") == "Bearer s" && exchange.header("x-empty") == "")
      #expect(exchange.body == request.body ?? [])
      #expect(exchange.header("expect") == nil && exchange.header("content-type") == nil)
    }
  }

  @Test(arguments: [
    "http://127.0.0.1:%/", "http://localhost:%/", "http://0x7f000001:%/", "http://127.1:%/",
    "http://2130706433:%/", "http://[::ffff:127.0.0.1]:%/", "http://0.0.0.0:%/",
    "http://017700000001:%/",
  ])
  func addressesInsideAreRefusedWhenConnecting(pattern: String) async throws {
    try await withOutboundServer({ _ in OutboundServer.answer() }) { server in
      var request = OutboundRequest(
        .get, pattern.replacing("%", with: "\(server.port)"), policy: .publicOnly)
      request.allowsPlainHTTP = true
      let failure = await failure(request)
      guard case .refusedAddress = failure else {
        Issue.record("\(pattern): \(String(describing: failure))")
        return
      }
      #expect(server.connections == 0)
    }
  }

  @Test func networksMayBeAllowed() async throws {
    try await withOutboundServer({ _ in OutboundServer.answer("200 OK", "x") }) { server in
      var settings = ServerSettings(models: "", database: "")
      settings.allowedAddresses = "10.0.0.0/8,127.0.0.1"
      var request = request(server)
      request.policy = .forUsers(of: settings)
      let body = try await client.send(request).body
      #expect(body == Array("x".utf8))
      settings.allowedAddresses = "127.0.0.2"
      request.policy = .forUsers(of: settings)
      #expect(await failure(request) == .refusedAddress(host: "127.0.0.1"))
    }
  }

  @Test func whatIsPublic() {
    let inside = [
      "0.0.0.0", "0.255.255.255", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1",
      "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1",
      "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7",
      "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1",
      "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::1",
      "100::1", "2001::1", "2001:1ff::1", "2001:db8::1", "2002:808:808::1", "3fff::1", "fc00::1",
      "fd12::1", "fe80::1", "fec0::1", "ff02::1", "5f00::1", "no address", "",
    ]
    for address in inside { #expect(!AddressPolicy.publicOnly.allows(address), "\(address)") }
    let outside = [
      "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
      "126.255.255.255", "128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0",
      "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
      "2001:200::1", "2606:4700::1111", "2a00:1450:4001::1", "3ffe::1",
    ]
    for address in outside { #expect(AddressPolicy.publicOnly.allows(address), "\(address)") }
    #expect(AddressPolicy.any.allows("127.0.0.1"))
  }

  @Test(arguments: [
    ("https://", false), ("ftp://a.example/", false), ("file:///etc/passwd", false),
    ("http://a.example/", false), ("https://u:p@a.example/", false),
    ("https://u@a.example/", false),
    ("//a.example/", false), ("a.example", false), ("https://a.example/ x", false),
    ("https://a.example/\r\nX: y", false), ("https://a.exam\\ple/", false), ("", false),
    ("https://ä.example/", false), ("gopher://a.example/", false),
    ("https://a.example:99999/", false), ("https://a.example/x?y=z#f", true),
    ("https://[2606:4700::1111]:8443/", true), ("HTTPS://A.Example/", true),
  ])
  func addressesAreChecked(url: String, isFit: Bool) {
    #expect(((try? OutboundURL(url, allowsPlainHTTP: false)) != nil) == isFit)
  }

  @Test func headersAreChecked() async throws {
    for header in [
      OutboundRequest.Header("a b", "c"), .init("", "c"), .init("a:", "c"), .init("a", "b\r\nc: d"),
      .init("a", "b\0"),
    ] {
      var request = OutboundRequest(.get, "https://a.example/", policy: .publicOnly)
      request.headers = [header]
      #expect(await failure(request) == .invalidHeader(header.name))
    }
  }

  @Test func redirectsAreFollowedOnlyAsFarAsAllowed() async throws {
    let handler: OutboundServer.Handler = { exchange in
      let number = Int(exchange.target.dropFirst()) ?? 0
      return number == 0
        ? OutboundServer.answer("200 OK", "end")
        : OutboundServer.answer("302 Found", headers: ["Location: /\(number - 1)"], "elsewhere")
    }
    try await withOutboundServer(handler) { server in
      var request = request(server, "/3")
      let unfollowed = try await client.send(request)
      #expect(unfollowed.status == 302 && unfollowed.headers["location"] == "/2")
      request.maximumRedirects = 3
      let response = try await client.send(request)
      #expect(response.status == 200 && response.body == Array("end".utf8))
      request.maximumRedirects = 2
      #expect(await failure(request) == .tooManyRedirects(host: "127.0.0.1", maximum: 2))
      request.method = .post
      #expect(try await client.send(request).status == 302)
    }
  }

  @Test func redirectsGetNoSecretsAndNoOtherPolicy() async throws {
    try await withOutboundServer({ _ in OutboundServer.answer("200 OK", "x") }) { target in
      try await withOutboundServer(
        address: "127.0.0.2", { _ in OutboundServer.answer("200 OK", "inside") }
      ) { inside in
        let handler: OutboundServer.Handler = { exchange in
          let location =
            switch exchange.target {
            case "/inside": "http://127.0.0.2:\(inside.port)/"
            case "/file": "file:///etc/passwd"
            default: target.url("/there")
            }
          return OutboundServer.answer("307 T", headers: ["Location: \(location)"])
        }
        try await withOutboundServer(handler) { server in
          var request = request(server, "/other")
          request.policy = .publicOnly(allowing: NetworkList("127.0.0.1"))
          request.maximumRedirects = 5
          request.headers = [
            .init("Authorization", "Bearer s"), .init("X-Key", "s"), .init("Accept", "text/plain"),
          ]
          #expect(try await client.send(request).body == Array("x".utf8))
          let exchange = try #require(target.exchanges.first)
          #expect(exchange.header("authorization") == nil && exchange.header("x-key") == nil)
          #expect(exchange.header("accept") == "text/plain")
          request.url = server.url("/inside")
          #expect(await failure(request) == .refusedAddress(host: "127.0.0.2"))
          #expect(inside.connections == 0)
          request.url = server.url("/file")
          guard case .invalidURL = await failure(request) else {
            Issue.record("a redirect to a file was followed")
            return
          }
        }
      }
    }
  }

  @Test func answersAreBounded() async throws {
    let endless = Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + [UInt8](repeating: 7, count: 1 << 20)
    let handler: OutboundServer.Handler = { exchange in
      switch exchange.target {
      case "/head":
        Array(("HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 20_000)).utf8)
      case "/error":
        OutboundServer.answer("500 No", String(repeating: "e", count: 100_000))
      default: endless
      }
    }
    try await withOutboundServer(handler) { server in
      var request = request(server)
      request.destination = .memory(maximumBytes: 1 << 20)
      #expect(try await client.send(request).bytes == 1 << 20)
      request.destination = .memory(maximumBytes: 1 << 20 - 1)
      #expect(await failure(request) == .tooLarge(host: "127.0.0.1", maximum: 1 << 20 - 1))
      request.url = server.url("/head")
      guard case .broken = await failure(request) else {
        Issue.record("the head has no bound")
        return
      }
      request.url = server.url("/error")
      request.destination = .memory(maximumBytes: 1 << 20)
      let response = try await client.send(request)
      #expect(response.status == 500 && response.body.count == OutboundClient.maximumErrorBytes)
    }
  }

  @Test func filesAreWholeOrNotThere() async throws {
    let body = String(repeating: "b", count: 300_000)
    let handler: OutboundServer.Handler = { exchange in
      switch exchange.target {
      case "/cut": OutboundServer.answer("200 OK", body).dropLast(10).map(\.self)
      case "/empty": OutboundServer.answer()
      case "/none": OutboundServer.answer("404 None", "why")
      default: OutboundServer.answer("200 OK", body)
      }
    }
    try await withKeyDirectory { directory in
      try await withOutboundServer(handler) { server in
        func file(_ name: String) -> String { directory.appending(path: name).path }
        var request = request(server)
        request.destination = .file(path: file("a"), maximumBytes: body.utf8.count)
        let response = try await client.send(request)
        #expect(response.bytes == 300_000 && response.body.isEmpty)
        #expect(try String(contentsOfFile: file("a"), encoding: .utf8) == body)
        guard case .unwritable = await failure(request) else {
          Issue.record("a file was replaced")
          return
        }
        #expect(try String(contentsOfFile: file("a"), encoding: .utf8) == body)
        request.destination = .file(path: file("b"), maximumBytes: 299_999)
        #expect(await failure(request) == .tooLarge(host: "127.0.0.1", maximum: 299_999))
        request.destination = .file(path: file("c"), maximumBytes: 300_000)
        request.url = server.url("/cut")
        guard case .broken = await failure(request) else {
          Issue.record("an answer that was cut off is taken for whole")
          return
        }
        request.url = server.url("/none")
        #expect(try await client.send(request).body == Array("why".utf8))
        request.destination = .file(path: file("empty"), maximumBytes: 0)
        request.url = server.url("/empty")
        #expect(try await client.send(request).status == 200)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(names.sorted() == ["a", "empty"])
      }
    }
  }

  @Test func timeIsBounded() async throws {
    try await withOutboundServer({ _ in nil }) { server in
      var request = request(server)
      request.timeout = .milliseconds(100)
      #expect(await failure(request) == .timedOut(host: "127.0.0.1"))
      request.timeout = .seconds(600)
      request.idleTimeout = .seconds(1)
      #expect(await failure(request) == .timedOut(host: "127.0.0.1"))
    }
    let closed = try OutboundServer { _ in nil }
    closed.stop()
    #expect(await failure(request(closed)) == .unreachable(host: "127.0.0.1"))
  }

  @Test func cancellingEndsARequest() async throws {
    try await withOutboundServer({ _ in nil }) { server in
      var request = request(server)
      request.timeout = .seconds(600)
      let task = Task { [client, request] in
        await #expect(throws: OutboundError.cancelled) { try await client.send(request) }
      }
      while server.exchanges.isEmpty { await Task.yield() }
      task.cancel()
      _ = await task.value
      let early = Task { [client, request] in
        withUnsafeCurrentTask { $0?.cancel() }
        await #expect(throws: OutboundError.cancelled) { try await client.send(request) }
      }
      _ = await early.value
    }
  }

  @Test func deadServersHoldNobodyUpAndThreadsAreFew() async throws {
    func threads() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").filter { task in
        // A thread of another test may have ended since it was listed.
        (try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8))
          == "outbound\n"
      }.count
    }
    try await withOutboundServer({ $0.target == "/dead" ? nil : OutboundServer.answer() }) {
      server in
      var dead = request(server, "/dead")
      dead.timeout = .seconds(600)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<OutboundClient.maximumTransfers / 2 {
          group.addTask { [client, dead] in _ = try await client.send(dead) }
        }
        try await withThrowingTaskGroup(of: Int.self) { live in
          for _ in 0..<300 {
            let request = request(server)
            live.addTask { [client] in try await client.send(request).status }
          }
          for try await status in live { #expect(status == 200) }
        }
        #expect(try threads() >= 1)
        group.cancelAll()
        while let result = await group.nextResult() {
          #expect(throws: OutboundError.cancelled) { try result.get() }
        }
      }
    }
  }

  @Test func aClientThatGoesEndsItsThread() async throws {
    try await withOutboundServer({ _ in OutboundServer.answer() }) { server in
      for _ in 0..<20 {
        let client = OutboundClient()
        let status = try await client.send(request(server)).status
        #expect(status == 200)
      }
      _ = OutboundClient()
    }
  }

  @Test func nothingTellsTheAddressButTheHost() async throws {
    let secret = "hunter2"
    try await withOutboundServer({ _ in nil }) { server in
      var request = request(server, "/\(secret)?k=\(secret)", .post)
      request.headers = [.init("Authorization", secret)]
      request.body = Array(secret.utf8)
      request.timeout = .milliseconds(50)
      let failure = try #require(await failure(request))
      var dumped = ""
      dump(request, to: &dumped)
      for text in ["\(failure)", "\(request)", String(reflecting: request), dumped] {
        #expect(!text.contains(secret), "\(text)")
      }
      #expect("\(request)" == "POST 127.0.0.1")
    }
  }
}
#endif
