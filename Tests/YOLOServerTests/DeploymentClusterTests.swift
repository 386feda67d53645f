#if Server
import Foundation
import HTTPTypes
import Hummingbird
import JSONText
import Logging
import NIOCore
import Synchronization
import Testing
import YOLOServer
import YOLOServerOptions

/// The API server of a cluster, as far as deployments need it.
///
/// It keeps services of Knative, says of them what it is told to, and writes down what it is asked.
/// It is the pod of each service, too.
private final class RecordingCluster: Sendable {
  /// What was asked.
  struct Call: Sendable {
    let method: String
    let path: String
    let authorization: String?
    let contentType: String?
    let body: JSONValue?
  }

  private struct State {
    var calls: [Call] = []
    var services: [String: JSONValue] = [:]
    var generation = 0
    /// The status of the condition Ready, and what is told of it.
    var ready = ("Unknown", "Deploying", "")
    /// Whether every request is refused.
    var isRefusing = false
    /// What the pod was asked for with.
    var tokens: [String] = []
    var port = 0
  }

  private let state = Mutex(State())

  var calls: [Call] { state.withLock { $0.calls } }
  var services: [String: JSONValue] { state.withLock { $0.services } }
  var tokens: [String] { state.withLock { $0.tokens } }

  /// Sets what the condition Ready of all services is from now on.
  func set(ready: String, reason: String = "", message: String = "") {
    state.withLock { $0.ready = (ready, reason, message) }
  }

  /// Lets all requests be refused from now on, or not any more.
  func set(isRefusing: Bool) { state.withLock { $0.isRefusing = isRefusing } }

  static let namespace = "/apis/serving.knative.dev/v1/namespaces/models"

  /// Serves on a port that the system chooses.
  static func serving(
    _ body: @escaping @Sendable (RecordingCluster, Int) async throws -> Void
  ) async throws {
    let cluster = RecordingCluster()
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let application = Application(
      responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
        try await cluster.respond(to: request)
      },
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in continuation.yield(channel.localAddress?.port ?? 0) })
    try await withThrowingTaskGroup { group in
      group.addTask { try await application.run() }
      defer { group.cancelAll() }
      for await port in ports {
        cluster.state.withLock { $0.port = port }
        try await body(cluster, port)
        return
      }
    }
  }

  private func respond(to request: Request) async throws -> Response {
    let bytes = try await request.body.collect(upTo: 10 << 20)
    let path = String(request.uri.description)
    if !path.hasPrefix("/api") {
      // A pod gets its own token, and never the cluster's.
      #expect(request.headers[.authorization] == nil, "\(path)")
      let token = HTTPField.Name("X-Yolo-Instance").flatMap { request.headers[$0] }
      state.withLock { $0.tokens.append(token ?? "") }
      return Self.json(
        .object([
          JSONMember("predictions", .array([])), JSONMember("pod", .int(bytes.readableBytes)),
        ]))
    }
    let body = try? JSONParser.parse(String(buffer: bytes))
    let call = Call(
      method: request.method.rawValue, path: path, authorization: request.headers[.authorization],
      contentType: request.headers[.contentType], body: body)
    return state.withLock { state in
      state.calls.append(call)
      return Self.answer(call, &state)
    }
  }

  private static func answer(_ call: Call, _ state: inout State) -> Response {
    guard call.authorization == "Bearer cluster-token" else {
      return json(.object([JSONMember("message", .string("Unauthorized"))]), status: .unauthorized)
    }
    guard !state.isRefusing else {
      return json(.object([JSONMember("message", .string("not yours"))]), status: .forbidden)
    }
    if call.path.hasPrefix("/api/v1/namespaces/models/pods/") {
      return Response(
        status: .ok, headers: [.contentType: "text/plain"],
        body: ResponseBody(
          byteBuffer: ByteBuffer(
            string: """
              2026-01-31T08:00:00.5Z 2026-01-31T08:00:00+0000 info yolo: method=POST ms=2.5 path=/predict status=200 [YOLOServer] request
              2026-01-31T08:00:01.5Z 2026-01-31T08:00:01+0000 error yolo: [YOLOServer] bad

              """)))
    }
    if call.path.hasPrefix("/api/v1/namespaces/models/pods?") {
      let pod = JSONValue.object([
        JSONMember("metadata", .object([JSONMember("name", .string("pod-1"))]))
      ])
      return json(.object([JSONMember("items", .array([pod]))]))
    }
    if call.path.hasPrefix("\(namespace)/services?"), call.method == "GET" {
      return json(.object([JSONMember("items", .array(Array(state.services.values)))]))
    }
    guard let last = call.path.split(separator: "/").last?.split(separator: "?").first else {
      return Response(status: .badRequest)
    }
    let name = String(last)
    switch call.method {
    case "PATCH":
      state.generation += 1
      guard var members = call.body?.members,
        let index = members.firstIndex(where: { $0.key == "metadata" })
      else { return Response(status: .badRequest) }
      members[index] = JSONMember(
        "metadata",
        .object(
          (members[index].value.members ?? [])
            + [JSONMember("generation", .int(state.generation))]))
      state.services[name] = .object(members)
      return json(described(name, state))
    case "GET":
      guard state.services[name] != nil else { return notFound }
      return json(described(name, state))
    case "DELETE":
      guard state.services.removeValue(forKey: name) != nil else { return notFound }
      return json(.object([JSONMember("status", .string("Success"))]))
    default: return Response(status: .badRequest)
    }
  }

  private static var notFound: Response {
    json(.object([JSONMember("message", .string("not found"))]), status: .notFound)
  }

  private static func described(_ name: String, _ state: State) -> JSONValue {
    let service = state.services[name]
    let condition = JSONValue.object([
      JSONMember("type", .string("Ready")), JSONMember("status", .string(state.ready.0)),
      JSONMember("reason", .string(state.ready.1)), JSONMember("message", .string(state.ready.2)),
    ])
    let status = JSONValue.object([
      JSONMember("observedGeneration", service?["metadata"]?["generation"] ?? .null),
      JSONMember("conditions", .array([condition])),
      JSONMember(
        "address",
        .object([JSONMember("url", .string("http://127.0.0.1:\(state.port)"))])),
    ])
    return .object((service?.members ?? []) + [JSONMember("status", status)])
  }

  private static func json(
    _ value: JSONValue, status: HTTPResponse.Status = .ok
  ) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: JSONWriter.text(value))))
  }
}

