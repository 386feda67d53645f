#if Server
import Foundation
import GRDB
import JSONText
import Testing
import YOLOServer
import YOLOServerOptions

/// A server with a platform in an empty directory, and a client of its API.
struct PlatformClient: Sendable {
  /// What a request was answered.
  struct Answer: Sendable {
    let status: Int
    let head: String
    let body: JSONValue
    /// The body as it came.
    let text: String

    /// Returns the value of a header.
    func header(_ name: String) -> String? {
      head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }?
        .split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
    }
  }

  let port: Int
  let checker: OpenAPISchemaChecker

  /// Serves a platform with an account `alice` of a plan; `body` gets a client and her first key.
  static func serving(
    plan: Plan = .enterprise, database: String = "/nonexistent",
    uploadTargets: [any UploadTarget] = [],
    _ settingMore: @escaping @Sendable (inout ServerSettings) -> Void = { _ in },
    _ body:
      @escaping @Sendable (PlatformClient, _ key: String, AccountRepository) async throws ->
      Void
  ) async throws {
    try await withKeyDirectory { directory in
      let data = directory.appending(path: "data").path
      let accounts = AccountRepository(
        database: try PlatformDatabase(directory: data, creates: true))
      let key = try await accounts.create(username: "alice", name: "Alice", plan: plan).key
      let change: @Sendable (inout ServerSettings) -> Void = {
        $0.isOpen = false
        $0.data = data
        $0.database = database
        settingMore(&$0)
      }
      var settings = ServerSettings(models: "m", database: database)
      change(&settings)
      let document = OpenAPIDocument.bytes(settings: settings, version: "1")
      let checker = OpenAPISchemaChecker(
        document: try JSONParser.parse(String(decoding: document, as: UTF8.self)))
      try await LiveServer.serving(change, uploadTargets: uploadTargets) { port in
        try await body(PlatformClient(port: port, checker: checker), key, accounts)
      }
    }
  }

  /// Sends a request; a body that is JSON is read.
  func call(
    _ method: String, _ path: String, key: String? = nil, body: String? = nil,
    headers: [String] = []
  ) async -> Answer {
    var lines = ["\(method) \(path) HTTP/1.1", "Host: test", "Connection: close"] + headers
    if let key { lines.append("Authorization: Bearer \(key)") }
    if let body { lines.append("Content-Length: \(body.utf8.count)") }
    let text = await LiveServer.exchange(
      Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8), port: port)
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1).map(String.init)
    let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    let json = parts.count == 2 ? try? JSONParser.parse(parts[1]) : nil
    return Answer(
      status: status, head: parts.first ?? "", body: json ?? .null,
      text: parts.count == 2 ? parts[1] : "")
  }

  /// Sends a request, expects a status and an answer as the OpenAPI document has it, and returns it.
  @discardableResult
  func check(
    _ status: Int, _ method: String, _ path: String, key: String? = nil, body: String? = nil,
    headers: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
  ) async -> JSONValue {
    let answer = await call(method, path, key: key, body: body, headers: headers)
    #expect(
      answer.status == status, "\(method) \(path) \(body?.prefix(300) ?? ""): \(answer)",
      sourceLocation: sourceLocation)
    let template = documentPath(of: path)
    #expect(template != nil, "\(path) is not in the document", sourceLocation: sourceLocation)
    let problems = problems(answer, method, template ?? "", isKeyed: key != nil)
    #expect(problems == [], "\(method) \(path): \(answer)", sourceLocation: sourceLocation)
    return answer.body
  }

  /// The path of the document that describes a path, the one with most literal segments.
  func documentPath(of path: String) -> String? {
    let segments = path.prefix { $0 != "?" }.split(separator: "/")
    return (checker.document["paths"]?.members ?? []).map(\.key).filter { template in
      let parts = template.split(separator: "/")
      return parts.count == segments.count
        && zip(parts, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }.min { $0.count { $0 == "{" } < $1.count { $0 == "{" } }
  }

  /// Describes where an answer is not what the OpenAPI document has for its operation.
  ///
  /// Without a key nothing is counted, so that there are no headers that tell of it.
  func problems(
    _ answer: Answer, _ method: String, _ path: String, isKeyed: Bool = true
  ) -> [String] {
    let responses = checker.document["paths"]?[path]?[method.lowercased()]?["responses"]
    guard var response = responses?["\(answer.status)"] else {
      return ["\(method) \(path) has no \(answer.status)"]
    }
    if let target = response["$ref"]?.string {
      response = checker.resolved(target) ?? .null
    }
    let missing = (response["headers"]?.members ?? []).map(\.key)
      .filter { isKeyed || !$0.hasPrefix("X-RateLimit") }
      .filter { answer.header($0) == nil }.map { "no header \($0)" }
    guard let schema = response["content"]?["application/json"]?["schema"] else {
      return ["\(method) \(path) \(answer.status) has no schema"]
    }
    return missing + checker.problems(answer.body, schema)
  }
}

