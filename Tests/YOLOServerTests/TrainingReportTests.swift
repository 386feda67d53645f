#if Server
import Foundation
import GRDB
import JSONText
import Testing
import YOLOServer
import YOLOServerOptions

/// What a client reports of a training, and what becomes of it.
struct TrainingReporter: Sendable {
  let client: PlatformClient
  let key: String

  /// Reports something and returns the answer.
  @discardableResult
  func report(
    _ event: String, _ model: String? = nil, _ data: String = "{}", more: String = "",
    status: Int = 200, sourceLocation: SourceLocation = #_sourceLocation
  ) async -> JSONValue {
    let id = model.map { ",\"modelId\":\"\($0)\"" } ?? ""
    return await client.check(
      status, "POST", "/api/webhooks/training/metrics", key: key,
      body: "{\"event\":\"\(event)\",\"data\":\(data)\(id)\(more)}", sourceLocation: sourceLocation)
  }

  /// Begins a run of a new model.
  func start(
    _ project: String = "alice/runs", _ name: String = "exp", epochs: Int = 2,
    arguments: String = ""
  ) async throws -> (model: String, run: Int) {
    let answer = await report(
      "training_started", nil,
      #"""
      {"trainArgs":{"model":"yolo26n.pt","task":"detect","amp":"False"\#(arguments)},
       "epochs":\#(epochs),"device":"cpu","environment":{"os":"Linux","hostname":"h"},
       "system":{"cpu":1.5,"gpus":null}}
      """#, more: #","project":"\#(project)","name":"\#(name)""#)
    return (try #require(answer["modelId"]?.string), try #require(answer["runId"]?.int))
  }

  /// Reports an epoch.
  @discardableResult
  func epoch(_ model: String, _ number: Int, fitness: Double, more: String = "") async -> JSONValue
  {
    await report(
      "epoch_end", model,
      #"""
      {"epoch":\#(number),"metrics":{"train/box_loss":1.5,"metrics/mAP50(B)":\#(fitness),
       "metrics/precision(B)":null,"val/box_loss":2,"lr":0.01},"system":null,
       "fitness":\#(fitness),"best_fitness":null\#(more)}
      """#)
  }

  /// Uploads a file for a training; returns what names it in reports.
  func upload(
    _ bytes: [UInt8], _ model: String, run: Int?, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let number = run.map { ",\"runId\":\($0)" } ?? ""
    let ticket = await client.check(
      200, "POST", "/api/webhooks/models/upload", key: key,
      body: "{\"filename\":\"best.pt\",\"modelId\":\"\(model)\"\(number)}",
      sourceLocation: sourceLocation)
    #expect(ticket["gcsPath"] == ticket["uploadPath"] && ticket["modelId"]?.string == model)
    let address = try #require(ticket["uploadUrl"]?.string)
    let path = try #require(address.firstRange(of: "/storage/")).lowerBound
    let head =
      "PUT \(address[path...]) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
      + "Content-Length: \(bytes.count)\r\n\r\n"
    let answer = await LiveServer.exchange(Array(head.utf8) + bytes, port: client.port)
    #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer)", sourceLocation: sourceLocation)
    return try #require(ticket["gcsPath"]?.string)
  }

  /// Returns a model.
  func model(_ id: String) async -> JSONValue {
    await client.check(200, "GET", "/api/models/\(id)", key: key)["data"] ?? .null
  }
}

@Suite struct TrainingReportTests {
  private static func serving(
    _ body:
      @escaping @Sendable (TrainingReporter, AccountRepository) async throws -> Void
  ) async throws {
    try await PlatformClient.serving { client, key, accounts in
      try await body(TrainingReporter(client: client, key: key), accounts)
    }
  }

  private static func weights() throws -> [UInt8] { Array(try ModelTestDirectory.bytes("detect")) }

  @Test func aRunIsReportedFromItsStartToItsEnd() async throws {
    try await Self.serving { reporter, _ in
      let (client, key) = (reporter.client, reporter.key)
      let started = await reporter.report(
        "training_started", nil,
        #"{"trainArgs":{"model":"ul://alice/x/y","data":"None","epochs":"2"},"epochs":2}"#,
        more: #","project":"alice/My Project","name":"exp","modelId":null"#)
      let id = try #require(started["modelId"]?.string)
      #expect(started["received"] == .bool(true) && started["mode"]?.string == "remote")
      #expect(started["runId"]?.int == 1 && started["modelSlug"]?.string == "exp")
      #expect(started["modelUrl"]?.string == "http://test/alice/my-project/exp")
      #expect(started["cancelled"] == nil)
      var model = await reporter.model(id)
      #expect(model["status"]?.string == "running" && model["epochs"]?.int == 2)
      #expect(model["projectName"]?.string == "My Project" && model["startedAt"] != nil)

      // Chunks come out of order, and more than once.
      for number in [3, 1, 2, 3] {
        await reporter.report(
          "console_output", id,
          #"{"chunkId":\#(number),"content":"line \#(number)\u001b[0m","lineCount":1}"#)
      }
      // So do epochs; the val run of the best weights is none.
      for (number, fitness) in [(1, 0.5), (0, 0.75), (1, 0.5), (2, 0.9)] {
        await reporter.epoch(id, number, fitness: fitness)
      }
      await reporter.epoch(
        id, 0, fitness: 0.75, more: #","modelInfo":{"parameters":1234,"gflops":5.5,"speedMs":1}"#)
      model = await reporter.model(id)
      let results = model["trainResults"]?.elements ?? []
      #expect(results.map { $0["epoch"]?.int } == [0, 1])
      #expect(results.first?["metrics"]?["metrics/mAP50(B)"] == .double(0.75))
      #expect(results.first?["metrics"]?["metrics/precision(B)"] == nil)
      #expect(model["bestEpoch"]?.int == 0 && model["bestFitness"] == .double(0.75))
      #expect(model["metrics"]?["mAP50"] == .double(0.9) && model["metrics"]?["lr"] == nil)
      #expect(model["metrics"]?["box_loss"] == nil && model["parameters"]?.int == 1234)
      #expect(
        model["consoleChunks"]?.elements?.map { $0["content"]?.string ?? "" }
          == (1...3).map { "line \($0)\u{1B}[0m" })
      #expect(model["omittedConsoleChunks"]?.int == 0)
      let path = "/api/models/alice/my-project/exp/training"
      var job = await client.check(200, "GET", path, key: key)["job"]
      #expect(job?["progress"]?["currentEpoch"]?.int == 2)
      #expect(job?["progress"]?["percentage"]?.int == 100)
      #expect(job?["status"]?.string == "running" && job?["error"] == .null)
      #expect(job?["trainArgs"]?["epochs"]?.string == "2" && job?["compute"] == .null)

      let weights = try Self.weights()
      let ticket = try await reporter.upload(weights, id, run: 1)
      await reporter.report(
        "checkpoint_saved", id, #"{"modelPath":"models/other/best.pt","runId":1}"#, status: 403)
      await reporter.report("checkpoint_saved", id, #"{"runId":1}"#, status: 400)
      #expect(await reporter.model(id)["hasWeights"] == .bool(false))
      for _ in 0..<2 {
        let saved = await reporter.report(
          "checkpoint_saved", id, #"{"modelPath":"\#(ticket)","runId":1,"uploadPath":"\#(ticket)"}"#
        )
        #expect(saved["warning"] == nil && saved["ignored"] == nil)
      }
      model = await reporter.model(id)
      #expect(model["hasWeights"] == .bool(true) && model["status"]?.string == "running")
      let files = await client.check(200, "GET", "/api/models/\(id)/files", key: key)["files"]
      #expect(files?.elements?.first?["size"]?.int == weights.count)

      let plots = #"[{"type":"pr_curve","x":[0.0,0.5],"y":[[1,null]]},{"type":"confusion_matrix"}]"#
      for _ in 0..<2 {
        await reporter.report(
          "training_complete", id,
          #"""
          {"results":{"metrics":{"metrics/mAP50(B)":0.95,"fitness":0.9},"bestEpoch":1,
           "bestFitness":0.9,"modelPath":"\#(ticket)","modelSize":7},"classNames":["a","b"],
           "plots":\#(plots),"runId":1}
          """#)
      }
      model = await reporter.model(id)
      let kept = try JSONParser.parse(plots)
      #expect(model["status"]?.string == "completed" && model["plots"] == kept)
      #expect(model["metrics"]?["mAP50"] == .double(0.95) && model["bestEpoch"]?.int == 1)
      #expect(model["classNames"]?.elements?.count == 2 && model["completedAt"] != nil)
      // What comes late changes nothing of that.
      await reporter.epoch(id, 1, fitness: 0.1)
      model = await reporter.model(id)
      #expect(model["metrics"]?["mAP50"] == .double(0.95))
      #expect(model["status"]?.string == "completed")
      job = await client.check(200, "GET", path, key: key)["job"]
      #expect(job?["status"]?.string == "completed" && job?["timing"]?["etaMs"]?.int == 0)
      let flat = await client.check(200, "GET", "/api/models/alice/my-project/exp", key: key)
      #expect(flat["model"] == model && flat["isOwner"] == .bool(true))
      // Lists are short.
      let list = await client.check(200, "GET", "/api/models?limit=1", key: key)["data"]
      #expect(list?.elements?.first?["id"]?.string == id)
      #expect(list?.elements?.first?["plots"] == nil)
      let summary = await client.check(200, "GET", "/api/projects/alice/my-project", key: key)
      #expect(summary["models"]?.elements?.first?["epochCount"]?.int == 2)
      let events = await client.check(200, "GET", "/api/activity?limit=100", key: key)["data"]
      let trained = (events?.elements ?? []).filter { $0["type"]?.string == "training" }
      #expect(trained.compactMap { $0["action"]?.string } == ["completed", "started"])

      // What a copy has is its own.
      await client.check(
        201, "POST", "/api/models/alice/my-project/exp/clone", key: key,
        body: #"{"project":"my-project","model":"copy"}"#)
      let copy = await client.check(200, "GET", "/api/models/alice/my-project/copy", key: key)
      #expect(copy["model"]?["trainResults"] == model["trainResults"])
      #expect(copy["model"]?["plots"] == kept && copy["model"]?["consoleChunks"] == nil)
    }
  }

  @Test func eachStartIsAModelOfItsOwnUnlessItNamesOne() async throws {
    try await Self.serving { reporter, accounts in
      let (client, key) = (reporter.client, reporter.key)
      for (project, name, url) in [
        ("runs/detect", "exp", "alice/detect/exp"), ("detect", "exp", "alice/detect/exp-2"),
        ("alice/a/b", "Exp 3", "alice/a-b/exp-3"), ("datasets", "", "alice/datasets-2/train"),
        ("alice/detect", "exp", "alice/detect/exp-3"),
      ] {
        let started = await reporter.report(
          "training_started", nil, #"{"epochs":1}"#,
          more: #","project":"\#(project)","name":"\#(name)""#)
        #expect(started["modelUrl"]?.string == "http://test/\(url)")
        #expect(started["runId"]?.int == 1)
      }
      _ = try await accounts.create(username: "bobby", plan: .free)
      await reporter.report(
        "training_started", more: #","project":"bobby/x","name":"a""#, status: 403)
      await reporter.report("training_started", status: 400)
      await reporter.report("training_started", "model_0", status: 404)

      // A run that goes on has the same model, another number, and its epochs.
      let (id, first) = try await reporter.start(epochs: 3)
      await reporter.epoch(id, 0, fitness: 0.1)
      await reporter.epoch(id, 1, fitness: 0.2)
      let weights = try Self.weights()
      let old = try await reporter.upload(weights, id, run: first)
      let again = await reporter.report("training_started", id, #"{"epochs":3}"#)
      #expect(again["modelId"]?.string == id && again["runId"]?.int == 2)
      await reporter.epoch(id, 1, fitness: 0.3)
      await reporter.epoch(id, 2, fitness: 0.25)
      let results = await reporter.model(id)["trainResults"]?.elements ?? []
      #expect(results.map { $0["fitness"] } == [0.1, 0.3, 0.25].map { .double($0) })
      // What belongs to the run before is let be.
      let stale = await reporter.report(
        "checkpoint_saved", id, #"{"modelPath":"\#(old)","runId":1}"#)
      #expect(stale["ignored"]?.string == "stale_instance")
      let mixed = await reporter.report(
        "checkpoint_saved", id, #"{"modelPath":"\#(old)","runId":2}"#)
      #expect(mixed["ignored"]?.string == "stale_instance")
      let end = await reporter.report("training_complete", id, #"{"runId":1}"#)
      #expect(end["ignored"]?.string == "stale_instance")
      #expect(await reporter.model(id)["hasWeights"] == .bool(false))
      #expect(await reporter.model(id)["status"]?.string == "running")
      // A ticket whose file has not come.
      let ticket = await client.check(
        200, "POST", "/api/webhooks/models/upload", key: key,
        body: #"{"filename":"last.pt","modelId":"\#(id)","size":7}"#)
      await reporter.report(
        "checkpoint_saved", id, #"{"modelPath":"\#(ticket["gcsPath"]?.string ?? "")"}"#, status: 409
      )
      // What cannot be run is kept all the same.
      let strange = try await reporter.upload(Array("no checkpoint".utf8), id, run: 2)
      let kept = await reporter.report(
        "checkpoint_saved", id, #"{"modelPath":"\#(strange)","runId":2}"#)
      #expect(kept["warning"]?.string?.contains("cannot be run") == true)
      #expect(await reporter.model(id)["file"]?["size"]?.int == 13)

      // In the trash it is to end.
      await client.check(200, "DELETE", "/api/models/\(id)", key: key)
      let trashed = await reporter.epoch(id, 2, fitness: 0.1)
      #expect(trashed["cancelled"] == .bool(true))
      let resumed = await reporter.report("training_started", id)
      #expect(resumed["cancelled"] == .bool(true) && resumed["runId"]?.int == 2)
      await client.check(
        404, "POST", "/api/webhooks/models/upload", key: key,
        body: #"{"filename":"a.pt","modelId":"\#(id)"}"#)
    }
  }

  @Test func anEpochThatIsNotValidatedIsOneAndTheEvaluationOfTheBestIsNone() async throws {
    try await Self.serving { reporter, _ in
      let (id, _) = try await reporter.start(epochs: 9)
      await reporter.epoch(id, 0, fitness: 0.1)
      await reporter.report("epoch_end", id, #"{"epoch":1,"metrics":{"train/box_loss":1.25}}"#)
      await reporter.report("epoch_end", id, #"{"epoch":2,"metrics":{"train/box_loss":1.25}}"#)
      await reporter.epoch(id, 3, fitness: 0.2)
      // The training ends early, for want of patience.
      for _ in 0..<2 {
        await reporter.report(
          "epoch_end", id,
          #"{"epoch":4,"metrics":{"train/box_loss":1.5,"metrics/mAP50(B)":0.3},"fitness":0.3}"#)
      }
      let model = await reporter.model(id)
      #expect(model["trainResults"]?.elements?.map { $0["epoch"]?.int } == [0, 1, 2, 3])
      #expect(model["metrics"]?["mAP50"] == .double(0.3))
    }
  }

  @Test func aCancelledTrainingIsToldSoAndKeepsWhatItHas() async throws {
    try await Self.serving { reporter, _ in
      let (client, key) = (reporter.client, reporter.key)
      let (id, run) = try await reporter.start(epochs: 9)
      await reporter.epoch(id, 0, fitness: 0.1)
      let cancelled = await client.check(200, "DELETE", "/api/models/\(id)/training", key: key)
      #expect(cancelled["data"]?["status"]?.string == "cancelled")
      await client.check(409, "DELETE", "/api/models/\(id)/training", key: key)
      await client.check(409, "DELETE", "/api/models/alice/runs/exp/training", key: key)
      #expect(await reporter.model(id)["status"]?.string == "cancelled")
      let answer = await reporter.epoch(id, 1, fitness: 0.2)
      #expect(answer["cancelled"] == .bool(true))
      #expect(answer["action"]?.string == "training_terminated")
      // The evaluation of the best weights repeats the losses of the last epoch.
      await reporter.report(
        "epoch_end", id,
        #"{"epoch":2,"metrics":{"train/box_loss":1.5,"metrics/mAP50(B)":0.2},"fitness":0.2}"#)
      let job = await client.check(200, "GET", "/api/models/\(id)/training", key: key)["data"]
      #expect(job?["progress"]?["currentEpoch"]?.int == 2)
      let ticket = try await reporter.upload(try Self.weights(), id, run: run)
      await reporter.report(
        "checkpoint_saved", id, #"{"modelPath":"\#(ticket)","runId":\#(run)}"#)
      await reporter.report("training_complete", id, #"{"results":{},"runId":\#(run)}"#)
      await reporter.report("training_failed", id, #"{"error":"x"}"#)
      let model = await reporter.model(id)
      #expect(model["status"]?.string == "cancelled" && model["hasWeights"] == .bool(true))
      #expect(model["trainResults"]?.elements?.count == 2)
      let resumed = await reporter.report("training_started", id)
      #expect(resumed["cancelled"] == .bool(true))
      // One that was cancelled can be deleted, and one that never ran has no training.
      let other = await client.check(
        201, "POST", "/api/models", key: key, body: #"{"project":"runs"}"#)
      let name = try #require(other["model"]?.string)
      let none = await client.check(
        200, "GET", "/api/models/alice/runs/\(name)/training", key: key)
      #expect(none["job"] == .null)
      await client.check(409, "DELETE", "/api/models/alice/runs/\(name)/training", key: key)
      await client.check(404, "GET", "/api/models/alice/runs/none/training", key: key)
    }
  }

  @Test func olderClientsAreAnsweredByRedirects() async throws {
    try await Self.serving { reporter, _ in
      let (client, key) = (reporter.client, reporter.key)
      let (id, _) = try await reporter.start("alice/runs", "exp")
      // Without the identifier and the number of the run.
      let body = #"{"project":"alice/runs","name":"exp","filename":"best.pt"}"#
      let ticket = await client.check(
        200, "POST", "/api/webhooks/models/upload", key: key, body: body)
      #expect(ticket["modelId"]?.string == id)
      let named = try await reporter.upload(try Self.weights(), id, run: nil)
      await reporter.report(
        "console_output", nil, #"{"chunkId":1,"content":"a"}"#,
        more: #","project":"alice/runs","name":"exp""#)
      await reporter.report(
        "training_complete", nil, #"{"results":{"modelPath":"\#(named)"}}"#,
        more: #","project":"alice/runs","name":"exp""#)
      let model = await reporter.model(id)
      #expect(model["status"]?.string == "completed" && model["hasWeights"] == .bool(true))
      #expect(model["consoleChunks"]?.elements?.count == 1)
      let path = "/api/webhooks/models/alice/runs/exp/download"
      for method in ["GET", "HEAD"] {
        let answer = await client.call(method, path, key: key)
        #expect(answer.status == 302)
        #expect(answer.header("Location")?.hasPrefix("http://test/storage/models/\(id)/") == true)
        #expect(await client.call(method, path).status == 401)
      }
      await client.check(404, "GET", "/api/webhooks/models/alice/runs/x/download", key: key)
      await client.check(201, "POST", "/api/datasets", key: key, body: #"{"name":"Set"}"#)
      let set = await client.call("HEAD", "/api/webhooks/datasets/alice/set/export", key: key)
      #expect(set.status == 302)
      #expect(set.header("Location")?.contains("/storage/exports/dataset_") == true)
      await client.check(404, "GET", "/api/webhooks/datasets/alice/none/export", key: key)
    }
  }

  @Test func aSilentTrainingFailsAndRunsAgainWithItsNextReport() async throws {
    try await PlatformClient.serving(plan: .enterprise) {
      $0.trainingSilence = 1
    } _: { client, key, _ in
      let reporter = TrainingReporter(client: client, key: key)
      let (id, _) = try await reporter.start()
      while await reporter.model(id)["status"]?.string == "running" {
        try await Task.sleep(for: .milliseconds(100))
      }
      let model = await reporter.model(id)
      #expect(model["status"]?.string == "failed")
      #expect(model["trainingError"]?["code"]?.string == "STALLED")
      await reporter.report("training_complete", id, #"{"results":{},"runId":1}"#)
      let after = await reporter.model(id)
      #expect(after["status"]?.string == "completed" && after["trainingError"] == nil)
    }
  }

  @Test func whatIsNoReportIsRefusedAndWhatIsTooMuchIsBounded() async throws {
    try await Self.serving { reporter, accounts in
      let (client, key) = (reporter.client, reporter.key)
      let (id, _) = try await reporter.start()
      let path = "/api/webhooks/training/metrics"
      for body in [
        "", "{", "[]", "{}", #"{"event":"x"}"#, #"{"event":7}"#,
        #"{"event":"epoch_end","data":[]}"#,
        #"{"event":"epoch_end","modelId":7,"data":{}}"#, #"{"event":"epoch_end"}"#,
        #"{"event":"epoch_end","data":{"epoch":NaN}}"#,
      ] {
        await client.check(400, "POST", path, key: key, body: body)
      }
      for data in [#"{"epoch":-1}"#, #"{"epoch":1.5}"#, #"{"epoch":10001}"#, "{}"] {
        await reporter.report("epoch_end", id, data, status: 400)
      }
      await reporter.report("console_output", id, #"{"content":"a"}"#, status: 400)
      await reporter.report("epoch_end", "model_none", #"{"epoch":0}"#, status: 404)
      let bob = try await accounts.create(username: "bobby", plan: .free).key
      await client.check(
        404, "POST", path, key: bob, body: #"{"event":"epoch_end","modelId":"\#(id)","data":{}}"#)
      for (label, status) in [("", 400), ("a\\u0007", 400), ("../../x", 200)] {
        await client.check(
          status, "POST", "/api/webhooks/models/upload", key: key,
          body: #"{"filename":"\#(label)","modelId":"\#(id)"}"#)
      }
      await client.check(
        413, "POST", "/api/webhooks/models/upload", key: key,
        body: #"{"filename":"a.pt","modelId":"\#(id)","size":1e12}"#)

      // The newest of the console is kept.
      let long = String(repeating: "x", count: 70_000)
      for number in 1...40 {
        await reporter.report(
          "console_output", id, #"{"chunkId":\#(number),"content":"\#(number) \#(long)"}"#)
      }
      let model = await reporter.model(id)
      let chunks = model["consoleChunks"]?.elements ?? []
      #expect(chunks.last?["chunkId"]?.int == 40 && chunks.count < 20)
      #expect(model["omittedConsoleChunks"]?.int == 40 - chunks.count)
      #expect(chunks.last?["content"]?.string?.hasSuffix("bytes were left out)") == true)

      // A long report, of many classes.
      let row = "[" + String(repeating: "0,", count: 1100) + "0]"
      let matrix = String(repeating: row + ",", count: 1000) + row
      await reporter.report(
        "training_complete", id, #"{"results":{},"plots":[{"matrix":[\#(matrix)]}]}"#)
      let detail = await client.call("GET", "/api/models/\(id)", key: key)
      #expect(detail.status == 200 && detail.text.contains("[[0,0,0,"))
      #expect(detail.text.utf8.count > 2_200_000)
      let tooMany = String(repeating: "0,", count: 5_000_000) + "0"
      let refused = await client.call(
        "POST", path, key: key,
        body: #"{"event":"training_complete","data":{"plots":[\#(tooMany)]}}"#)
      #expect(refused.status == 400)
    }
  }

  @Test func requestsSetNoStatusThatIsATrainings() async throws {
    try await Self.serving { reporter, _ in
      let (client, key) = (reporter.client, reporter.key)
      let (id, _) = try await reporter.start()
      let path = "/api/models/alice/runs/exp"
      for status in ["starting", "running", "pending"] {
        await client.check(400, "PATCH", path, key: key, body: #"{"status":"\#(status)"}"#)
      }
      for body in [
        #"{"status":"completed"}"#, #"{"trainResults":[]}"#, #"{"epochs":7}"#, #"{"bestEpoch":7}"#,
      ] {
        await client.check(409, "PATCH", path, key: key, body: body)
      }
      await client.check(200, "PATCH", path, key: key, body: #"{"description":"d"}"#)
      let copy = await client.check(
        201, "POST", "\(path)/clone", key: key, body: #"{"project":"runs"}"#)
      #expect(await reporter.model(copy["id"]?.string ?? "")["status"]?.string == "untrained")
      await reporter.report("training_failed", id, #"{"error":"no memory","code":"OOM"}"#)
      let model = await reporter.model(id)
      #expect(model["trainingError"]?["message"]?.string == "no memory")
      #expect(model["status"]?.string == "failed")
      await client.check(200, "PATCH", path, key: key, body: #"{"status":"completed"}"#)
      await client.check(
        200, "PATCH", path, key: key, body: #"{"trainResults":[{"epoch":4},{"epoch":2}]}"#)
      let results = await reporter.model(id)["trainResults"]?.elements
      #expect(results?.map { $0["epoch"]?.int } == [2, 4])
    }
  }

  @Test func aDatasetThatIsReadIsNotDeleted() async throws {
    try await Self.serving { reporter, _ in
      let (client, key) = (reporter.client, reporter.key)
      await client.check(201, "POST", "/api/datasets", key: key, body: #"{"name":"Set"}"#)
      let (id, _) = try await reporter.start(
        arguments: #","data":"ul://alice/datasets/set""#)
      #expect(await reporter.model(id)["datasetId"]?.string?.hasPrefix("dataset_") == true)
      await client.check(409, "DELETE", "/api/datasets/alice/set", key: key)
      await reporter.report("training_failed", id)
      await client.check(200, "DELETE", "/api/datasets/alice/set", key: key)
    }
  }

  /// Creates a database and an account; returns its file and the identifier.
  private static func account(_ data: String) async throws -> (path: String, id: String) {
    let accounts = AccountRepository(
      database: try PlatformDatabase(directory: data, creates: true))
    let alice = try await accounts.create(username: "alice", plan: .pro).account
    return (accounts.database.path, alice.id)
  }

  @Test func epochsOfAnOlderDatabaseAreKept() async throws {
    try await withKeyDirectory { directory in
      let data = directory.appending(path: "data").path
      let (path, alice) = try await Self.account(data)
      // As it was before trainings had tables of their own.
      try await DatabaseQueue(path: path).write { database in
        try database.execute(
          sql: """
            DROP TABLE training; DROP TABLE epoch; DROP TABLE consoleChunk; DROP TABLE plots;
            DROP TABLE checkpointUpload; DROP TABLE trainingJob; DROP INDEX activeModel;
            ALTER TABLE key DROP COLUMN binding; ALTER TABLE model DROP COLUMN epochCount;
            ALTER TABLE model ADD COLUMN trainResults TEXT;
            ALTER TABLE model ADD COLUMN plots TEXT;
            DELETE FROM grdb_migrations WHERE identifier = 'trainings';
            """)
        try database.execute(
          sql: """
            INSERT INTO project (id, account, slug, name, visibility, created, updated)
            VALUES ('project_1', ?, 'p', 'P', 'private', 1, 1)
            """, arguments: [alice])
        try database.execute(
          sql: """
            INSERT INTO model (id, account, project, slug, name, status, trainResults, plots,
              created, updated)
            VALUES ('model_1', ?, 'project_1', 'm', 'M', 'completed', ?, '[1]', 1, 1)
            """,
          arguments: [
            alice,
            #"""
            [{"epoch":1,"metrics":{"a":0.5},"fitness":1,"timestamp":"2026-01-31T08:00:00.5+01:00"},
             {"epoch":0},{"epoch":1,"metrics":{"a":0.25}}]
            """#,
          ])
      }
      let database = try PlatformDatabase(directory: data, creates: false)
      let rows = try await DatabaseQueue(path: database.path).read {
        try Row.fetchAll($0, sql: "SELECT number, metrics, at FROM epoch ORDER BY number")
      }
      #expect(rows.map { $0["number"] as Int } == [0, 1])
      #expect(rows.last?["metrics"] == #"{"a":0.25}"#)
      let counts = try await DatabaseQueue(path: database.path).read {
        try Int.fetchAll(
          $0, sql: "SELECT epochCount FROM model UNION ALL SELECT count(*) FROM plots")
      }
      #expect(counts == [2, 1])
    }
  }
}
#endif