/// Deployments as services of Knative, against an API server of these tests.
@Suite(.serialized) struct DeploymentClusterTests {
  /// Serves a platform whose deployments run in a recording cluster.
  private static func serving(
    _ body: @escaping @Sendable (DeploymentTests.Fixture, RecordingCluster) async throws -> Void
  ) async throws {
    try await RecordingCluster.serving { cluster, port in
      try await withKeyDirectory { directory in
        let path = directory.appending(path: "config.json").path
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let text = """
          {"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k","user":"u",
           "namespace":"models"}}],"clusters":[{"name":"k","cluster":
           {"server":"http://127.0.0.1:\(port)"}}],
           "users":[{"name":"u","user":{"token":"cluster-token"}}]}
          """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try await DeploymentTests.Fixture.serving({
          $0.deployments = "kubernetes"
          $0.kubeconfig = path
          $0.clusterImage = "registry.example/yolo:1"
          $0.clusterRegionLabel = "topology.kubernetes.io/region"
          $0.publicURL = "https://platform.example"
        }) { fixture in try await body(fixture, cluster) }
      }
    }
  }

  @Test func aServiceIsAppliedUsedAndDeleted() async throws {
    try await Self.serving { fixture, cluster in
      let (client, key) = (fixture.client, fixture.key)
      let id = try await fixture.deploy(
        #","name":"My API","minInstances":1,"maxInstances":4,"cpu":2,"memoryGi":4"#)
      _ = try await fixture.waits(for: "deploying", id)
      let name = "yolo-\(id.dropFirst("deployment_".count))"
      let applied = try #require(cluster.calls.first { $0.method == "PATCH" })
      #expect(
        applied.path
          == "\(RecordingCluster.namespace)/services/\(name)?fieldManager=yolo&force=true")
      #expect(applied.contentType == "application/apply-patch+yaml")
      let service = try #require(applied.body)
      #expect(service["apiVersion"]?.string == "serving.knative.dev/v1")
      #expect(service["metadata"]?["name"]?.string == name)
      let template = service["spec"]?["template"]
      let annotations = template?["metadata"]?["annotations"]
      #expect(annotations?["autoscaling.knative.dev/min-scale"]?.string == "1")
      #expect(annotations?["autoscaling.knative.dev/max-scale"]?.string == "4")
      let pod = template?["spec"]
      #expect(
        pod?["nodeSelector"]?["topology.kubernetes.io/region"]?.string == "europe-west1")
      let container = pod?["containers"]?.elements?.first
      #expect(container?["image"]?.string == "registry.example/yolo:1")
      #expect(container?["resources"]?["limits"]?["cpu"]?.string == "2")
      #expect(container?["resources"]?["limits"]?["memory"]?.string == "4Gi")
      let variables = container?["env"]?.elements ?? []
      func variable(_ name: String) -> String? {
        variables.first { $0["name"]?.string == name }?["value"]?.string
      }
      let token = try #require(variable("SWIFT_YOLO_INSTANCE_TOKEN"))

      // The model comes from the platform, at an address that needs no key.
      let address = try #require(variable("SWIFT_YOLO_INSTANCE_MODEL"))
      #expect(address.hasPrefix("https://platform.example/storage/models/\(id)/first.pt?"))
      let path = address.replacing("https://platform.example", with: "")
      try await withKeyDirectory { directory in
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        var settings = ServerSettings(
          models: directory.appending(path: "first.pt").path, database: "")
        settings.isDedicated = true
        let variables = [
          "SWIFT_YOLO_INSTANCE_MODEL": "http://127.0.0.1:\(client.port)\(path)"
        ]
        try await InstanceModel.fetch(settings, environment: variables)
        let file = try Data(contentsOf: URL(filePath: settings.models))
        #expect(Array(file) == (try ModelWeightsTests.weights("detect")))
        settings.models = directory.appending(path: "other.pt").path
        let wrong = ["SWIFT_YOLO_INSTANCE_MODEL": "http://127.0.0.1:\(client.port)\(path)0"]
        await #expect(throws: InstanceModel.Failure.self) {
          try await InstanceModel.fetch(settings, environment: wrong)
        }
      }

