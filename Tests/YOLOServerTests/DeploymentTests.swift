#if Server
import Foundation
import Glibc
import JSONText
import Synchronization
import Testing
import YOLOServer
import YOLOServerOptions

/// Deployments as processes of this machine: what they answer, and when they live and die.
@Suite(.serialized) struct DeploymentTests {
  /// A platform with the models `alice/shapes/first` and `second`.
  struct Fixture: Sendable {
    let client: PlatformClient
    let key: String
    let model: String
    let accounts: AccountRepository

    static func serving(
      plan: Plan = .enterprise,
      _ change: @escaping @Sendable (inout ServerSettings) -> Void = { _ in },
      _ body: @escaping @Sendable (Fixture) async throws -> Void
    ) async throws {
      let settings: @Sendable (inout ServerSettings) -> Void = {
        $0.program = ServerProcess.program
        change(&$0)
      }
      try await PlatformClient.serving(plan: plan, settings) { client, key, accounts in
        let project = try await ModelWeightsTests.project(client, key)
        var model = ""
        for (name, task) in [("second", "pose"), ("first", "detect")] {
          let created = await ModelWeightsTests.send(
            201, "/api/models", [("projectId", project), ("name", name)],
            file: try ModelWeightsTests.weights(task), key: key, client)
          model = try #require(created["id"]?.string)
        }
        try await body(Fixture(client: client, key: key, model: model, accounts: accounts))
      }
    }

    /// Deploys the model `first`; `more` are further members.
    func deploy(_ more: String = "") async throws -> String {
      let created = await client.check(
        201, "POST", "/api/deployments", key: key,
        body: #"{"modelId":"\#(model)","region":"europe-west1"\#(more)}"#)
      #expect(created["data"]?["status"]?.string == "creating")
      return try #require(created["data"]?["id"]?.string)
    }

    /// Waits until a deployment has a status, and returns it.
    func waits(for status: String, _ id: String) async throws -> JSONValue {
      while true {
        let shown = await client.check(200, "GET", "/api/deployments/\(id)", key: key)
        let deployment = try #require(shown["data"])
        let found = deployment["status"]?.string ?? ""
        if found == status { return deployment }
        if ["failed", "stopped"].contains(found) {
          throw PageFailure("not \(status): \(JSONWriter.text(deployment))")
        }
        try await Task.sleep(for: .milliseconds(30))
      }
    }

    func predict(_ status: Int, _ path: String, key: String? = nil) async -> JSONValue {
      await ModelWeightsTests.send(
        status, path, [("conf", "0.25")], file: LimitTests.image, key: key ?? self.key, client)
    }

    /// The messages of the log, the oldest first.
    func log(_ id: String) async -> [String] {
      let page = await client.check(
        200, "GET", "/api/deployments/\(id)/logs?limit=200", key: key)
      return (page["data"]?.elements ?? []).reversed().compactMap { $0["message"]?.string }
    }

    /// Waits until the log has a message with a text so many times.
    func waits(forLog text: String, _ id: String, count: Int = 1) async throws {
      while await log(id).count(where: { $0.contains(text) }) < count {
        try await Task.sleep(for: .milliseconds(30))
      }
    }
  }

  /// The processes of instances whose arguments have a text.
  static func processes(_ text: String) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { number in
      let bytes = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
      let line = String(decoding: bytes, as: UTF8.self)
      return line.contains(text) && line.contains("--dedicated") && !line.hasPrefix("/bin/sh")
    }
  }

  private static func waitsForNone(_ text: String) async throws {
    while !processes(text).isEmpty { try await Task.sleep(for: .milliseconds(20)) }
  }

