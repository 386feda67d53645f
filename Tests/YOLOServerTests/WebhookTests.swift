#if Server
import Foundation
import GRDB
import JSONText
import Logging
import Synchronization
import Testing
import YOLOCryptography
import YOLOOutbound
import YOLOServer
import YOLOServerOptions

/// A clock that stands until it is moved.
final class ManualClock: Sendable {
  private let seconds: Mutex<Int>

  init(_ start: Int = 1_800_000_000) { seconds = Mutex(start) }

  var now: Int { seconds.withLock { $0 } }

  func advance(_ count: Int) { seconds.withLock { $0 += count } }
}

/// Waits until something holds, without a limit of time.
func until(_ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
}

/// The addresses that are told of events.
@Suite struct WebhookTests {
  /// A queue of webhooks of the account `alice`, and what delivers them.
  private struct Queue {
    let accounts: AccountRepository
    let webhooks: WebhookRepository
    let clock: ManualClock
    let alice: Account

    func runner(allowing networks: String? = "127.0.0.1") -> WebhookRunner {
      var settings = ServerSettings(models: "m", database: "d")
      settings.allowedAddresses = networks
      return WebhookRunner(
        webhooks: webhooks, client: OutboundClient(), policy: WebhookPolicy(settings: settings),
        logger: Logger(label: "webhooks") { _ in SwiftLogNoOpLogHandler() })
    }

    func create(
      _ url: String, _ events: [PlatformEvent.Kind] = PlatformEvent.Kind.allCases
    ) async throws -> WebhookRow {
      try await webhooks.create(url: url, events: events, description: nil, of: alice)
    }

    func record(_ kind: PlatformEvent.Kind, of account: Account? = nil) async throws {
      let event = PlatformEvent(
        kind: kind, account: (account ?? alice).id,
        data: .object([JSONMember("modelId", .string("model_1"))]), at: clock.now)
      try await webhooks.record([event])
    }

    func row(_ id: String) async throws -> WebhookRow? {
      try await webhooks.list(of: alice).first { $0.id == id }
    }
  }

  private func withQueue(_ body: (Queue) async throws -> Void) async throws {
    try await withKeyDirectory { directory in
      let database = try PlatformDatabase(
        directory: directory.appending(path: "data").path, creates: true)
      let accounts = AccountRepository(database: database)
      let clock = ManualClock()
      let webhooks = WebhookRepository(database: database, clock: { clock.now })
      try await body(
        Queue(
          accounts: accounts, webhooks: webhooks, clock: clock,
          alice: try await accounts.create(username: "alice", plan: .enterprise).account))
    }
  }

  /// Delivers as long as `body` runs.
  private func delivering(
    _ runner: WebhookRunner, _ body: () async throws -> Void
  ) async throws {
    let task = Task { await runner.run() }
    defer { task.cancel() }
    try await body()
    task.cancel()
    await task.value
  }

