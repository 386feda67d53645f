#if Server
import Foundation
import JSONText
import Logging
import Synchronization
import Testing
import YOLOGeometry
import YOLOServer
import YOLOServerOptions
import YOLOTestSupport

/// The API server of a cluster, as far as trainings need it: it writes down what it is asked, and
/// runs the container of each job as a process of this machine, if it is told to.
private final class JobCluster: Sendable {
  struct Call: Sendable {
    let method: String
    let target: String
    let head: String
    let body: JSONValue?
  }

  private struct State {
    var calls: [Call] = []
    var jobs: [String: JSONValue] = [:]
    var pods: [String: Process] = [:]
    var deleted: [Process] = []
    var runs = false
    /// What the container of each pod is said to wait for.
    var waiting: String?
    /// What jobs are said to have failed with.
    var failure: JSONValue?
    var refusals = 0
  }

  private let state = Mutex(State())
  let directory: TemporaryDirectory
  static let jobs = "/apis/batch/v1/namespaces/models/jobs"

  init() throws { directory = try TemporaryDirectory() }

  deinit {
    for process in state.withLock({ Array($0.pods.values) + $0.deleted }) where process.isRunning {
      kill(process.processIdentifier, SIGKILL)
    }
  }

  var calls: [Call] { state.withLock { $0.calls } }
  var jobs: [String: JSONValue] { state.withLock { $0.jobs } }
  /// Whether a container runs.
  var isRunning: Bool {
    state.withLock { ($0.pods.values + $0.deleted).contains { $0.isRunning } }
  }

  func set(runs: Bool) { state.withLock { $0.runs = runs } }
  func set(waiting: String?) { state.withLock { $0.waiting = waiting } }
  func set(failure: String) throws {
    let value = try JSONParser.parse(failure)
    state.withLock { $0.failure = value }
  }
  /// Lets the next requests be answered 503.
  func refuse(_ count: Int) { state.withLock { $0.refusals = count } }

