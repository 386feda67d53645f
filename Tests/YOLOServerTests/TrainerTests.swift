#if Server
import Foundation
import GRDB
import JSONText
import Synchronization
import Testing
import YOLOGeometry
import YOLOOutbound
import YOLOServer
import YOLOServerOptions
import YOLOTestSupport

/// Trainings that this program does: as the worker of its own platform, and from outside.
@Suite(.serialized) struct TrainerTests {
  /// What a test has at hand: a platform that trains by itself.
  private struct Fixture: Sendable {
    let client: PlatformClient
    let key: String
    let accounts: AccountRepository
    let task: VisionTask
    let dataset: String

    static func serving(
      _ task: VisionTask = .detect,
      _ change: @escaping @Sendable (inout ServerSettings) -> Void = { _ in },
      _ body: @escaping @Sendable (Fixture) async throws -> Void
    ) async throws {
      try await PlatformClient.serving {
        $0.program = ServerProcess.program
        change(&$0)
      } _: { client, key, accounts in
        await client.check(201, "POST", "/api/projects", key: key, body: #"{"name":"Runs"}"#)
        let id = try await DatasetTests.create(
          "Set", more: #","task":"\#(task.rawValue)""#, client, key: key)
        try await DatasetTests.ingest(
          DatasetTests.archive(DatasetTests.set(task)), into: "set", id: id, client, key: key)
        try await body(
          Fixture(client: client, key: key, accounts: accounts, task: task, dataset: id))
      }
    }

    /// Creates a model without weights; returns its identifier.
    func model(_ name: String) async throws -> String {
      let created = await client.check(
        201, "POST", "/api/models", key: key, body: #"{"project":"runs","model":"\#(name)"}"#)
      return try #require(created["id"]?.string)
    }

    /// Uploads the weights of a task; returns the identifier of the model.
    func upload(_ name: String) async throws -> String {
      let project = await client.check(200, "GET", "/api/projects/alice/runs", key: key)["project"]
      let created = await ModelWeightsTests.send(
        201, "/api/models",
        [("projectId", project?["id"]?.string ?? ""), ("name", name)],
        file: try ModelWeightsTests.weights(task.rawValue), key: key, client)
      return try #require(created["data"]?["id"]?.string, "\(created)")
    }

    func start(_ model: String, epochs: Int) async throws -> String {
      let started = await client.check(
        200, "POST", "/api/training/start", key: key,
        body: """
          {"modelId":"\(model)","datasetId":"\(dataset)","epochs":\(epochs),"imageSize":64}
          """)
      return try #require(started["data"]?["jobId"]?.string)
    }

    func details(_ model: String) async -> JSONValue {
      await client.check(200, "GET", "/api/models/\(model)", key: key)["data"] ?? .null
    }

    /// Waits until no job runs; returns the model.
    func end(_ model: String) async throws -> JSONValue {
      while try await count("SELECT count(*) FROM trainingJob WHERE ended IS NULL") ?? 0 > 0 {
        try await Task.sleep(for: .milliseconds(50))
      }
      return await details(model)
    }

    /// Waits until a training has reported so many epochs.
    func wait(_ model: String, epochs: Int) async throws {
      while await details(model)["trainResults"]?.elements?.count ?? 0 < epochs {
        let state = await client.check(200, "GET", "/api/models/\(model)/training", key: key)
        try #require(state["data"]?["status"]?.string != "failed", "\(state)")
        try await Task.sleep(for: .milliseconds(30))
      }
    }

    func count(_ query: String) async throws -> Int? {
      try await DatabaseQueue(path: accounts.database.path).read {
        try Int.fetchOne($0, sql: query)
      }
    }
  }

  /// What a program has printed, and how it has ended.
  private struct Outcome: Sendable {
    let code: Int
    let output: String
    let errors: String
  }

  /// A training in a process of its own, in a directory.
  private final class Training: Sendable {
    private let process: Process
    private let directory: String

    init(
      _ arguments: [String], in directory: String, platform: String?, key: String?,
      more: [String: String] = [:]
    ) throws {
      self.directory = directory
      // What an earlier training has printed there is none of this one's.
      for name in ["out", "err"] {
        try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
      }
      process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments =
        ["-c", "exec \"$@\" >out 2>err", "sh", ServerProcess.program, "train"] + arguments
      process.currentDirectoryURL = URL(filePath: directory)
      var variables = ["HOME": directory, "PATH": "/usr/bin:/bin"].merging(more) { $1 }
      if let path = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] {
        variables["LD_LIBRARY_PATH"] = path
      }
      variables["ULTRALYTICS_PLATFORM_URL"] = platform
      variables["ULTRALYTICS_API_KEY"] = key
      process.environment = variables
      process.standardInput = FileHandle.nullDevice
      try process.run()
    }

    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

    func interrupt() { Foundation.kill(process.processIdentifier, SIGINT) }

    /// What was printed on standard error so far.
    var errors: String { text("err") }

    private func text(_ name: String) -> String {
      (try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)) ?? ""
    }

    func end() async -> Outcome {
      while process.isRunning { try? await Task.sleep(for: .milliseconds(20)) }
      return Outcome(
        code: Int(process.terminationStatus), output: text("out"), errors: text("err"))
    }
  }

