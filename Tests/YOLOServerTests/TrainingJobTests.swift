#if Server
import Foundation
import GRDB
import JSONText
import Synchronization
import Testing
import YOLOServer
import YOLOServerOptions

/// A trainer for tests: a shell script that writes down what it was told, and ends when a file tells
/// it to; the test reports in its place.
final class ScriptedTrainer: Sendable {
  let directory: URL

  /// Creates the script; `body` is what it does before it waits.
  init(_ body: String = "") throws {
    directory = FileManager.default.temporaryDirectory.appending(
      path: "trainer-\(UInt64.random(in: .min ... .max))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let text = """
      me=$(basename "$(dirname "$YOLO_JOB")")
      cp "$YOLO_JOB" '\(directory.path)'/"$me.json"
      printf '%s\\n' "$ULTRALYTICS_API_KEY" "$ULTRALYTICS_PLATFORM_URL" "$$" "${YOLO_TRAINER-none}" \
        "$@" > "$me.told"
      mv "$me.told" '\(directory.path)'/"$me"
      \(body)
      while [ ! -e '\(directory.path)'/"$me.end" ]; do sleep 0.05; done
      exit "$(cat '\(directory.path)'/"$me.end")"
      """
    try text.write(to: script(), atomically: true, encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  private func script() -> URL { directory.appending(path: "trainer.sh") }

  /// The setting of the server.
  var command: String { "/bin/sh '\(script().path)' train {args}" }

  /// What a job was told.
  struct Told: Sendable {
    let key: String
    let address: String
    let process: Int32
    let setting: String
    let arguments: [String]
  }

  /// Waits until a job has begun; returns what it was told.
  func told(_ job: String) async throws -> Told {
    let file = directory.appending(path: job)
    while true {
      if let text = try? String(contentsOf: file, encoding: .utf8) {
        let lines = text.split(separator: "\n").map(String.init)
        return Told(
          key: lines[0], address: lines[1], process: Int32(lines[2]) ?? 0, setting: lines[3],
          arguments: Array(lines[4...]))
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Whether a job has begun.
  func hasBegun(_ job: String) -> Bool {
    FileManager.default.fileExists(atPath: directory.appending(path: job).path)
  }

  /// Lets a job end with a code.
  func end(_ job: String, code: Int = 0) throws {
    try "\(code)".write(
      to: directory.appending(path: "\(job).end"), atomically: true, encoding: .utf8)
  }
}

@Suite struct TrainingJobTests {
  /// What a test has at hand.
  private struct Fixture: Sendable {
    let client: PlatformClient
    let key: String
    let accounts: AccountRepository
    let trainer: ScriptedTrainer
    let dataset: String

    /// Creates a model; returns its identifier.
    func model(_ name: String) async throws -> String {
      let created = await client.check(
        201, "POST", "/api/models", key: key, body: #"{"project":"runs","model":"\#(name)"}"#)
      return try #require(created["id"]?.string)
    }

    /// Starts a training; returns the identifier of its job.
    func start(_ model: String, _ more: String = "") async throws -> String {
      let started = await client.check(
        200, "POST", "/api/training/start", key: key,
        body: "{\"modelId\":\"\(model)\",\"datasetId\":\"\(dataset)\",\"epochs\":2\(more)}")
      #expect(started["data"]?["status"]?.string == "starting")
      return try #require(started["data"]?["jobId"]?.string)
    }

    /// Waits until a training has a status; returns what is known of it.
    @discardableResult
    func wait(_ model: String, _ status: String) async throws -> JSONValue {
      while true {
        let job = await client.check(200, "GET", "/api/models/\(model)/training", key: key)["data"]
        if job?["status"]?.string == status { return job ?? .null }
        try await Task.sleep(for: .milliseconds(30))
      }
    }

    /// Waits until nothing runs in the background.
    func waitForEnd() async throws {
      while try await count("status IN ('queued', 'running')") > 0 {
        try await Task.sleep(for: .milliseconds(30))
      }
    }

    func count(_ condition: String) async throws -> Int {
      try await DatabaseQueue(path: accounts.database.path).read {
        try Int.fetchOne($0, sql: "SELECT count(*) FROM trainingJob WHERE \(condition)") ?? 0
      }
    }
  }

  private static func serving(
    _ script: String = "", plan: Plan = .enterprise,
    _ change: @escaping @Sendable (inout ServerSettings) -> Void = { _ in },
    _ body: @escaping @Sendable (Fixture) async throws -> Void
  ) async throws {
    let trainer = try ScriptedTrainer(script)
    try await PlatformClient.serving(plan: plan) {
      $0.trainer = trainer.command
      $0.trainerGrace = 0
      change(&$0)
    } _: { client, key, accounts in
      await client.check(201, "POST", "/api/projects", key: key, body: #"{"name":"Runs"}"#)
      let set = await client.check(201, "POST", "/api/datasets", key: key, body: #"{"name":"Set"}"#)
      try await body(
        Fixture(
          client: client, key: key, accounts: accounts, trainer: trainer,
          dataset: try #require(set["id"]?.string)))
    }
  }

  @Test func aJobTrainsWithAKeyThatIsItsOwn() async throws {
    try await Self.serving { fixture in
      let (client, key) = (fixture.client, fixture.key)
      let model = try await fixture.model("exp")
      let none = await client.check(200, "GET", "/api/models/\(model)/training", key: key)
      #expect(none["data"] == .null)
      let job = try await fixture.start(model, #","imageSize":96,"gpuType":"h100-sxm""#)
      let told = try await fixture.trainer.told(job)
      #expect(
        told.arguments == [
          "train", "model=yolo26n.pt", "data=ul://alice/datasets/set", "epochs=2", "imgsz=96",
          "project=alice/runs", "name=exp", "device=cpu",
        ])
      #expect(told.address == "http://127.0.0.1:\(client.port)" && told.setting == "none")
      let file = try String(
        contentsOf: fixture.trainer.directory.appending(path: "\(job).json"), encoding: .utf8)
      let description = try JSONParser.parse(file)
      #expect(description["modelId"]?.string == model && !file.contains(told.key))
      await client.check(
        409, "POST", "/api/training/start", key: key,
        body: #"{"modelId":"\#(model)","datasetId":"\#(fixture.dataset)"}"#)
      let busy = await client.check(200, "GET", "/api/training/gpu-availability")
      #expect(busy["cpu"]?.string == "Medium" && busy["h100-sxm"] == .null)

      // The key reports its model, and can nothing else.
      let other = try await fixture.model("other")
      for (method, path, status) in [
        ("GET", "/api/datasets/alice/set/export", 200), ("GET", "/api/account/summary", 200),
        ("GET", "/api/datasets/alice/none/export", 403), ("GET", "/api/models/\(model)", 403),
        ("GET", "/api/models/alice/runs/exp/files", 403), ("GET", "/api/datasets", 403),
        ("DELETE", "/api/models/\(model)/training", 403), ("POST", "/api/training/start", 403),
        ("GET", "/api/explore/search", 403), ("GET", "/api/api-keys", 403),
        ("POST", "/predict", 403), ("GET", "/api/training/gpu-availability", 403),
      ] {
        let answer = await client.call(method, path, key: told.key)
        #expect(answer.status == status, "\(method) \(path): \(answer)")
      }
      let worker = TrainingReporter(client: client, key: told.key)
      await worker.report("epoch_end", other, #"{"epoch":0}"#, status: 403)
      let started = await worker.report(
        "training_started", nil, #"{"epochs":2}"#, more: #","project":"some/where","name":"else""#)
      #expect(started["modelId"]?.string == model && started["mode"]?.string == "cloud")
      #expect(started["runId"]?.int == 1)
      await worker.epoch(model, 0, fitness: 0.5)
      let running = try await fixture.wait(model, "running")
      #expect(running["id"]?.string == job && running["progress"]?["currentEpoch"]?.int == 1)
      #expect(running["compute"]?["gpuType"]?.string == "cpu")
      let ticket = try await worker.upload(
        Array(try ModelTestDirectory.bytes("detect")), model, run: 1)
      await worker.report("checkpoint_saved", model, #"{"modelPath":"\#(ticket)","runId":1}"#)
      await worker.report("training_complete", model, #"{"results":{},"runId":1}"#)
      try fixture.trainer.end(job)
      try await fixture.waitForEnd()
      try await fixture.wait(model, "completed")
      #expect(await client.call("GET", "/api/account/summary", key: told.key).status == 401)
      let keys = await client.check(200, "GET", "/api/api-keys", key: key)
      #expect(keys["keys"]?.elements?.count == 1)
      #expect(try await fixture.count("status = 'completed' AND key IS NULL AND cost = 0") == 1)
      let detail = await client.check(200, "GET", "/api/models/\(model)", key: key)["data"]
      #expect(detail?["computeCost"]?["totalCost"]?.int == 0)

      // The next training begins with the weights of this one, and without its curves.
      let next = try await fixture.start(model)
      let again = try await fixture.trainer.told(next)
      #expect(again.arguments.contains("model=ul://alice/runs/exp"))
      #expect(
        await client.call("GET", "/api/models/alice/runs/exp/files", key: again.key).status == 200)
      let second = TrainingReporter(client: client, key: again.key)
      let resumed = await second.report("training_started", nil, #"{"epochs":2}"#)
      #expect(resumed["runId"]?.int == 2)
      let cleared = await client.check(200, "GET", "/api/models/\(model)", key: key)["data"]
      #expect(cleared?["trainResults"] == nil && cleared?["hasWeights"] == .bool(true))
      try fixture.trainer.end(next, code: 3)
      let failed = try await fixture.wait(model, "failed")
      #expect(failed["error"]?["code"]?.string == "TRAINER_FAILED")
      try await fixture.waitForEnd()
      let events = await client.check(200, "GET", "/api/activity?limit=100", key: key)["data"]
      let trained = (events?.elements ?? []).filter { $0["type"]?.string == "training" }
      #expect(
        trained.compactMap { $0["action"]?.string } == [
          "failed", "started", "completed", "started",
        ])
    }
  }

  @Test func aTrainerThatFailsHangsOrFloodsEndsItsJobAlone() async throws {
    let script = """
      case "$(grep -o '"model":"[a-z]*"' "$YOLO_JOB" | head -1)" in
        *dies*) echo "no memory" >&2; kill -9 $$ ;;
        *hangs*) trap '' TERM; while true; do sleep 0.1; done ;;
        *floods*) while true; do cat /bin/sh; done ;;
      esac
      """
    try await Self.serving(script) {
      $0.trainingSilence = 15
    } _: { fixture in
      var models: [(model: String, job: String)] = []
      for name in ["dies", "hangs", "floods", "lasts"] {
        let model = try await fixture.model(name)
        models.append((model, try await fixture.start(model)))
      }
      // One device: the last one waits for the others.
      for (index, code) in ["TRAINER_KILLED", "STALLED", "OUTPUT_LIMIT"].enumerated() {
        let job = try await fixture.wait(models[index].model, "failed")
        #expect(job["error"]?["code"]?.string == code, "\(job)")
        if index == 0 {
          #expect(job["error"]?["message"]?.string?.hasSuffix(": no memory") == true)
        }
      }
      _ = try await fixture.trainer.told(models[3].job)
      try fixture.trainer.end(models[3].job)
      let last = try await fixture.wait(models[3].model, "failed")
      // On a slow machine it is silent for too long itself.
      #expect(["ENDED_EARLY", "STALLED"].contains(last["error"]?["code"]?.string))
      try await fixture.waitForEnd()
      let left = try FileManager.default.contentsOfDirectory(
        atPath: fixture.accounts.database.directory + "/training")
      #expect(left == ["lock"])
    }
  }

  @Test func aCommandThatThereIsNotFailsItsJobs() async throws {
    try await Self.serving {
      $0.trainer = "/nonexistent/yolo train {args}"
    } _: { fixture in
      let model = try await fixture.model("exp")
      _ = try await fixture.start(model)
      let job = try await fixture.wait(model, "failed")
      #expect(job["error"]?["code"]?.string == "TRAINER_FAILED")
      #expect(job["error"]?["message"]?.string?.contains("127") == true)
      try await fixture.waitForEnd()
    }
  }

  @Test func aCancelledJobIsChargedByItsTimeOnceAndAFailedOneNot() async throws {
    try await Self.serving("trap '' TERM") {
      $0.trainingPrice = 360_000
      $0.trainerKill = 1
    } _: { fixture in
      let (client, key) = (fixture.client, fixture.key)
      let alice = try await fixture.accounts.account(named: "alice")
      let ledger = Ledger(database: fixture.accounts.database)
      let first = try await fixture.model("first")
      let refused = await client.check(
        402, "POST", "/api/training/start", key: key,
        body: #"{"modelId":"\#(first)","datasetId":"\#(fixture.dataset)"}"#)
      #expect(refused["error"]?["code"]?.string == "INSUFFICIENT_CREDITS")
      // A dollar a second; a minute is kept at least.
      try await ledger.add(500_000, to: .credit, of: alice, kind: "promo")
      try await ledger.add(100_000_000, to: .cash, of: alice, kind: "purchase")
      let job = try await fixture.start(first)
      let balance = await client.check(200, "GET", "/api/billing/balance", key: key)["data"]
      #expect(balance?["reservedAmount"]?.int == 60_000_000)
      let second = try await fixture.model("second")
      await client.check(
        402, "POST", "/api/training/start", key: key,
        body: #"{"modelId":"\#(second)","datasetId":"\#(fixture.dataset)"}"#)
      let told = try await fixture.trainer.told(job)
      let worker = TrainingReporter(client: client, key: told.key)
      await worker.report("training_started", nil, #"{"epochs":2}"#)
      await client.check(200, "DELETE", "/api/models/\(first)/training", key: key)
      #expect(
        await worker.report("epoch_end", first, #"{"epoch":0}"#)["cancelled"] == .bool(true))
      // It does not listen to SIGTERM.
      try await fixture.waitForEnd()
      let cost = try await DatabaseQueue(path: fixture.accounts.database.path).read {
        try Int.fetchOne($0, sql: "SELECT cost FROM trainingJob WHERE id = ?", arguments: [job])
      }
      #expect(cost ?? 0 >= 1_000_000)
      let after = try await ledger.balance(of: alice)
      #expect(after.credit == 0 && after.total == 100_500_000 - (cost ?? 0))
      #expect(kill(told.process, 0) != 0)

      let failing = try await fixture.start(second)
      _ = try await fixture.trainer.told(failing)
      try fixture.trainer.end(failing, code: 1)
      try await fixture.wait(second, "failed")
      try await fixture.waitForEnd()
      #expect(try await ledger.balance(of: alice) == after)
      let none = await client.check(200, "GET", "/api/billing/balance", key: key)["data"]
      #expect(none?["reservedAmount"]?.int == 0)
    }
  }

  @Test func whatWaitsIsCancelledAtOnceAndWhatIsInTheTrashIsEnded() async throws {
    try await Self.serving(plan: .free) { fixture in
      let (client, key) = (fixture.client, fixture.key)
      var jobs: [(model: String, job: String)] = []
      for name in ["a", "b", "c"] {
        let model = try await fixture.model(name)
        jobs.append((model, try await fixture.start(model)))
      }
      let fourth = try await fixture.model("d")
      let full = await client.check(
        403, "POST", "/api/training/start", key: key,
        body: #"{"modelId":"\#(fourth)","datasetId":"\#(fixture.dataset)"}"#)
      #expect(full["error"]?["message"]?.string?.contains("3 trainings at once") == true)
      _ = try await fixture.trainer.told(jobs[0].job)
      #expect(!fixture.trainer.hasBegun(jobs[1].job))
      await client.check(200, "DELETE", "/api/models/\(jobs[1].model)/training", key: key)
      #expect(try await fixture.count("status = 'cancelled' AND started IS NULL") == 1)
      await client.check(200, "DELETE", "/api/models/\(jobs[0].model)", key: key)
      _ = try await fixture.trainer.told(jobs[2].job)
      #expect(!fixture.trainer.hasBegun(jobs[1].job))
      try fixture.trainer.end(jobs[2].job)
      try await fixture.waitForEnd()
      #expect(try await fixture.count("status = 'cancelled'") == 2)
    }
  }

  @Test func argumentsAreCheckedOneByOne() async throws {
    try await Self.serving {
      $0.trainingDevices = "rtx-4090,cpu,rtx-4090"
      $0.baseModel = "yolo11s.pt"
    } _: { fixture in
      let (client, key) = (fixture.client, fixture.key)
      let model = try await fixture.model("exp")
      func body(_ arguments: String, _ more: String = "") -> String {
        "{\"modelId\":\"\(model)\",\"trainArgs\":\(arguments)\(more)}"
      }
      let good = #""model":"yolo26n.pt","data":"ul://alice/datasets/set","epochs":3"#
      for (arguments, argument) in [
        ("{}", "trainArgs.model"), (#"{"model":"yolo26n.pt","data":"x"}"#, "trainArgs.epochs"),
        (#"{"model":"/etc/passwd","data":"x","epochs":1}"#, "trainArgs.model"),
        (#"{"model":"a b.pt","data":"x","epochs":1}"#, "trainArgs.model"),
        (#"{"model":"a.pt","data":"../x.yaml","epochs":1}"#, "trainArgs.data"),
        ("{\(good),\"lr0\":1}", "trainArgs.lr0"), ("{\(good),\"cfg\":\"x\"}", "trainArgs"),
        ("{\(good),\"optimizer\":\"Adam; rm\"}", "trainArgs.optimizer"),
        ("{\(good),\"amp\":\"yes\"}", "trainArgs.amp"), ("{\(good),\"resume\":true}", "trainArgs"),
        ("{\(good),\"classes\":[-1]}", "trainArgs.classes"),
        (#"{"model":"a.pt","data":"x","epochs":10001}"#, "trainArgs.epochs"),
      ] {
        let refused = await client.check(
          400, "POST", "/api/training/start", key: key, body: body(arguments))
        #expect(refused["details"]?["argument"]?.string == argument, "\(arguments): \(refused)")
      }
      for (text, status) in [
        (body("{\(good)}", #","gpuType":"abacus""#), 400),
        (#"{"modelId":"model_0","trainArgs":{\#(good)}}"#, 404),
        (body(#"{"model":"yolo26n.pt","data":"ul://alice/datasets/none","epochs":1}"#), 404),
        (body(#"{"model":"ul://alice/runs/exp","data":"x","epochs":1}"#), 400),
      ] {
        await client.check(status, "POST", "/api/training/start", key: key, body: text)
      }
      let started = await client.check(
        200, "POST", "/api/training/start", key: key,
        body: body(
          #"""
          {\#(good),"imgsz":64,"lr0":0.01,"classes":[0,2],"amp":false,"cache":"ram","time":null,
           "project":"x","name":"y","device":"0","resume":false}
          """#))
      #expect(started["gpuType"]?.string == "rtx-4090" && started["success"] == nil)
      #expect(started["billing"]?["estimatedCostDisplay"]?.string == "$0.00")
      let job = try #require(started["jobId"]?.string)
      let told = try await fixture.trainer.told(job)
      #expect(
        told.arguments == [
          "train", "model=yolo26n.pt", "data=ul://alice/datasets/set", "amp=False", "cache=ram",
          "classes=[0,2]", "epochs=3", "imgsz=64", "lr0=0.01", "project=alice/runs", "name=exp",
          "device=0",
        ])
      // The other devices are free: one more of each kind begins at once.
      let second = try await fixture.model("second")
      let other = try await fixture.start(second)
      let device = try await fixture.trainer.told(other).arguments
      #expect(device.last == "device=1" && device.contains("model=yolo11s.pt"))
      let third = try await fixture.model("third")
      let processor = try await fixture.start(third, #","gpuType":"cpu""#)
      #expect(try await fixture.trainer.told(processor).arguments.last == "device=cpu")
      for id in [job, other, processor] { try fixture.trainer.end(id) }
      try await fixture.waitForEnd()
    }
  }

  @Test func withoutATrainerNothingIsStarted() async throws {
    try await Self.serving {
      $0.trainer = "none"
    } _: { fixture in
      let (client, key) = (fixture.client, fixture.key)
      let model = try await fixture.model("exp")
      let refused = await client.check(
        501, "POST", "/api/training/start", key: key,
        body: #"{"modelId":"\#(model)","datasetId":"\#(fixture.dataset)"}"#)
      #expect(refused["error"]?["code"]?.string == "NOT_CONFIGURED")
      await client.check(
        400, "POST", "/api/training/start", key: key, body: #"{"modelId":"\#(model)"}"#)
      let states = await client.check(200, "GET", "/api/training/gpu-availability", key: key)
      #expect(
        states.members?.count == 27 && states.members?.allSatisfy { $0.value == .null } == true)
      #expect(CommandWords.split("a  'b c' \"d\"e") == ["a", "b c", "de"])
      #expect(CommandWords.split("a 'b") == nil && CommandWords.split("  ") == nil)
    }
  }
}

/// Jobs of a server that is killed.
@Suite(.serialized) struct TrainingProcessTests {
  @Test func aWorkerOutlivesItsServerAndIsFoundAgain() async throws {
    let trainer = try ScriptedTrainer()
    try await StoreFixture.run(plan: .enterprise) { store in
      let data = store.directory
      let accounts = AccountRepository(
        database: try PlatformDatabase(directory: data, creates: false))
      let key = try await accounts.createKey(
        name: "k", of: try await accounts.account(named: "alice"), scopes: [.write]
      ).key
      let environment =
        "export YOLO_TRAINER=\"\(trainer.command)\" YOLO_TRAINING_PRICE=100 "
        + "YOLO_PAYMENT_KEY=secret-1 YOLO_PAYMENT_SECRET=secret-2"
      try await Ledger(database: accounts.database).add(
        90_000_000, to: .cash, of: try await accounts.account(named: "alice"), kind: "purchase")
      let first = try await ServerProcess(
        data: data, log: "\(data)-log1", limits: environment)
      var server = try first.client()
      await server.check(201, "POST", "/api/projects", key: key, body: #"{"name":"Runs"}"#)
      let set = await server.check(201, "POST", "/api/datasets", key: key, body: #"{"name":"Set"}"#)
      var jobs: [(model: String, job: String)] = []
      for _ in 0..<3 {
        let model =
          await server.check(
            201, "POST", "/api/models", key: key, body: #"{"project":"runs"}"#)["id"]?.string ?? ""
        let started = await server.check(
          200, "POST", "/api/training/start", key: key,
          body: #"{"modelId":"\#(model)","datasetId":"\#(set["id"]?.string ?? "")","epochs":1}"#)
        jobs.append((model, started["data"]?["jobId"]?.string ?? ""))
      }
      let told = try await trainer.told(jobs[0].job)
      #expect(told.setting == "none")
      let variables =
        FileManager.default.contents(atPath: "/proc/\(told.process)/environ") ?? Data()
      #expect(variables.range(of: Data("YOLO_JOB=".utf8)) != nil)
      for secret in ["secret-", "YOLO_PAYMENT", "YOLO_TRAIN", key] {
        #expect(variables.range(of: Data(secret.utf8)) == nil, "\(secret)")
      }
      await TrainingReporter(client: server, key: told.key).report(
        "training_started", nil, #"{"epochs":1}"#)
      try await first.kill()

      // The next server watches it, and its key holds.
      let second = try await ServerProcess(
        data: data, log: "\(data)-log2", limits: environment)
      server = try second.client()
      let worker = TrainingReporter(client: server, key: told.key)
      await worker.epoch(jobs[0].model, 0, fitness: 0.5)
      await worker.report("training_complete", jobs[0].model, #"{"results":{},"runId":1}"#)
      try trainer.end(jobs[0].job)
      let next = try await trainer.told(jobs[1].job)
      let states = await server.check(
        200, "GET", "/api/models/\(jobs[0].model)/training", key: key)["data"]
      #expect(states?["status"]?.string == "completed")

      // One that died with its server fails, and the queue goes on.
      try await second.kill()
      kill(next.process, SIGKILL)
      let third = try await ServerProcess(
        data: data, log: "\(data)-log3", limits: environment)
      server = try third.client()
      let last = try await trainer.told(jobs[2].job)
      let lost = await server.check(
        200, "GET", "/api/models/\(jobs[1].model)/training", key: key)["data"]
      #expect(lost?["status"]?.string == "failed")
      #expect(lost?["error"]?["code"]?.string == "ENDED_EARLY")
      try trainer.end(jobs[2].job, code: 1)
      let model = jobs[2].model
      while await server.call("GET", "/api/models/\(model)/training", key: key).body["data"]?[
        "status"]?.string != "failed"
      {
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(await server.call("GET", "/api/account/summary", key: last.key).status == 401)
      // What was completed is charged, once.
      let sums = try await DatabaseQueue(path: accounts.database.path).read {
        try Int.fetchAll(
          $0,
          sql: """
            SELECT coalesce(-sum(amount), 0) FROM ledgerEntry WHERE kind = 'training'
            UNION ALL SELECT sum(cost) FROM trainingJob
            """)
      }
      #expect(sums.count == 2 && sums[0] == sums[1])
      try await third.kill()
    }
  }

  /// A server that comes back finds a number that is another process's by now, and a training that
  /// was complete long ago.
  @Test func whatEndedWithoutAServerIsChargedUntilItWasHeardOf() async throws {
    let trainer = try ScriptedTrainer()
    try await StoreFixture.run(plan: .enterprise) { store in
      let data = store.directory
      let key = try await AccountRepository(database: store.database).createKey(
        name: "k", of: store.alice, scopes: [.write]
      ).key
      try await Ledger(database: store.database).add(
        900_000_000, to: .cash, of: store.alice, kind: "purchase")
      let environment = "export YOLO_TRAINER=\"\(trainer.command)\" YOLO_TRAINING_PRICE=100"
      let first = try await ServerProcess(data: data, log: "\(data)-log1", limits: environment)
      let server = try first.client()
      await server.check(201, "POST", "/api/projects", key: key, body: #"{"name":"Runs"}"#)
      let set = await server.call("POST", "/api/datasets", key: key, body: #"{"name":"S"}"#)
      let model = await server.call(
        "POST", "/api/models", key: key, body: #"{"project":"runs"}"#
      ).body["id"]?.string
      let started = await server.call(
        "POST", "/api/training/start", key: key,
        body: """
          {"modelId":"\(model ?? "")","datasetId":"\(set.body["id"]?.string ?? "")","epochs":1}
          """)
      let job = try #require(started.body["data"]?["jobId"]?.string, "\(started)")
      let told = try await trainer.told(job)
      let worker = TrainingReporter(client: server, key: told.key)
      await worker.report("training_started", nil, #"{"epochs":1}"#)
      await worker.epoch(model ?? "", 0, fitness: 0.5)
      await worker.report("training_complete", model, #"{"results":{},"runId":1}"#)
      try await first.kill()
      kill(told.process, SIGKILL)
      while FileManager.default.contents(atPath: "/proc/\(told.process)/environ")?.isEmpty == false
      {
        try await Task.sleep(for: .milliseconds(20))
      }

      let other = Process()
      other.executableURL = URL(filePath: "/bin/sleep")
      other.arguments = ["100000"]
      try other.run()
      // A child inherits the signals that this thread blocks, SIGTERM among them.
      defer { kill(other.processIdentifier, SIGKILL) }
      try #require(getpgid(other.processIdentifier) == other.processIdentifier)
      try "\(other.processIdentifier)\n".write(
        toFile: "\(data)/training/\(job)/pid", atomically: true, encoding: .utf8)
      try await DatabaseQueue(path: store.database.path).write { database in
        try database.execute(
          sql: """
            UPDATE trainingJob SET started = started - 7200;
            UPDATE training SET lastEvent = (SELECT started FROM trainingJob) + 360;
            """)
      }
      let second = try await ServerProcess(data: data, log: "\(data)-log2", limits: environment)
      var cost: Int?
      while cost == nil {
        cost = try await DatabaseQueue(path: store.database.path).read {
          try Int.fetchOne(
            $0, sql: "SELECT cost FROM trainingJob WHERE status = 'completed'")
        }
        try await Task.sleep(for: .milliseconds(30))
      }
      // A dollar an hour.
      #expect(cost == 100_000)
      let state =
        (try? String(contentsOfFile: "/proc/\(other.processIdentifier)/stat", encoding: .utf8))
        ?? ""
      #expect(!state.isEmpty && !state.contains(") Z "))
      try await second.kill()
    }
  }
}
#endif