/// The Platform API as its clients see it.
@Suite struct PlatformTests {
  @Test func everyResponseIsAsDocumented() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let alice = try await accounts.account(named: "alice")
      for (method, path, document, body, status) in [
        ("GET", "/api/account/summary", nil, nil, 200),
        ("GET", "/api/users?username=alice", "/api/users", nil, 200),
        ("GET", "/api/users?username=nobody", "/api/users", nil, 404),
        ("GET", "/api/users", nil, nil, 400),
        ("GET", "/api/storage", nil, nil, 200),
        ("GET", "/api/billing/balance", nil, nil, 200),
        ("GET", "/api/billing/usage-summary", nil, nil, 200),
        ("GET", "/api/api-keys", nil, nil, 200),
        ("POST", "/api/api-keys", nil, #"{"name":"a","scopes":["training","models"]}"#, 201),
        ("POST", "/api/api-keys", nil, #"{"name":"b","scopes":null,"other":[1]}"#, 201),
        ("POST", "/api/api-keys", nil, #"{"name":"a","scopes":["root"]}"#, 400),
        ("POST", "/api/api-keys", nil, #"{"name":"a","scopes":[]}"#, 400),
        ("POST", "/api/api-keys", nil, #"{"name":"a","scopes":"read"}"#, 400),
        ("POST", "/api/api-keys", nil, #"{"name":7}"#, 400),
        ("POST", "/api/api-keys", nil, #"{"name":""}"#, 400),
        ("POST", "/api/api-keys", nil, "[]", 400), ("POST", "/api/api-keys", nil, "{", 400),
        ("POST", "/api/api-keys", nil, nil, 400),
        ("PUT", "/api/api-keys", "", nil, 405),
        ("DELETE", "/api/api-keys", nil, nil, 404),
        ("POST", "/api/upload/signed-url", nil, nil, 400),
        ("POST", "/api/upload/complete", nil, nil, 400),
        ("POST", "/api/upload/complete", nil, #"{"sessionId":"none"}"#, 404),
        ("DELETE", "/api/api-keys/key_00", "/api/api-keys/{keyId}", nil, 404),
      ] as [(String, String, String?, String?, Int)] {
        let path = path == "/api/api-keys" && method == "DELETE" ? "\(path)?keyId=key_00" : path
        let answer = await client.call(method, path, key: key, body: body)
        #expect(answer.status == status, "\(method) \(path) \(body ?? ""): \(answer)")
        if document != "" {
          let template = document ?? String(path.prefix { $0 != "?" })
          #expect(client.problems(answer, method, template) == [], "\(answer)")
          #expect(answer.header("X-RateLimit-Limit") == "3000")
        }
        let without = await client.call(method, path, body: body)
        #expect(without.status == (status == 405 ? 405 : 401), "\(without)")
      }
      let summary = await client.call("GET", "/api/account/summary", key: key).body
      #expect(
        summary["username"] == .string("alice") && summary["plan"] == .string("enterprise"))
      try await Ledger(database: accounts.database).add(
        20_000_000, to: .credit, of: alice, kind: "adjustment")
      try await Ledger(database: accounts.database).add(
        5_000_000, to: .cash, of: alice, kind: "purchase", externalID: "p1")
      let balance = await client.call("GET", "/api/billing/balance", key: key).body["data"]
      #expect(
        ["cashBalance", "creditBalance", "reservedAmount", "totalBalance"].map {
          balance?[$0]?.int
        } == [5_000_000, 20_000_000, 0, 25_000_000])
      let storage = await client.call("GET", "/api/storage", key: key).body
      #expect(storage["data"]?["used"] == .int(0) && storage["region"] == .string("eu"))
    }
  }

  @Test func theOldErrorsAndTheNewOnesHaveTheirForms() async throws {
    try await PlatformClient.serving { client, key, _ in
      for (path, isFlat) in [
        ("/api/deployments/deployment_1", false), ("/api/deployments/nobody", true),
        ("/api/datasets/alice/export", true),
        ("/api/datasets/dataset_1/export", false), ("/api/models/model_1/files", false),
        ("/api/models/alice/shapes", true), ("/api/exports/0123", false),
        ("/api/webhooks/training/nothing", true), ("/api", true), ("/docs/nothing", false),
        ("/api/webhooks/nothing", true),
      ] {
        let answer = await client.call("GET", path, key: key)
        #expect(answer.status == 404 && (answer.body["error"]?.string != nil) == isFlat, "\(path)")
        let code = isFlat ? answer.body["code"] : answer.body["error"]?["code"]
        #expect(code == .string("NOT_FOUND"), "\(answer)")
      }
      let unknown = await client.call("GET", "/api/account/summary", key: "ul_wrong")
      #expect(unknown.status == 401 && unknown.body["error"]?.string != nil)
      let method = await client.call("POST", "/api/account/summary", key: key)
      #expect(method.status == 405 && method.header("Allow") == "GET")
      #expect(method.body["code"] == .string("METHOD_NOT_ALLOWED"))
      let head = await client.call("HEAD", "/api/account/summary", key: key)
      #expect(head.status == 200 && head.body == .null)
    }
  }

  @Test func bodiesOfOtherTypesAreRefused() async throws {
    try await PlatformClient.serving { client, key, _ in
      for (index, type) in [
        "application/json; charset=utf-8", "application/vnd.api+json",
        "application/x-www-form-urlencoded", "Text/Plain",
      ].enumerated() {
        await client.check(
          201, "POST", "/api/projects", key: key, body: #"{"name":"p\#(index)"}"#,
          headers: ["Content-Type: \(type)"])
      }
      for type in ["application/xml", "image/png", "text/html", "multipart/form-data"] {
        for path in ["/api/projects", "/api/models", "/api/upload/signed-url"] {
          if type.hasPrefix("multipart"), path == "/api/models" { continue }
          await client.check(
            415, "POST", path, key: key, body: #"{"name":"x"}"#, headers: ["Content-Type: \(type)"])
        }
      }
    }
  }

  /// A path of a template, of nothing that there is.
  private static func example(of template: String) -> String {
    let segments = template.split(separator: "/").map { segment in
      switch segment {
      case "{owner}": "nobody"
      case "{keyId}": "key_0"
      case "{projectId}", "{modelId}", "{datasetId}", "{webhookId}", "{deploymentId}":
        "\(segment.dropFirst().dropLast(3))_0"
      case "{imageId}": "0"
      default: segment.hasPrefix("{") ? "none" : "\(segment)"
      }
    }
    return "/" + segments.joined(separator: "/")
  }

  @Test func eachScopeMayWhatTheTableHas() async throws {
    try await PlatformClient.serving { client, _, accounts in
      let alice = try await accounts.account(named: "alice")
      var settings = ServerSettings(models: "m", database: "d")
      settings.data = "data"
      let operations = EndpointTable(settings: settings).operations
      #expect(operations.count > 15)
      for scope in Scope.allCases {
        let key = try await accounts.createKey(
          name: scope.rawValue, of: alice, scopes: [scope]
        ).key
        // Signed addresses need no key, but a signature.
        for operation in operations where !operation.path.hasPrefix("/storage/") {
          let path = Self.example(of: operation.path)
          let answer = await client.call(operation.method, path, key: key)
          let mayCall = operation.scopes.map { !$0.isDisjoint(with: Set([scope]).expanded) } ?? true
          #expect((answer.status != 403) == mayCall, "\(scope) \(operation): \(answer)")
          #expect(answer.status != 401 && answer.status != 500, "\(operation): \(answer)")
        }
      }
      for operation in operations where operation.path.hasPrefix("/api/") {
        let path = Self.example(of: operation.path)
        let answer = await client.call(operation.method, path)
        #expect((answer.status == 401) != operation.isOpen, "\(operation): \(answer)")
        let wrong = await client.call(operation.method, path, key: "ul_wrong")
        #expect(wrong.status == 401, "\(operation): \(wrong)")
      }
      #expect(Set<Scope>([.write]).expanded == Set(Scope.allCases).subtracting([.admin]))
      #expect(Set<Scope>([.read]).expanded == [.read])
      #expect(Set<Scope>([.models, .datasets]).expanded == [.models, .datasets, .predict])
    }
  }

  @Test func aKeyIsShownOnceAndRefusedOnceItIsRevoked() async throws {
    try await PlatformClient.serving { client, key, _ in
      let created = await client.call(
        "POST", "/api/api-keys", key: key, body: #"{"name":"training-server","scopes":["read"]}"#)
      let text = try #require(created.body["data"]?["key"]?.string)
      let id = try #require(created.body["data"]?["id"]?.string)
      #expect(text.wholeMatch(of: /ul_[0-9a-f]{40}/) != nil)
      #expect(id.wholeMatch(of: /key_[0-9a-f]{24}/) != nil)
      #expect(created.body["keyId"] == .string(id) && created.body["key"] == .string(text))
      let seconds = Int(id.dropFirst(4).prefix(8), radix: 16) ?? 0
      #expect(abs(seconds - SystemTime.now()) < 60)
      #expect(await client.call("GET", "/api/storage", key: text).status == 200)

      let list = await client.call("GET", "/api/api-keys", key: key).body
      #expect(list["data"]?.elements?.count == 2 && list["keys"]?.elements?.count == 2)
      let listed = JSONWriter.text(list)
      #expect(listed.contains(String(text.prefix(11))) && !listed.contains(String(text.prefix(12))))
      #expect(!listed.contains(String(key.prefix(12))))

      let revoked = await client.call("DELETE", "/api/api-keys/\(id)", key: key)
      #expect(revoked.status == 200 && revoked.body["data"]?["id"] == .string(id))
      #expect(await client.call("GET", "/api/storage", key: text).status == 401)
      #expect(await client.call("DELETE", "/api/api-keys?keyId=\(id)", key: key).status == 404)
    }
  }

  @Test func anotherProcessRevokesAtOnceAndAccountsAreApart() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let bob = try await accounts.create(username: "bobby", plan: .free)
      let keys = try await accounts.keys(of: bob.account)
      let id = try #require(keys.first?.publicID)
      #expect(await client.call("DELETE", "/api/api-keys/\(id)", key: key).status == 404)
      #expect(await client.call("GET", "/api/storage", key: bob.key).status == 200)
      try await accounts.revokeKey(id, of: nil)
      #expect(await client.call("GET", "/api/storage", key: bob.key).status == 401)
      try await accounts.delete("alice")
      #expect(await client.call("GET", "/api/storage", key: key).status == 401)
    }
  }

  @Test func twoKeysHaveOnePlan() async throws {
    try await PlatformClient.serving(plan: .free) { client, key, accounts in
      let alice = try await accounts.account(named: "alice")
      let other = try await accounts.createKey(name: "b", of: alice, scopes: [.read]).key
      for call in 0..<60 {
        let answer = await client.call(
          "GET", "/api/account/summary", key: call.isMultiple(of: 2) ? key : other)
        #expect(answer.status == 200 && answer.header("X-RateLimit-Limit") == "60")
        #expect(answer.header("X-RateLimit-Remaining") == "\(59 - call)")
      }
      for (path, isFlat) in [("/api/account/summary", true), ("/api/storage", false)] {
        let refused = await client.call("GET", path, key: other)
        #expect(refused.status == 429 && refused.header("X-RateLimit-Remaining") == "0")
        #expect(refused.header("Retry-After").flatMap { Int($0) } ?? 0 > 0)
        #expect((refused.body["error"]?.string != nil) == isFlat)
        #expect(client.problems(refused, "GET", path) == [])
      }
      // A larger plan holds at once.
      _ = try await accounts.setPlan(of: "alice", to: .pro)
      let answer = await client.call("GET", "/api/storage", key: key)
      #expect(answer.status == 200 && answer.header("X-RateLimit-Limit") == "300")
    }
  }

  @Test func keysOfAnOldDatabaseMayPredictAlone() async throws {
    try await withKeyFile { old in
      let store = try KeyStore(path: old)
      let (kept, record) = try await store.create(name: "kept", models: ["shapes-detect"])
      let revoked = try await store.create(name: "revoked", models: nil)
      try await store.revoke(id: revoked.record.id)
      _ = try await store.countCall(of: record.id, limit: 100, now: SystemTime.now())
      try await PlatformClient.serving(database: old) { client, key, accounts in
        #expect(await client.call("GET", "/api/storage", key: kept).status == 403)
        #expect(await client.call("GET", "/api/account/summary", key: kept).status == 200)
        #expect(await client.call("GET", "/v1/models", key: kept).status == 200)
        let answer = await client.call("POST", "/predict", key: kept)
        #expect(answer.status == 415 && answer.header("X-RateLimit-Remaining") == "98")
        #expect(await client.call("GET", "/v1/models", key: revoked.key).status == 401)
        let records = try await accounts.allKeys()
        #expect(records.map(\.name) == ["first", "kept", "revoked"])
        #expect(records[1].scopes == [.predict] && records[1].models == ["shapes-detect"])
        #expect(records[1].account?.username == "alice" && records[2].revoked != nil)
        // Once is enough.
        #expect(try await accounts.importKeys(from: old) == nil)
      }
      #expect(try await KeyStore(path: old).verify(kept)?.name == "kept")
    }
  }
}
#endif