  private static func train(
    _ arguments: [String], in directory: String, platform: String?, key: String?
  ) async throws -> Outcome {
    try await Training(arguments, in: directory, platform: platform, key: key).end()
  }

  /// Writes a dataset and weights into a directory.
  private static func local(_ task: VisionTask = .detect) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for entry in try DatasetTests.set(task) { try directory.write(entry.content, to: entry.name) }
    let text = try String(contentsOfFile: directory.path(of: "set/data.yaml"), encoding: .utf8)
    try directory.write(text.replacing("path: /home/me/set\n", with: ""), to: "set/data.yaml")
    try directory.write(try ModelWeightsTests.weights(task.rawValue), to: "first.pt")
    return directory
  }

  private static let short = ["imgsz=64", "epochs=1", "batch=2", "plots=False", "--threads", "1"]

  // MARK: The worker

  @Test(arguments: VisionTask.labeled) func theServerTrainsByItself(task: VisionTask) async throws {
    try await Fixture.serving(task) { fixture in
      let model = try await fixture.upload("exp")
      let before = await fixture.details(model)["file"]
      _ = try await fixture.start(model, epochs: 2)
      let found = try await fixture.end(model)
      #expect(found["status"]?.string == "completed", "\(found)")
      #expect(found["trainResults"]?.elements?.map { $0["epoch"]?.int } == [0, 1])
      let metric = task == .classify ? "accuracy_top1" : "mAP50-95"
      #expect(found["metrics"]?[metric]?.number != nil, "\(found)")
      #expect(found["classNames"]?.elements?.map(\.string) == ["cat", "dog"])
      let plots = (found["plots"]?.elements ?? []).compactMap { $0["type"]?.string }
      let curves = ["pr_curve", "f1_curve", "precision_curve", "recall_curve"]
      #expect(plots == ["confusion_matrix"] + (task == .classify ? [] : curves))
      #expect(found["datasetId"]?.string == fixture.dataset)
      #expect(found["environment"]?["trainer"]?.string == "swift-yolo")
      #expect(found["trainArgs"]?["data"]?.string == "ul://alice/datasets/set")
      #expect(found["task"]?.string == task.rawValue)
      #expect(found["file"] != nil && found["file"] != before)
      #expect(found["bestEpoch"]?.int != nil && found["parameters"] != nil)
      let console = (found["consoleChunks"]?.elements ?? []).compactMap { $0["content"]?.string }
      #expect(console.joined().contains("Epoch") && console.joined().contains("completed in"))
      let job = await fixture.client.check(
        200, "GET", "/api/models/\(model)/training", key: fixture.key)["data"]
      #expect(job?["status"]?.string == "completed" && job?["error"] == .null)
      #expect(job?["progress"]?["percentage"]?.number == 100)
      // The weights serve at once.
      let answer = await LiveServer.exchange(
        LiveServer.form(
          file: LimitTests.image, path: "/api/models/\(model)/predict",
          headers: ["Connection: close", "Authorization: Bearer \(fixture.key)"]),
        port: fixture.client.port)
      #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer)")
      let left = try FileManager.default.contentsOfDirectory(
        atPath: fixture.accounts.database.directory + "/training")
      #expect(left == ["lock"])
      #expect(try await fixture.count("SELECT count(*) FROM key WHERE binding IS NOT NULL") == 0)
    }
  }