  @Test func eachEventIsDeliveredAndSigned() async throws {
    try await withQueue { queue in
      try await withOutboundServer({ _ in OutboundServer.answer("204 No Content") }) { server in
        let row = try await queue.create(server.url("/hook?a=b"))
        try await delivering(queue.runner()) {
          for kind in PlatformEvent.Kind.allCases { try await queue.record(kind) }
          try await until { try await queue.row(row.id)?.delivered == 5 }
        }
        let key = try #require(Data(base64Encoded: String(row.secret.dropFirst(6))))
        #expect(row.secret.hasPrefix("whsec_") && key.count == 32)
        var types: Set<String> = []
        var identifiers: Set<String> = []
        for exchange in server.exchanges {
          #expect(exchange.method == "POST" && exchange.target == "/hook?a=b")
          #expect(exchange.header("content-type") == "application/json")
          let id = try #require(exchange.header("webhook-id"))
          let time = try #require(exchange.header("webhook-timestamp"))
          let message = Array("\(id).\(time).".utf8) + exchange.body
          let code = MessageAuthentication.code(
            of: message.span.bytes, key: Array(key).span.bytes)
          #expect(
            exchange.header("webhook-signature") == "v1,\(Data(code).base64EncodedString())")
          let json = try JSONParser.parse(String(decoding: exchange.body, as: UTF8.self))
          #expect(json["id"] == .string(id) && json["createdAt"] == .string("2027-01-15T08:00:00Z"))
          #expect(json["data"]?["modelId"] == .string("model_1"))
          types.insert(json["type"]?.string ?? "")
          identifiers.insert(id)
        }
        #expect(types == Set(PlatformEvent.Kind.allCases.map(\.rawValue)))
        #expect(identifiers.count == 5)
        let events = try await DatabaseQueue(path: queue.accounts.database.path).read {
          try String.fetchAll($0, sql: "SELECT type || ' ' || action FROM event")
        }
        #expect(events == ["settings created"])
      }
    }
  }

  @Test func failuresAreTriedAgainWithTheSameIdentifierAndGivenUpInTheEnd() async throws {
    try await withQueue { queue in
      let isWell = Mutex(false)
      let handler: OutboundServer.Handler = { _ in
        isWell.withLock { $0 }
          ? OutboundServer.answer() : OutboundServer.answer("500 Broken", "stack trace")
      }
      try await withOutboundServer(handler) { server in
        let row = try await queue.create(server.url(), [.trainingFailed])
        try await queue.record(.trainingCompleted)
        try await queue.record(.trainingFailed)
        try await delivering(queue.runner()) {
          for (index, delay) in WebhookRepository.delays.enumerated() {
            try await until { try await queue.row(row.id)?.lastAttempt == queue.clock.now }
            #expect(server.exchanges.count == index + 1)
            #expect(try await queue.row(row.id)?.lastStatus == 500)
            queue.clock.advance(delay - 1)
            queue.webhooks.wake()
            #expect(try await queue.webhooks.nextDue(excluding: []) == queue.clock.now + 1)
            queue.clock.advance(1)
            queue.webhooks.wake()
          }
          try await until { try await queue.row(row.id)?.dropped == 1 }
          #expect(Set(server.exchanges.map { $0.header("webhook-id") }).count == 1)
          #expect(Set(server.exchanges.map { $0.header("webhook-timestamp") }).count == 8)
          #expect(Set(server.exchanges.map { $0.header("webhook-signature") }).count == 8)
          #expect(try await queue.webhooks.pending() == 0)
          // One that fails first and succeeds then.
          queue.clock.advance(1)
          try await queue.record(.trainingFailed)
          try await until { try await queue.row(row.id)?.lastAttempt == queue.clock.now }
          isWell.withLock { $0 = true }
          queue.clock.advance(5)
          queue.webhooks.wake()
          try await until { try await queue.row(row.id)?.delivered == 1 }
        }
        let last = try #require(try await queue.row(row.id))
        #expect(last.lastStatus == 200 && last.lastFailure == nil && last.pending == 0)
        #expect(server.exchanges.count == 10)
      }
    }
  }

  @Test func whoIsGoneIsRemoved() async throws {
    try await withQueue { queue in
      try await withOutboundServer({ _ in OutboundServer.answer("410 Gone") }) { server in
        let row = try await queue.create(server.url())
        for _ in 0..<5 { try await queue.record(.trainingEpoch) }
        try await delivering(queue.runner()) {
          try await until { try await queue.row(row.id) == nil }
        }
        #expect(try await queue.webhooks.pending() == 0)
      }
    }
  }

  @Test func aDeadAddressHoldsNobodyUp() async throws {
    try await withQueue { queue in
      try await withOutboundServer({ $0.target == "/dead" ? nil : OutboundServer.answer() }) {
        server in
        let dead = try await queue.create(server.url("/dead"))
        let live = try await queue.create(server.url("/live"))
        for _ in 0..<100 { try await queue.record(.trainingEpoch) }
        try await delivering(queue.runner()) {
          try await until { try await queue.row(live.id)?.delivered == 100 }
        }
        #expect(try await queue.row(dead.id)?.delivered == 0)
        #expect(try await queue.webhooks.pending() == 100)
      }
    }
  }

  @Test func whatWasNotAnsweredIsSentAgainByTheNextProcess() async throws {
    try await withQueue { queue in
      let isWell = Mutex(false)
      try await withOutboundServer({ _ in isWell.withLock { $0 } ? OutboundServer.answer() : nil })
      { server in
        let row = try await queue.create(server.url())
        try await queue.record(.exportCompleted)
        try await delivering(queue.runner()) { try await until { server.exchanges.count == 1 } }
        isWell.withLock { $0 = true }
        try await delivering(queue.runner()) {
          try await until { try await queue.row(row.id)?.delivered == 1 }
        }
        #expect(Set(server.exchanges.map { $0.header("webhook-id") }).count == 1)
        #expect(server.exchanges.count == 2)
      }
    }
  }

  @Test func oneProcessDelivers() async throws {
    try await withQueue { queue in
      try await withOutboundServer({ _ in OutboundServer.answer() }) { server in
        let row = try await queue.create(server.url())
        let others = (0..<3).map { _ in
          let runner = queue.runner()
          return Task { await runner.run() }
        }
        for _ in 0..<30 { try await queue.record(.trainingEpoch) }
        try await until { try await queue.row(row.id)?.delivered == 30 }
        for other in others { other.cancel() }
        for other in others { await other.value }
        #expect(server.exchanges.count == 30)
      }
    }
  }

  @Test func addressesInsideAreToldNothing() async throws {
    try await withQueue { queue in
      try await withOutboundServer({ _ in OutboundServer.answer() }) { server in
        // As if the rules had been others when it was created, or the name had another address.
        let rows = [
          try await queue.create("https://127.0.0.1:\(server.port)/"),
          try await queue.create("https://localhost:\(server.port)/"),
          try await queue.create(server.url()),
        ]
        try await queue.record(.trainingStarted)
        try await delivering(queue.runner(allowing: nil)) {
          for row in rows {
            try await until { try await queue.row(row.id)?.lastFailure != nil }
          }
        }
        #expect(server.connections == 0)
        // Plain HTTP goes to what is allowed alone.
        let policy = { (networks: String?) -> WebhookPolicy in
          var settings = ServerSettings(models: "", database: "")
          settings.allowedAddresses = networks
          return WebhookPolicy(settings: settings)
        }
        for (url, networks, isFit) in [
          ("https://hooks.example/x", nil, true), ("http://hooks.example/x", nil, false),
          ("https://127.0.0.1/", nil, false), ("https://[::1]/", nil, false),
          ("https://10.1.2.3/", "10.0.0.0/8", true), ("http://10.1.2.3/", "10.0.0.0/8", true),
          ("http://8.8.8.8/", "10.0.0.0/8", false), ("https://8.8.8.8/", "10.0.0.0/8", true),
          ("https://169.254.169.254/", "10.0.0.0/8", false), ("ftp://a.example/", nil, false),
          ("https://localhost/", nil, false), ("https://x.LOCALHOST./", "10.0.0.0/8", false),
          ("http://localhost/", "127.0.0.1", true), ("https://localhost.example/", nil, true),
        ] as [(String, String?, Bool)] {
          #expect(((try? policy(networks).check(url)) != nil) == isFit, "\(url) \(networks ?? "")")
        }
      }
    }
  }

  @Test func onlyPlansWithWebhooksHaveThem() async throws {
    try await withQueue { queue in
      let bob = try await queue.accounts.create(username: "bobby", plan: .pro).account
      await #expect(throws: PlatformError.planLimit(what: "webhooks", maximum: 0)) {
        try await queue.webhooks.create(
          url: "https://a.example/", events: [.trainingEpoch], description: nil, of: bob)
      }
      let row = try await queue.create("https://a.example/")
      for _ in 1..<20 { _ = try await queue.create("https://a.example/") }
      await #expect(throws: PlatformError.planLimit(what: "webhooks", maximum: 20)) {
        try await queue.create("https://a.example/")
      }
      try await queue.record(.trainingEpoch, of: bob)
      #expect(try await queue.webhooks.pending() == 0)
      try await queue.record(.trainingEpoch)
      #expect(try await queue.webhooks.pending() == 20)
      _ = try await queue.accounts.setPlan(of: "alice", to: .free)
      try await queue.record(.trainingEpoch)
      #expect(try await queue.webhooks.pending() == 20)
      try await queue.webhooks.delete(row.id, of: queue.alice)
      #expect(try await queue.webhooks.pending() == 19)
      try await queue.accounts.delete("alice")
      #expect(try await queue.webhooks.pending() == 0)
    }
  }

  @Test func theQueueIsBounded() async throws {
    try await withQueue { queue in
      let row = try await queue.create("https://a.example/")
      let event = PlatformEvent(
        kind: .trainingEpoch, account: queue.alice.id, data: .object([]), at: queue.clock.now)
      try await queue.webhooks.record(
        Array(repeating: event, count: WebhookRepository.maximumPending + 3))
      let last = try #require(try await queue.row(row.id))
      #expect(last.pending == WebhookRepository.maximumPending && last.dropped == 3)
    }
  }

  @Test func theirRoutes() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let created = await client.check(
        201, "POST", "/api/webhooks", key: key,
        body: #"{"url":"https://hooks.example/x","events":["training.failed"]}"#)
      let id = try #require(created["data"]?["id"]?.string)
      #expect(id.hasPrefix("webhook_"))
      let secret = try #require(created["data"]?["secret"]?.string)
      let list = await client.check(200, "GET", "/api/webhooks", key: key)
      #expect(list["data"]?.elements?.first?["id"] == .string(id))
      let one = await client.call("GET", "/api/webhooks/\(id)", key: key)
      #expect(one.status == 200 && !one.text.contains(secret))
      for body in [
        #"{"url":"http://hooks.example/"}"#, #"{"url":"https://127.0.0.1/"}"#,
        #"{"url":"https://[::ffff:10.0.0.1]/"}"#, #"{"url":"https://u:p@hooks.example/"}"#,
        #"{"url":"https://hooks.example/","events":["all"]}"#,
        #"{"url":"https://hooks.example/","events":[]}"#, #"{"url":7}"#, "{}", "[]",
      ] {
        await client.check(400, "POST", "/api/webhooks", key: key, body: body)
      }
      let other = try await accounts.create(username: "bobby", plan: .pro).key
      await client.check(404, "GET", "/api/webhooks/\(id)", key: other)
      await client.check(404, "DELETE", "/api/webhooks/\(id)", key: other)
      await client.check(
        403, "POST", "/api/webhooks", key: other, body: #"{"url":"https://hooks.example/"}"#)
      await client.check(200, "DELETE", "/api/webhooks/\(id)", key: key)
      await client.check(404, "DELETE", "/api/webhooks/\(id)", key: key)
    }
  }
}
#endif