  @Test func aDeploymentPredictsStopsAndStarts() async throws {
    try await Fixture.serving { fixture in
      let (client, key) = (fixture.client, fixture.key)
      let id = try await fixture.deploy(#","name":"My API","maxInstances":2"#)
      let ready = try await fixture.waits(for: "ready", id)
      #expect(ready["serviceUrl"]?.string == "http://test/d/alice/my-api")
      #expect(ready["deployment"]?.string == "my-api" && ready["model"]?.string == "first")
      #expect(ready["task"]?.string == "detect" && ready["maxInstances"]?.int == 2)
      #expect(ready["deployedAt"] != nil && ready["statusMessage"] == nil)

      let whole = await fixture.predict(200, "/api/models/\(fixture.model)/predict")
      let name = "/api/deployments/alice/my-api"
      for path in ["/api/deployments/\(id)/predict", "\(name)/predict"] {
        let found = await fixture.predict(200, path)
        // As the model itself answers.
        #expect(found["predictions"] == whole["predictions"])
        #expect(found["predictions"]?.elements?.isEmpty == false)
        #expect(
          found["images"]?.elements?.first?["results"]
            == whole["images"]?.elements?.first?["results"])
        #expect(found["metadata"]?["classNames"] == whole["metadata"]?["classNames"])
        #expect(found["metadata"]?["model"]?.string == "first.pt")
      }
      for path in ["/d/alice/my-api", "/d/alice/my-api/predict"] {
        let found = await fixture.predict(200, path)
        #expect(found["predictions"] == nil && found["metadata"]?["classNames"] == nil)
        #expect(found["images"]?.elements?.first?["results"]?.elements?.isEmpty == false)
      }
      // Errors of the instance have the form of the path.
      let bad = await ModelWeightsTests.send(
        400, "\(name)/predict", [("conf", "7")], file: LimitTests.image, key: key, client)
      #expect(bad["details"]?["argument"]?.string == "conf")
      let old = await ModelWeightsTests.send(
        415, "/api/deployments/\(id)/predict", [], file: Array("no image".utf8), key: key, client)
      #expect(old["error"]?["code"]?.string == "UNSUPPORTED_MEDIA_TYPE")

      let health = await client.check(200, "GET", "\(name)/health", key: key)
      #expect(health["healthy"] == .bool(true) && health["status"]?.int == 200)
      for range in ["", "?range=1h", "?range=6h", "?range=24h", "?range=7d", "?range=30d"] {
        let metrics = await client.check(
          200, "GET", "/api/deployments/\(id)/metrics\(range)", key: key)["data"]
        #expect(metrics?["summary"]?["totalRequests"]?.int == 6, "\(range)")
        #expect(metrics?["summary"]?["errorCount"]?.int == 2)
        let series = metrics?["timeSeries"]?["requests"]?.elements ?? []
        #expect(series.reduce(0) { $0 + ($1["value"]?.number ?? 0) } == 6, "\(range)")
        #expect(
          series.count == ["?range=1h": 60, "?range=6h": 72, "?range=7d": 168, "?range=30d": 120][
            range] ?? 96)
      }
      let percentile = await client.check(200, "GET", "\(name)/metrics", key: key)["summary"]
      #expect(percentile?["p50LatencyMs"]?.number ?? 0 > 0)
      let overview = await client.check(200, "GET", "\(name)/metrics?view=overview", key: key)
      #expect(overview["timeSeries"]?["latencyP50"] == nil)
      let line = await client.check(200, "GET", "\(name)/metrics?sparkline=true", key: key)
      #expect(line["requests24h"]?.elements?.count == 24 && line["totalRequests"]?.int == 6)
      await client.check(400, "GET", "\(name)/metrics?range=2h", key: key)

      try await fixture.waits(forLog: "path=/predict", id, count: 6)
      let page = await client.check(200, "GET", "\(name)/logs?limit=2&severity=info", key: key)
      let entries = page["entries"]?.elements ?? []
      #expect(entries.count == 2 && entries.allSatisfy { $0["severity"]?.string == "INFO" })
      #expect(entries.first?["httpRequest"]?["url"]?.string == "/predict")
      let token = try #require(page["nextPageToken"]?.string)
      let next = await client.check(
        200, "GET", "\(name)/logs?limit=2&severity=INFO&pageToken=\(token)", key: key)
      #expect(next["entries"]?.elements?.count == 2 && next["entries"] != page["entries"])
      for (severity, status) in [
        ("WARNUNG,FEHLER", 200), ("warning", 200), ("NOTICE,ERROR", 200), ("LOUD", 400),
      ] {
        await client.check(
          status, "GET", "/api/deployments/\(id)/logs?severity=\(severity)", key: key)
      }
      await client.check(400, "GET", "\(name)/logs?pageToken=x", key: key)

      // Nobody but the server is answered by the instance.
      let listening = await fixture.log(id).compactMap {
        $0.firstMatch(of: /127\.0\.0\.1:([0-9]+)/)?.1
      }
      let port = try #require(listening.last.flatMap { Int($0) })
      let direct = await LiveServer.exchange(
        LiveServer.form(file: LimitTests.image, path: "/predict"), port: port)
      #expect(direct.hasPrefix("HTTP/1.1 403"), "\(direct)")

      await client.check(409, "POST", "/api/deployments/\(id)/start", key: key)
      let stopping = await client.check(202, "POST", "/api/deployments/\(id)/stop", key: key)
      #expect(stopping["data"]?["status"]?.string == "stopping")
      _ = try await fixture.waits(for: "stopped", id)
      #expect(Self.processes(id).isEmpty)
      await client.check(409, "POST", "/api/deployments/\(id)/stop", key: key)
      _ = await fixture.predict(409, "\(name)/predict")
      let none = await client.check(200, "GET", "\(name)/health", key: key)
      #expect(none["healthy"] == .bool(false) && none["error"]?.string?.contains("stopped") == true)
      let starting = await client.check(202, "PATCH", name, key: key, body: #"{"action":"start"}"#)
      #expect(starting["status"]?.string == "deploying")
      _ = try await fixture.waits(for: "ready", id)
      _ = await fixture.predict(200, "\(name)/predict")

      let bob = try await fixture.accounts.create(username: "bobby", plan: .pro).key
      await client.check(404, "GET", "/api/deployments/\(id)", key: bob)
      await client.check(404, "GET", name, key: bob)
      _ = await fixture.predict(404, "/d/alice/my-api", key: bob)
      await client.check(404, "GET", "/api/deployments/alice", key: bob)

      await client.check(200, "DELETE", name, key: key)
      await client.check(404, "GET", name, key: key)
      try await Self.waitsForNone(id)
      let events = await client.check(200, "GET", "/api/activity", key: key)
      let told = events["data"]?.elements?.compactMap { event in
        event["type"]?.string == "deployment" ? event["action"]?.string : nil
      }
      #expect(
        told?.reversed() == ["created", "completed", "updated", "started", "completed", "deleted"])
    }
  }

  @Test func aDeploymentIsChangedAndRefusedByName() async throws {
    try await Fixture.serving(plan: .free) { fixture in
      let (client, key) = (fixture.client, fixture.key)
      _ = try await fixture.accounts.setPlan(
        of: "alice", to: .free, callsPerMinute: 100_000, callsPerDay: 100_000)
      let good = #""project":"shapes","model":"first","deployment":"api","region":"us-west1""#
      for (body, argument) in [
        (#""project":"shapes","model":"first","region":"us-west1""#, "deployment"),
        (#""project":"shapes","model":"first","deployment":"api""#, "region"),
        (good.replacing("us-west1", with: "moon"), "region"),
        (good.replacing(#""api""#, with: #""A b""#), "deployment"),
        (good + #","cpu":0"#, "cpu"), (good + #","memoryGi":1000"#, "memoryGi"),
        (good + #","maxInstances":21"#, "maxInstances"),
        (good + #","maxInstances":1,"minInstances":2"#, "minInstances"),
        (good + #","name":"""#, "name"), (good + #","cpu":"2""#, "cpu"),
      ] {
        let refused = await client.check(
          400, "POST", "/api/deployments/alice", key: key, body: "{\(body)}")
        #expect(refused["details"]?["argument"]?.string == argument, "\(refused)")
      }
      await client.check(400, "POST", "/api/deployments", key: key, body: #"{"region":"us-west1"}"#)
      await client.check(404, "POST", "/api/deployments/bobby", key: key, body: "{\(good)}")
      await client.check(
        404, "POST", "/api/deployments/alice", key: key,
        body: "{\(good.replacing("first", with: "none"))}")
      let created = await client.check(
        201, "POST", "/api/deployments/alice", key: key,
        body: "{\(good)" + #","name":"The API","cpu":2,"memoryGi":4}"#)
      let id = try #require(created["id"]?.string)
      #expect(created["status"]?.string == "creating" && created["region"]?.string == "us-west1")
      // As long as it is not ready, whatever is changed is answered with 202.
      let early = await client.call(
        "PATCH", "/api/deployments/alice/api", key: key, body: #"{"metadata":{"b":1}}"#)
      #expect(
        early.status == (early.body["status"]?.string == "ready" ? 200 : 202), "\(early)")
      #expect(["deploying", "ready"].contains(early.body["status"]?.string))
      await client.check(409, "POST", "/api/deployments/alice", key: key, body: "{\(good)}")
      let ready = try await fixture.waits(for: "ready", id)
      #expect(ready["resources"]?["cpu"]?.int == 2 && ready["resources"]?["memoryGi"]?.int == 4)

      let path = "/api/deployments/alice/api"
      for (body, status) in [
        (#"{"action":"dance"}"#, 400), ("{}", 400), (#"{"action":"replace"}"#, 400),
        (#"{"action":"replace","project":"shapes","model":"none"}"#, 404),
        (#"{"action":"camera","url":null}"#, 404), (#"{"action":"start"}"#, 409),
        (#"{"name":""}"#, 400), (#"{"metadata":[]}"#, 400), (#"{"action":"resize","cpu":99}"#, 400),
        (#"{"metadata":{"a":1}}"#, 200),
      ] {
        await client.check(status, "PATCH", path, key: key, body: body)
      }
      // Another model at the same address; the address answers all the time.
      let replaced = await client.check(
        202, "PATCH", path, key: key,
        body: #"{"action":"replace","project":"shapes","model":"second"}"#)
      #expect(replaced["status"]?.string == "deploying")
      var task: String?
      repeat {
        task = await fixture.predict(200, "\(path)/predict")["metadata"]?["task"]?.string
      } while task == "detect"
      #expect(task == "pose")
      let other = try await fixture.waits(for: "ready", id)
      #expect(other["model"]?.string == "second" && other["metadata"]?["a"]?.int == 1)
      await client.check(
        202, "PATCH", path, key: key, body: #"{"action":"resize","cpu":1,"maxInstances":3}"#)
      let resized = try await fixture.waits(for: "ready", id)
      #expect(resized["resources"]?["cpu"]?.int == 1 && resized["maxInstances"]?.int == 3)
      let renamed = await client.check(200, "PATCH", path, key: key, body: #"{"name":"New Name"}"#)
      #expect(renamed["deployment"]?.string == "new-name")
      await client.check(404, "GET", path, key: key)
      _ = await fixture.predict(200, "/d/alice/new-name/predict")

      // As many as the plan has.
      for name in ["a", "b"] {
        let more = await client.check(
          201, "POST", "/api/deployments", key: key,
          body: #"{"modelId":"\#(fixture.model)","region":"us-west1"}"#)
        #expect(more["data"]?["deployment"]?.string == (name == "a" ? "first" : "first-2"))
      }
      await client.check(
        403, "POST", "/api/deployments", key: key,
        body: #"{"modelId":"\#(fixture.model)","region":"us-west1"}"#)
      for (query, count) in [
        ("", 3), ("?model=shapes/first", 2), ("?model=shapes/second", 1), ("?limit=1", 1),
        ("?status=failed", 0),
      ] {
        let list = await client.check(200, "GET", "/api/deployments/alice\(query)", key: key)
        #expect(list["deployments"]?.elements?.count == count, "\(query)")
      }
      let list = await client.check(
        200, "GET", "/api/deployments?modelId=\(fixture.model)", key: key)
      #expect(list["data"]?.elements?.count == 2 && list["meta"]?["total"]?.int == 2)
      await client.check(404, "GET", "/api/deployments/alice?model=shapes/none", key: key)
      await client.check(400, "GET", "/api/deployments/alice?model=shapes", key: key)
      await client.check(400, "GET", "/api/deployments?status=x", key: key)
      let storage = await client.check(200, "GET", "/api/storage", key: key)
      #expect(storage["usage"]?["deployments"]?["current"]?.int == 3)

      // A model in the trash is not served, nor is one that is gone.
      await client.check(200, "DELETE", "/api/models/\(fixture.model)", key: key)
      for name in ["first", "first-2"] {
        var shown: JSONValue?
        repeat {
          shown = await client.check(200, "GET", "/api/deployments/alice/\(name)", key: key)[
            "deployment"]
          try await Task.sleep(for: .milliseconds(20))
        } while shown?["status"]?.string != "stopped"
        #expect(shown?["statusMessage"]?.string == "Its model is in the trash.")
        await client.check(
          404, "PATCH", "/api/deployments/alice/\(name)", key: key, body: #"{"action":"start"}"#)
      }
      await client.check(200, "POST", "/api/trash/empty", key: key)
      let gone = await client.check(200, "GET", "/api/deployments/alice/first", key: key)
      #expect(gone["deployment"]?["model"] == nil)
      await client.check(200, "DELETE", "/api/deployments/alice/first", key: key)
      await client.check(200, "DELETE", "/api/deployments/alice/first-2", key: key)
    }
  }

  @Test func instancesSleepWakeGrowAndComeBack() async throws {
    try await Fixture.serving({ $0.limits.deploymentIdle = 3 }) { fixture in
      let id = try await fixture.deploy(#","maxInstances":3,"cpu":1"#)
      _ = try await fixture.waits(for: "ready", id)
      try await fixture.waits(forLog: "nobody used", id)
      try await Self.waitsForNone(id)
      let asleep = await fixture.log(id).count { $0.contains(" starts.") }
      #expect(asleep == 1)
      // All at once wake one, and more come only as there is more to do.
      try await withThrowingDiscardingTaskGroup { group in
        for _ in 0..<8 {
          group.addTask {
            _ = await fixture.predict(200, "/api/deployments/\(id)/predict")
          }
        }
      }
      let log = await fixture.log(id)
      let ready = try #require(log.lastIndex { $0.contains("Instance 2 is ready") })
      #expect(log[..<ready].count { $0.contains(" starts.") } == 2)
      #expect(log.count { $0.contains(" starts.") } <= 4)

      // A process that dies comes back, and is told of.
      @Sendable func predict() async -> Int {
        let text = await LiveServer.exchange(
          LiveServer.form(
            file: LimitTests.image, path: "/api/deployments/\(id)/predict",
            headers: ["Connection: close", "Authorization: Bearer \(fixture.key)"]),
          port: fixture.client.port)
        let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        #expect([200, 503].contains(status), "\(text.prefix(300))")
        return status
      }
      // One that has gone to sleep meanwhile cannot be killed.
      repeat {
        while await predict() != 200 {}
        for number in Self.processes(id) { kill(number, SIGKILL) }
        try await Self.waitsForNone(id)
      } while await fixture.log(id).allSatisfy({
        !$0.contains("has ended by itself: the signal 9 ended it")
      })
      while await predict() != 200 {}
      let shown = try await fixture.waits(for: "ready", id)
      #expect(shown["statusMessage"] == nil)
    }
  }

  @Test func whatCannotRunFailsWithAReason() async throws {
    try await withKeyDirectory { directory in
      let program = directory.appending(path: "broken").path
      try "#!/bin/sh\necho \"no such luck: $PWD/file\"\nexit 7\n".write(
        toFile: program, atomically: true, encoding: .utf8)
      chmod(program, 0o755)
      try await Fixture.serving({ $0.program = program }) { fixture in
        let id = try await fixture.deploy()
        let failed = try await fixture.waits(for: "failed", id)
        let message = failed["statusMessage"]?.string ?? ""
        #expect(message.contains("5 times in a row: it ended with the exit code 7"), "\(message)")
        // Where the server keeps its files is not told.
        #expect(message.contains("no such luck: file"), "\(message)")
        let page = await fixture.client.check(
          200, "GET", "/api/deployments/\(id)/logs?severity=FEHLER", key: fixture.key)
        #expect(page["data"]?.elements?.count == 5)
        _ = await fixture.predict(409, "/api/deployments/\(id)/predict")
        await fixture.client.check(202, "POST", "/api/deployments/\(id)/stop", key: fixture.key)
        _ = try await fixture.waits(for: "stopped", id)
      }
    }
  }

  @Test func whatIsNeverReadyFailsAndSaysSo() async throws {
    try await withKeyDirectory { directory in
      let program = directory.appending(path: "idle").path
      try "#!/bin/sh\nexec sleep 100000\n".write(
        toFile: program, atomically: true, encoding: .utf8)
      chmod(program, 0o755)
      try await Fixture.serving({
        $0.program = program
        $0.limits.deploymentStart = 1
      }) { fixture in
        let failed = try await fixture.waits(for: "failed", try await fixture.deploy())
        let message = failed["statusMessage"]?.string ?? ""
        #expect(
          message.contains("5 times in a row: it was not ready within 1 seconds"), "\(message)")
      }
    }
  }

  /// Each process of the server has instances of its own, and all get another model.
  @Test func everyProcessReplacesItsInstances() async throws {
    try await StoreFixture.run(plan: .enterprise) { store in
      let key = try await AccountRepository(database: store.database).createKey(
        name: "k", of: store.alice, scopes: [.write]
      ).key
      var servers: [ServerProcess] = []
      for name in ["first", "second"] {
        servers.append(
          try await ServerProcess(data: store.directory, log: "\(store.directory)-\(name)"))
      }
      let clients = try servers.map { try $0.client() }
      func form(_ path: String, _ fields: [(String, String)], _ file: [UInt8]) -> [UInt8] {
        LiveServer.form(
          fields, file: file, path: path,
          headers: ["Connection: close", "Authorization: Bearer \(key)"])
      }
      let project = await clients[0].call(
        "POST", "/api/projects", key: key, body: #"{"name":"Shapes"}"#)
      for task in ["detect", "pose"] {
        let answer = await LiveServer.exchange(
          form(
            "/api/models", [("projectId", project.body["id"]?.string ?? ""), ("name", task)],
            try ModelWeightsTests.weights(task)), port: servers[0].port)
        #expect(answer.hasPrefix("HTTP/1.1 201"), "\(answer)")
      }
      let path = "/api/deployments/alice/api"
      await clients[0].check(
        201, "POST", "/api/deployments/alice", key: key,
        body: #"{"project":"shapes","model":"detect","deployment":"api","region":"us-west1"}"#)
      /// Waits until the answers of a process are those of a task.
      func waits(for task: String, _ server: ServerProcess) async throws {
        while true {
          let answer = await LiveServer.exchange(
            form("\(path)/predict", [], LimitTests.image), port: server.port)
          if answer.contains(#""task":"\#(task)""#) { return }
          try await Task.sleep(for: .milliseconds(30))
        }
      }
      for server in servers { try await waits(for: "detect", server) }
      await clients[1].check(
        202, "PATCH", path, key: key,
        body: #"{"action":"replace","project":"shapes","model":"pose"}"#)
      for server in servers { try await waits(for: "pose", server) }
      // What one stops, and deletes, the other does not keep.
      let shown = await clients[0].call("GET", path, key: key)
      let id = try #require(shown.body["deployment"]?["id"]?.string)
      #expect(!Self.processes(id).isEmpty)
      await clients[1].check(200, "DELETE", path, key: key)
      try await Self.waitsForNone(id)
      for server in servers { try await server.kill() }
    }
  }

  /// A name that is found out later.
  private final class Name: Sendable {
    let text = Mutex("")
  }

  @Test func nothingOutlivesTheServer() async throws {
    let id = Name()
    try await Fixture.serving { fixture in
      let deployment = try await fixture.deploy(#","minInstances":1"#)
      _ = try await fixture.waits(for: "ready", deployment)
      #expect(!Self.processes(deployment).isEmpty)
      id.text.withLock { $0 = deployment }
    }
    #expect(Self.processes(id.text.withLock { $0 }).isEmpty)

    // Nor a server that is killed; the next one starts what must be there.
    try await StoreFixture.run(plan: .enterprise) { store in
      let key = try await AccountRepository(database: store.database).createKey(
        name: "k", of: store.alice, scopes: [.write]
      ).key
      let abandoned = "\(store.directory)/deployments/deployment_000000000000000000000000-1"
      for round in 0..<2 {
        try FileManager.default.createDirectory(
          atPath: abandoned, withIntermediateDirectories: true)
        let server = try await ServerProcess(
          data: store.directory, log: "\(store.directory)-log\(round)")
        let client = try server.client()
        if round == 0 {
          let model = try await server.createModel(key: key)
          let created = await client.call(
            "POST", "/api/deployments", key: key,
            body: #"{"modelId":"\#(model)","region":"us-west1","minInstances":1}"#)
          id.text.withLock { $0 = created.body["data"]?["id"]?.string ?? "none" }
        }
        let deployment = id.text.withLock { $0 }
        while Self.processes(deployment).isEmpty {
          try await Task.sleep(for: .milliseconds(20))
        }
        var status: String?
        repeat {
          let shown = await client.call("GET", "/api/deployments/\(deployment)", key: key)
          status = shown.body["data"]?["status"]?.string
          try await Task.sleep(for: .milliseconds(20))
        } while status != "ready"
        // Of a deployment that is gone nothing is kept, of the other one what it runs with.
        while FileManager.default.fileExists(atPath: abandoned) {
          try await Task.sleep(for: .milliseconds(20))
        }
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: "\(store.directory)/deployments")
            == ["\(deployment)-1"])
        try await server.kill()
        try await Self.waitsForNone(deployment)
      }
    }
  }
}
#endif