  @Test func aCancelledTrainingEndsByItselfAndLeavesItsBestWeights() async throws {
    try await Fixture.serving {
      $0.baseModel = "shapes-detect.pt"
      // It has to end before anybody ends it.
      $0.trainerGrace = 86_400
    } _: { fixture in
      let model = try await fixture.model("exp")
      _ = try await fixture.start(model, epochs: 10_000)
      try await fixture.wait(model, epochs: 2)
      await fixture.client.check(
        200, "DELETE", "/api/models/\(model)/training", key: fixture.key)
      let found = try await fixture.end(model)
      #expect(found["status"]?.string == "cancelled" && found["hasWeights"] == .bool(true))
      #expect(found["baseModel"]?.string == "shapes-detect.pt")
      let epochs = found["trainResults"]?.elements?.count ?? 0
      #expect((2..<10_000).contains(epochs))
      #expect(found["plots"]?.elements?.count == 5)
    }
  }

  @Test func aWorkerThatIsKilledGoesOnFromItsLastCheckpoint() async throws {
    try await Fixture.serving { fixture in
      let model = try await fixture.upload("exp")
      let job = try await fixture.start(model, epochs: 12)
      try await fixture.wait(model, epochs: 2)
      let path = "\(fixture.accounts.database.directory)/training/\(job)/pid"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let process = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
      #expect(kill(process, SIGKILL) == 0)
      let found = try await fixture.end(model)
      #expect(found["status"]?.string == "completed", "\(found)")
      #expect(found["trainResults"]?.elements?.map { $0["epoch"]?.int } == (0..<12).map(\.self))
      #expect(try await fixture.count("SELECT run FROM training") == 2)
      #expect(try await fixture.count("SELECT count(*) FROM model") == 1)
    }
  }