  func respond(_ exchange: OutboundServer.Exchange) -> [UInt8] {
    guard exchange.header("authorization") == "Bearer cluster-token" else {
      return OutboundServer.answer("401 Unauthorized", #"{"message":"who are you"}"#)
    }
    let call = Call(
      method: exchange.method, target: exchange.target, head: exchange.head,
      body: try? JSONParser.parse(String(decoding: exchange.body, as: UTF8.self)))
    return state.withLock { state in
      state.calls.append(call)
      if state.refusals > 0 {
        state.refusals -= 1
        return OutboundServer.answer("503 Service Unavailable", #"{"message":"not now"}"#)
      }
      return answer(call, &state)
    }
  }

  private func answer(_ call: Call, _ state: inout State) -> [UInt8] {
    let path = call.target.prefix { $0 != "?" }
    let name = String(path.split(separator: "/").last ?? "")
    if path.hasPrefix("/api/v1/namespaces/models/pods") {
      if path.hasSuffix("/log") {
        return OutboundServer.answer("200 OK", "a line\nthe last line\n")
      }
      return json(.object([JSONMember("items", .array(pods(call.target, state)))]))
    }
    guard path.hasPrefix(Self.jobs) else { return OutboundServer.answer("404 Not Found") }
    if call.method == "GET", name == "jobs" {
      return json(.object([JSONMember("items", .array(Array(state.jobs.values)))]))
    }
    switch call.method {
    case "PATCH":
      guard let job = call.body else { return OutboundServer.answer("400 Bad Request") }
      state.jobs[name] = job
      if state.runs { state.pods[name] = try? start(job, name) }
      return json(described(name, state))
    case "GET":
      guard state.jobs[name] != nil else { return OutboundServer.answer("404 Not Found") }
      return json(described(name, state))
    case "DELETE":
      guard state.jobs.removeValue(forKey: name) != nil else {
        return OutboundServer.answer("404 Not Found")
      }
      if let process = state.pods.removeValue(forKey: name) {
        process.terminate()
        state.deleted.append(process)
      }
      return json(.object([]))
    default: return OutboundServer.answer("405 Method Not Allowed")
    }
  }

  /// Runs what the only container of a job's pod is to run.
  private func start(_ job: JSONValue, _ name: String) throws -> Process {
    let container = job["spec"]?["template"]?["spec"]?["containers"]?.elements?.first
    let work = directory.path(of: name)
    try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    let words = (container?["args"]?.elements ?? []).compactMap(\.string)
    process.arguments = ["-c", "exec \"$@\" >out 2>&1", "sh", ServerProcess.program] + words
    process.currentDirectoryURL = URL(filePath: work)
    var variables = ["PATH": "/usr/bin:/bin"]
    variables["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
    for variable in container?["env"]?.elements ?? [] {
      // The directory of the pod is this one.
      variables[variable["name"]?.string ?? ""] = variable["value"]?.string?
        .replacing("/work", with: work)
    }
    process.environment = variables
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  private func described(_ name: String, _ state: State) -> JSONValue {
    var status: [JSONMember] = []
    func condition(_ type: String, _ message: String) {
      status = [
        JSONMember(
          "conditions",
          .array([
            .object([
              JSONMember("type", .string(type)), JSONMember("status", .string("True")),
              JSONMember("reason", .string("BackoffLimitExceeded")),
              JSONMember("message", .string(message)),
            ])
          ]))
      ]
    }
    if state.failure != nil {
      condition("Failed", "Job has reached the specified backoff limit")
    } else if let process = state.pods[name], !process.isRunning {
      if process.terminationStatus == 0 {
        condition("Complete", "")
      } else {
        condition("Failed", "Job has reached the specified backoff limit")
      }
    } else {
      status = [
        JSONMember("active", .int(1)), JSONMember("ready", .int(state.pods[name] == nil ? 0 : 1)),
      ]
    }
    return .object(
      (state.jobs[name]?.members ?? []) + [JSONMember("status", .object(status))])
  }

  private func pods(_ target: String, _ state: State) -> [JSONValue] {
    var phase: [JSONMember] = []
    if let waiting = state.waiting {
      phase = [
        JSONMember(
          "waiting",
          .object([
            JSONMember("reason", .string(waiting)), JSONMember("message", .string("no such image")),
          ]))
      ]
    } else if let failure = state.failure {
      phase = [JSONMember("terminated", failure)]
    }
    return [
      .object([
        JSONMember("metadata", .object([JSONMember("name", .string("pod-1"))])),
        JSONMember(
          "status",
          .object([
            JSONMember(
              "containerStatuses",
              .array([.object([JSONMember("state", .object(phase))])]))
          ])),
      ])
    ]
  }

  private func json(_ value: JSONValue) -> [UInt8] {
    OutboundServer.answer(headers: ["Content-Type: application/json"], JSONWriter.text(value))
  }
}

/// Trainings as jobs of Kubernetes, against an API server of these tests.
@Suite(.serialized) struct TrainingClusterTests {
  private struct Fixture: Sendable {
    let client: PlatformClient
    let key: String
    let cluster: JobCluster
    let dataset: String

    static func serving(
      _ change: @escaping @Sendable (inout ServerSettings) -> Void = { _ in },
      _ body: @escaping @Sendable (Fixture) async throws -> Void
    ) async throws {
      let cluster = try JobCluster()
      try await withOutboundServer {
        cluster.respond($0)
      } _: { server in
        let path = cluster.directory.path(of: "config.json")
        let text = """
          {"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k","user":"u",
           "namespace":"models"}}],"clusters":[{"name":"k","cluster":{"server":"\(server.url(""))"}}],
           "users":[{"name":"u","user":{"token":"cluster-token"}}]}
          """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let port = try freePort()
        try await PlatformClient.serving {
          $0.trainer = "kubernetes"
          $0.kubeconfig = path
          $0.clusterImage = "registry.example/yolo:1"
          $0.port = port
          $0.publicURL = "http://127.0.0.1:\(port)"
          $0.trainerProcessors = 2
          $0.trainerMemory = 6
          change(&$0)
        } _: { client, key, _ in
          await client.check(201, "POST", "/api/projects", key: key, body: #"{"name":"Runs"}"#)
          let id = try await DatasetTests.create("Set", client, key: key)
          try await DatasetTests.ingest(
            DatasetTests.archive(DatasetTests.set(.detect)), into: "set", id: id, client, key: key)
          try await body(Fixture(client: client, key: key, cluster: cluster, dataset: id))
        }
      }
    }

    /// A port that nobody listens on.
    private static func freePort() throws -> Int {
      let server = try OutboundServer { _ in nil }
      defer { server.stop() }
      return server.port
    }

    func start(_ epochs: Int = 1) async throws -> (model: String, job: String) {
      let project = await client.check(200, "GET", "/api/projects/alice/runs", key: key)["project"]
      let created = await ModelWeightsTests.send(
        201, "/api/models", [("projectId", project?["id"]?.string ?? ""), ("name", "exp")],
        file: try ModelWeightsTests.weights("detect"), key: key, client)
      let model = try #require(created["data"]?["id"]?.string)
      let started = await client.check(
        200, "POST", "/api/training/start", key: key,
        body: """
          {"modelId":"\(model)","datasetId":"\(dataset)","epochs":\(epochs),"imageSize":64}
          """)
      return (model, try #require(started["data"]?["jobId"]?.string))
    }

    func wait(_ model: String, _ status: String) async throws -> JSONValue {
      while true {
        let job = await client.check(200, "GET", "/api/models/\(model)/training", key: key)["data"]
        if job?["status"]?.string == status { return job ?? .null }
        let isOver = ["completed", "failed", "cancelled"].contains(job?["status"]?.string)
        try #require(!isOver, "\(job ?? .null)")
        try await Task.sleep(for: .milliseconds(30))
      }
    }
  }

  @Test func aTrainingIsAJobThatReports() async throws {
    try await Fixture.serving { fixture in
      fixture.cluster.set(runs: true)
      // What is not there at first is tried again.
      let (model, job) = try await fixture.start()
      _ = try await fixture.wait(model, "completed")
      let name = "yolo-training-\(job.dropFirst("job_".count))"
      let call = try #require(fixture.cluster.calls.first { $0.method == "PATCH" })
      #expect(call.target == "\(JobCluster.jobs)/\(name)?fieldManager=yolo&force=true")
      #expect(call.head.contains("Content-Type: application/apply-patch+yaml"))
      let manifest = try #require(call.body)
      #expect(manifest["apiVersion"]?.string == "batch/v1" && manifest["kind"]?.string == "Job")
      let specification = manifest["spec"]
      #expect(specification?["backoffLimit"]?.int == 0)
      #expect(specification?["ttlSecondsAfterFinished"]?.int == 3600)
      let pod = specification?["template"]?["spec"]
      #expect(pod?["restartPolicy"]?.string == "Never")
      #expect(pod?["automountServiceAccountToken"] == .bool(false))
      let container = pod?["containers"]?.elements?.first
      #expect(container?["image"]?.string == "registry.example/yolo:1")
      #expect(container?["command"]?.elements?.map(\.string) == ["yolo"])
      let words = (container?["args"]?.elements ?? []).compactMap(\.string)
      #expect(words.first == "train" && words.contains("data=ul://alice/datasets/set"))
      #expect(words.suffix(2) == ["--threads", "2"])
      #expect(container?["resources"]?["limits"]?["cpu"]?.string == "2")
      #expect(container?["resources"]?["limits"]?["memory"]?.string == "6Gi")
      let found = await fixture.client.check(
        200, "GET", "/api/models/\(model)", key: fixture.key)["data"]
      #expect(found?["hasWeights"] == .bool(true) && found?["plots"]?.elements?.count == 5)
      #expect(found?["environment"]?["trainer"]?.string == "swift-yolo")
      // The job stays for an hour, for whoever wants its log.
      #expect(fixture.cluster.jobs.count == 1)
      // The key that the pod had is none any more.
      let key = container?["env"]?.elements?.first {
        $0["name"]?.string == "ULTRALYTICS_API_KEY"
      }?["value"]?.string
      while await fixture.client.call("GET", "/api/account/summary", key: key).status != 401 {
        try await Task.sleep(for: .milliseconds(30))
      }
    }
  }

  @Test func aCancelledJobIsDeletedIfItDoesNotEnd() async throws {
    try await Fixture.serving {
      $0.trainerGrace = 0
    } _: { fixture in
      // A cluster that has no room for the pod.
      let (model, _) = try await fixture.start()
      while fixture.cluster.jobs.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
      await fixture.client.check(
        200, "DELETE", "/api/models/\(model)/training", key: fixture.key)
      while !fixture.cluster.jobs.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
      _ = try await fixture.wait(model, "cancelled")
      let deletion = fixture.cluster.calls.first { $0.method == "DELETE" }
      #expect(deletion?.target.hasSuffix("?propagationPolicy=Background") == true)
    }
  }

  @Test func whyATrainerFailsIsTold() async throws {
    try await Fixture.serving { fixture in
      try fixture.cluster.set(
        failure: #"{"reason":"OOMKilled","exitCode":137,"message":"epoch 1\nlast words\n"}"#)
      let (model, _) = try await fixture.start()
      let error = try await fixture.wait(model, "failed")["error"]
      #expect(error?["code"]?.string == "TRAINER_FAILED")
      let message = error?["message"]?.string ?? ""
      #expect(message.contains("--trainer-memory") && message.contains("137"), "\(message)")
      #expect(message.hasSuffix("last words"))
    }
    // Without a message the log has the last word.
    try await Fixture.serving { fixture in
      try fixture.cluster.set(failure: #"{"reason":"Error","exitCode":64}"#)
      let (model, _) = try await fixture.start()
      let error = try await fixture.wait(model, "failed")["error"]
      #expect(error?["message"]?.string?.hasSuffix("exit code 64: the last line") == true)
    }
    try await Fixture.serving { fixture in
      fixture.cluster.set(waiting: "InvalidImageName")
      let (model, _) = try await fixture.start()
      let error = try await fixture.wait(model, "failed")["error"]
      #expect(error?["code"]?.string == "TRAINER_NOT_STARTED")
      #expect(error?["message"]?.string?.contains("InvalidImageName: no such image") == true)
      #expect(fixture.cluster.jobs.isEmpty)
    }
  }

  @Test func aClusterThatIsBusyIsAskedAgain() async throws {
    try await Fixture.serving { fixture in
      fixture.cluster.set(runs: true)
      fixture.cluster.refuse(1)
      let (model, _) = try await fixture.start()
      _ = try await fixture.wait(model, "completed")
      #expect(fixture.cluster.calls.count { $0.method == "PATCH" } == 2)
    }
  }

  @Test func whatIsMissingIsNamed() async throws {
    let directory = try TemporaryDirectory([
      "config.json": """
      {"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k","user":"u"}}],
       "clusters":[{"name":"k","cluster":{"server":"http://127.0.0.1:9"}}],
       "users":[{"name":"u","user":{"token":"t"}}]}
      """
    ])
    try await StoreFixture.run(plan: .pro) { store in
      let config = directory.path(of: "config.json")
      for (file, image, word) in [
        (nil, nil, "--kubeconfig"), (config, nil, "--cluster-image"),
        (config, "yolo:1", "--public-url"),
      ] as [(String?, String?, String)] {
        var settings = ServerSettings(models: store.directory, database: "/nonexistent")
        settings.data = store.directory
        settings.trainer = "kubernetes"
        settings.kubeconfig = file
        settings.clusterImage = image
        await #expect("\(word)") {
          _ = try await Server(settings: settings, logger: .init(label: "t"))
        } throws: { "\($0)".contains(word) }
      }
    }
  }
}
#endif