      cluster.set(ready: "True")
      let ready = try await fixture.waits(for: "ready", id)
      #expect(ready["serviceUrl"]?.string == "https://platform.example/d/alice/my-api")
      for path in ["/api/deployments/\(id)/predict", "/d/alice/my-api/predict"] {
        let answer = await LiveServer.exchange(
          LiveServer.form(
            file: LimitTests.image, path: path,
            headers: ["Connection: close", "Authorization: Bearer \(key)"]), port: client.port)
        #expect(answer.hasPrefix("HTTP/1.1 200") && answer.contains("\"pod\":"), "\(answer)")
      }
      #expect(cluster.tokens == [token, token])
      let health = await client.check(
        200, "GET", "/api/deployments/alice/my-api/health", key: key)
      #expect(health["healthy"] == .bool(true) && cluster.tokens == [token, token, token])
      let log = await client.check(
        200, "GET", "/api/deployments/\(id)/logs?limit=1", key: key)
      #expect(log["data"]?.elements?.first?["severity"]?.string == "ERROR")
      let next = try #require(log["meta"]?["nextPageToken"]?.string)
      let older = await client.check(
        200, "GET", "/api/deployments/\(id)/logs?limit=1&pageToken=\(next)", key: key)
      #expect(older["data"]?.elements?.first?["httpRequest"]?["latencyMs"]?.number == 2.5)
      #expect(older["data"]?.elements?.first?["timestamp"]?.string == "2026-01-31T08:00:00Z")
      #expect(
        cluster.calls.contains {
          $0.path.contains("/pods/pod-1/log?container=yolo&timestamps=true")
        })

      // Another model is another revision of the service.
      await client.check(
        202, "PATCH", "/api/deployments/alice/my-api", key: key,
        body: #"{"action":"replace","project":"shapes","model":"second"}"#)
      while cluster.calls.count(where: { $0.method == "PATCH" }) < 2 {
        try await Task.sleep(for: .milliseconds(20))
      }
      _ = try await fixture.waits(for: "ready", id)
      let second = cluster.services[name]?["spec"]?["template"]
      #expect(
        second?["metadata"]?["annotations"]?["yolo.deployments/generation"]?.string == "2")
      #expect(JSONWriter.text(second ?? .null).contains("second.pt"))

      // What keeps it from ending is told as long as it does.
      cluster.set(isRefusing: true)
      await client.check(202, "POST", "/api/deployments/\(id)/stop", key: key)
      var kept: JSONValue?
      repeat {
        kept = await client.check(200, "GET", "/api/deployments/\(id)", key: key)["data"]
      } while kept?["statusMessage"]?.string != "The cluster answers 403: not yours"
      #expect(kept?["status"]?.string == "stopping")
      cluster.set(isRefusing: false)
      let stopped = try await fixture.waits(for: "stopped", id)
      #expect(stopped["statusMessage"] == nil)
      #expect(cluster.services.isEmpty)
      cluster.set(ready: "False", reason: "RevisionFailed", message: "no such image")
      await client.check(202, "POST", "/api/deployments/\(id)/start", key: key)
      let failed = try await fixture.waits(for: "failed", id)
      #expect(failed["statusMessage"]?.string == "RevisionFailed: no such image")
      // What failed takes up nothing.
      while !cluster.services.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
      await client.check(200, "DELETE", "/api/deployments/\(id)", key: key)
      #expect(cluster.calls.allSatisfy { $0.authorization == "Bearer cluster-token" })
    }
  }

  @Test func whatIsMissingIsNamed() async throws {
    try await StoreFixture.run(plan: .pro) { store in
      for (file, words) in [("/nowhere/config", "/nowhere/config"), (nil, "--kubeconfig")] {
        var settings = ServerSettings(models: store.directory, database: "/nonexistent")
        settings.data = store.directory
        settings.deployments = "kubernetes"
        settings.kubeconfig = file
        await #expect("\(words)") {
          _ = try await Server(settings: settings, logger: .init(label: "t"))
        } throws: { "\($0)".contains(words) }
      }
    }
  }
}
#endif