  @Test func whatTheWorkerWouldNotFindIsRefusedAtOnce() async throws {
    try await Fixture.serving { fixture in
      let model = try await fixture.model("exp")
      for (arguments, name) in [
        (#""model":"yolo26n.pt","data":"ul://alice/datasets/set""#, "trainArgs.model"),
        (#""model":"shapes-detect.pt","data":"coco8.yaml""#, "trainArgs.data"),
      ] {
        let refused = await fixture.client.check(
          400, "POST", "/api/training/start", key: fixture.key,
          body: #"{"modelId":"\#(model)","trainArgs":{\#(arguments),"epochs":1}}"#)
        #expect(refused["details"]?["argument"]?.string == name, "\(refused)")
      }
    }
    try await Fixture.serving {
      $0.baseModel = "none-of-these.pt"
    } _: { fixture in
      let model = try await fixture.model("exp")
      let refused = await fixture.client.check(
        400, "POST", "/api/training/start", key: fixture.key,
        body: #"{"modelId":"\#(model)","datasetId":"\#(fixture.dataset)"}"#)
      #expect(refused["error"]?["message"]?.string?.contains("none-of-these.pt") == true)
    }
  }

  /// Without a base model the network of its name begins with random weights.
  @Test func aModelWithoutWeightsBeginsWithADescription() async throws {
    try await Fixture.serving { fixture in
      let model = try await fixture.model("exp")
      let job = try await fixture.start(model, epochs: 1)
      let text = try await DatabaseQueue(path: fixture.accounts.database.path).read {
        try String.fetchOne(
          $0, sql: "SELECT arguments FROM trainingJob WHERE id = ?", arguments: [job])
      }
      #expect(text?.contains(#""yolo26n.yaml""#) == true)
      await fixture.client.check(
        200, "DELETE", "/api/models/\(model)/training", key: fixture.key)
      _ = try await fixture.end(model)
    }
  }

  // MARK: From outside

  @Test func aTrainingFromOutsideTakesAndReportsByAddresses() async throws {
    try await Fixture.serving { fixture in
      _ = try await fixture.upload("first")
      let directory = try TemporaryDirectory()
      let origin = "http://127.0.0.1:\(fixture.client.port)"
      let arguments =
        Self.short + [
          "model=ul://alice/runs/first", "data=ul://alice/datasets/set", "project=alice/My Project",
          "name=exp", "epochs=2",
        ]
      let outcome = try await Self.train(
        arguments, in: directory.path, platform: origin, key: fixture.key)
      #expect(outcome.code == 0, "\(outcome)")
      #expect(outcome.errors.contains("Fetching 4 of 4 images of ul://alice/datasets/set"))
      #expect(outcome.errors.contains("Reporting to \(origin)/alice/my-project/exp"))
      #expect(!outcome.errors.contains("not delivered"))
      let answer = await fixture.client.check(
        200, "GET", "/api/models/alice/my-project/exp", key: fixture.key)["model"]
      #expect(answer?["status"]?.string == "completed", "\(answer ?? .null)")
      #expect(answer?["trainResults"]?.elements?.count == 2)
      #expect(answer?["sourceModelId"] != nil && answer?["datasetId"]?.string == fixture.dataset)
      // What is there is what was trained.
      let run = outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
      let best = try Data(contentsOf: URL(filePath: "\(run)/weights/best.pt"))
      let file = await fixture.client.check(
        200, "GET", "/api/models/alice/my-project/exp/files", key: fixture.key)
      #expect(file["files"]?.elements?.first?["size"]?.int == best.count)
      // The key is in none of the files that stay, and in nothing that was printed.
      let secret = Data(fixture.key.utf8)
      for case let name as String in FileManager.default.enumerator(atPath: directory.path)
        ?? .init()
      {
        let content = FileManager.default.contents(atPath: directory.path(of: name)) ?? Data()
        #expect(content.range(of: secret) == nil, "\(name)")
      }
      // Nothing is fetched twice; a name that is taken is another model.
      let again = try await Self.train(
        arguments, in: directory.path, platform: origin, key: fixture.key)
      #expect(again.code == 0 && !again.errors.contains("Fetching"), "\(again)")
      #expect(again.errors.contains("\(origin)/alice/my-project/exp-2"))
    }
  }

  @Test(arguments: [VisionTask.segment, .pose, .obb, .classify])
  func datasetsOfEachTaskAreTaken(task: VisionTask) async throws {
    try await Fixture.serving(task) { fixture in
      let directory = try TemporaryDirectory()
      try directory.write(try ModelWeightsTests.weights(task.rawValue), to: "first.pt")
      let outcome = try await Self.train(
        Self.short + ["model=first.pt", "data=ul://alice/datasets/set"], in: directory.path,
        platform: "http://127.0.0.1:\(fixture.client.port)", key: fixture.key)
      #expect(outcome.code == 0, "\(outcome)")
      // Without a project nothing is reported.
      #expect(!outcome.errors.contains("Reporting"))
      #expect(try await fixture.count("SELECT count(*) FROM model") == 0)
    }
  }

  @Test func aResumedTrainingIsReportedToTheSameModel() async throws {
    try await Fixture.serving { fixture in
      let directory = try TemporaryDirectory()
      try directory.write(try ModelWeightsTests.weights("detect"), to: "first.pt")
      let origin = "http://127.0.0.1:\(fixture.client.port)"
      let training = try Training(
        Self.short + [
          "model=first.pt", "data=ul://alice/datasets/set", "project=alice/runs", "name=exp",
          "epochs=30",
        ], in: directory.path, platform: origin, key: fixture.key,
        more: ["YOLO_UPLOAD_INTERVAL": "1"])
      var model: JSONValue?
      repeat {
        try await Task.sleep(for: .milliseconds(30))
        model = await fixture.client.call("GET", "/api/models/alice/runs/exp", key: fixture.key)
          .body["model"]
        // A checkpoint comes while the training goes on.
      } while model?["trainResults"]?.elements?.count ?? 0 < 3
        || model?["hasWeights"] != .bool(true)
      #expect(model?["status"]?.string == "running")
      training.kill()
      _ = await training.end()
      let last = try #require(
        FileManager.default.enumerator(atPath: directory.path)?.compactMap { $0 as? String }
          .first { $0.hasSuffix("weights/last.pt") })
      // As if it had been killed after the row of an epoch and before its checkpoint.
      let table = directory.path(of: last.replacing("weights/last.pt", with: "results.csv"))
      let rows = try String(contentsOfFile: table, encoding: .utf8)
      let row = try #require(rows.split(separator: "\n").last).drop { $0 != "," }
      try (rows + "29\(row)\n").write(toFile: table, atomically: true, encoding: .utf8)
      // Reports that were under way: whatever the Platform has not taken is reported again.
      let kept = directory.path(of: last.replacing("weights/last.pt", with: "platform.json"))
      let text = try String(contentsOfFile: kept, encoding: .utf8)
      let fewer = text.replacing(try Regex(#""epochs":\s*[0-9]+"#), with: #""epochs":1"#)
      let reported = fewer.contains(#""epochs":1"#) ? 1 : 0
      try fewer.write(toFile: kept, atomically: true, encoding: .utf8)
      let outcome = try await Self.train(
        ["resume=\(last)", "--threads", "1"], in: directory.path, platform: origin,
        key: fixture.key)
      let epochs = try String(contentsOfFile: table, encoding: .utf8).split(separator: "\n")
        .dropFirst().map { $0.prefix { $0 != "," } }
      #expect(epochs.map { Int($0) } == (1...30).map(\.self), "\(outcome)")
      #expect(outcome.code == 0, "\(outcome)")
      let found = await fixture.client.check(
        200, "GET", "/api/models/alice/runs/exp", key: fixture.key)["model"]
      #expect(found?["id"] == model?["id"] && found?["status"]?.string == "completed")
      #expect(found?["trainResults"]?.elements?.count == 30)
      #expect(found?["datasetId"]?.string == fixture.dataset)
      #expect(try await fixture.count("SELECT run FROM training") == 2)
      #expect(
        try await fixture.count("SELECT count(*) FROM epoch WHERE run = 2 AND NOT isFinal")
          == 30 - reported)
      #expect(try await fixture.count("SELECT count(*) FROM model") == 1)
    }
  }

  // MARK: Platforms that do not answer

  @Test func aPlatformThatIsDownNeitherEndsNorStallsATraining() async throws {
    let directory = try Self.local()
    let arguments =
      Self.short + ["model=first.pt", "data=set/data.yaml", "project=me/p", "epochs=2"]
    let isFirst = Mutex(true)
    try await withOutboundServer { _ in
      let begins = isFirst.withLock { first in
        defer { first = false }
        return first
      }
      return begins
        ? OutboundServer.answer(
          "200 OK", #"{"modelId":"model_1","runId":1,"modelUrl":"http://p/m"}"#)
        : OutboundServer.answer("503 Service Unavailable", #"{"error":"not now"}"#)
    } _: { server in
      let outcome = try await Self.train(
        arguments, in: directory.path, platform: server.url(""), key: "ul_1")
      #expect(outcome.code == 0, "\(outcome)")
      // Said once, unless the training is over before that is known.
      #expect(outcome.errors.components(separatedBy: "does not answer").count <= 2, "\(outcome)")
      let lost = outcome.errors.split(separator: "\n").first { $0.hasPrefix("not delivered") }
      #expect(lost?.contains("(the Platform answers 503: not now)") == true, "\(outcome)")
      #expect(lost?.contains("3 epochs") == true, "\(outcome)")
      #expect(lost?.contains("the weights") == true && lost?.contains("the completion") == true)
    }
    // One that takes what it is sent, and never answers.
    try await withOutboundServer { _ in
      nil
    } _: { server in
      let training = try Training(
        arguments, in: directory.path, platform: server.url(""), key: "ul_1")
      // It trains nevertheless; what is left at the end need not be waited for.
      while !training.errors.contains("epochs completed") {
        try await Task.sleep(for: .milliseconds(50))
      }
      training.interrupt()
      let outcome = await training.end()
      #expect(outcome.code == 0, "\(outcome)")
      #expect(outcome.errors.contains("has not answered yet"), "\(outcome)")
      #expect(outcome.errors.contains("not delivered to the Platform"), "\(outcome)")
    }
    // One that there is not at all.
    let nowhere = try await Self.train(
      arguments, in: directory.path, platform: "http://127.0.0.1:9", key: "ul_1")
    #expect(nowhere.code == 0 && nowhere.errors.contains("not delivered"), "\(nowhere)")
    #expect(nowhere.errors.contains("the start"))
  }

  @Test func whatThePlatformRefusesIsSaidOnce() async throws {
    let directory = try Self.local()
    let arguments = Self.short + ["model=first.pt", "data=set/data.yaml", "project=me/p"]
    try await withOutboundServer { _ in
      OutboundServer.answer("401 Unauthorized", #"{"error":"who are you"}"#)
    } _: { server in
      let outcome = try await Self.train(
        arguments, in: directory.path, platform: server.url(""), key: "ul_1")
      #expect(outcome.code == 0 && outcome.errors.contains("does not know the key"), "\(outcome)")
      #expect(server.exchanges.count == 1)
      #expect(server.exchanges.first?.header("authorization") == "Bearer ul_1")
    }
    // Cancelled before it began: no batch is computed, and its data are not looked at.
    try await withOutboundServer { _ in
      OutboundServer.answer(
        "200 OK", #"{"modelId":"m","runId":1,"cancelled":true,"reason":"cancelled by its owner"}"#)
    } _: { server in
      let outcome = try await Self.train(
        Self.short + ["model=first.pt", "data=ul://a/datasets/b", "project=me/p"],
        in: directory.path, platform: server.url(""), key: "ul_1")
      #expect(outcome.code == 130 && outcome.errors.contains("cancelled by its owner"))
      #expect(server.exchanges.allSatisfy { $0.target == "/api/webhooks/training/metrics" })
    }
  }

  @Test func whatCannotBeHadIsNamed() async throws {
    let directory = try Self.local()
    func run(
      _ arguments: [String], _ platform: String?, key: String? = nil
    ) async throws -> Outcome {
      try await Self.train(
        Self.short + arguments, in: directory.path, platform: platform, key: key)
    }
    let none = try await run(["model=first.pt", "data=ul://alice/datasets/set"], nil)
    #expect(none.code == 64 && none.errors.contains("ULTRALYTICS_PLATFORM_URL"), "\(none)")
    let malformed = try await run(["model=first.pt", "data=ul://alice/set"], "http://127.0.0.1:9")
    #expect(malformed.code == 64 && malformed.errors.contains("ul://owner/datasets/slug"))
    let path = try await run(["model=first.pt", "data=ul://a/datasets/b"], "http://127.0.0.1:9/x")
    #expect(path.code == 64 && path.errors.contains("without a path"), "\(path)")
    let export = Mutex("")
    try await withOutboundServer { exchange in
      if exchange.target.hasSuffix("/export") {
        let host = exchange.header("host") ?? ""
        return OutboundServer.answer("200 OK", #"{"downloadUrl":"http://\#(host)/set.ndjson"}"#)
      }
      if exchange.target.hasSuffix("/set.ndjson") {
        return OutboundServer.answer("200 OK", export.withLock { $0 })
      }
      return OutboundServer.answer("404 Not Found", #"{"error":"nothing here"}"#)
    } _: { server in
      let missing = try await run(["model=ul://a/b/c", "data=set/data.yaml"], server.url(""))
      #expect(missing.code == 66 && missing.errors.contains("ul://a/b/c"), "\(missing)")
      let header = #"{"type":"dataset","task":"detect","class_names":{"0":"cat"}}"#
      let image = #"{"type":"image","file":"a.png","split":"train","url":"URL/a.png"}"#
        .replacing("URL", with: server.url(""))
      for (text, word) in [
        ("nothing", "line 1"), (header, "no images for training"),
        ("\(header)\n{}", "line 2"), ("\(header)\n\(image)\n", "too few"),
        ("\(header)\n\(image)\n\(image)\n", "line 2: the image cannot be fetched"),
        (
          "\(header)\n" + image.replacing("a.png\",\"split", with: "a.exe\",\"split"),
          "a.exe is no image"
        ),
      ] {
        export.withLock { $0 = text }
        let broken = try await run(["model=first.pt", "data=ul://a/datasets/b"], server.url(""))
        #expect(broken.code != 0 && broken.errors.contains(word), "\(word): \(broken)")
      }
    }
  }
}
#endif
