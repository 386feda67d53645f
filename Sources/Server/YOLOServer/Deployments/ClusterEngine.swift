#if Server
import Foundation
import JSONText
import NIOHTTP1
import Synchronization
import YOLOCryptography
import YOLOOutbound
import YOLOServerOptions
import YOLOSystem

/// Runs deployments in a cluster: a service of Knative each, which scales by itself.
///
/// The pods load the model from this server at a signed address, which serves as long as the
/// deployment has it, and answer this server alone.
final class ClusterEngine: DeploymentEngine {
  /// What is known of a deployment's service.
  private struct Entry {
    /// What was applied last.
    var generation: Int?
    var address: InstanceAddress?
    var looked: ContinuousClock.Instant?
    var state = DeploymentState.starting
  }

  private let client: ClusterClient
  private let manifests: ServiceManifest
  private let entries = Mutex<[String: Entry]>([:])
  /// Whether services of deployments that are gone were looked for.
  private let isSwept = Mutex<ContinuousClock.Instant?>(nil)

  /// How often it is looked at services that are ready, and at others.
  private static let readyInterval = Duration.seconds(20)
  private static let startingInterval = Duration.seconds(2)
  private static let sweepInterval = Duration.seconds(60)

  /// - Throws: ``ClusterError`` if a setting or a file is missing.
  init(
    settings: ServerSettings, signer: AddressSigner, outbound: OutboundClient,
    environment: [String: String]
  ) throws(ClusterError) {
    client = ClusterClient(
      access: try .read(settings: settings, environment: environment), outbound: outbound)
    manifests = try ServiceManifest(
      settings: settings, signer: signer, namespace: client.access.namespace)
  }

  private func path(_ id: String? = nil) -> String {
    let services = "/apis/serving.knative.dev/v1/namespaces/\(client.access.namespace)/services"
    return id.map { "\(services)/\(ServiceManifest.name(of: $0))" } ?? services
  }

  // MARK: Running

  func reconcile(_ row: DeploymentRow) async throws -> DeploymentState {
    let entry = entries.withLock { $0[row.id] ?? Entry() }
    let interval = entry.state == .ready ? Self.readyInterval : Self.startingInterval
    if entry.generation == row.generation, let looked = entry.looked,
      ContinuousClock.now - looked < interval
    {
      return entry.state
    }
    var service =
      entry.generation == row.generation ? try await client.json(.get, path(row.id)) : nil
    if service == nil {
      // Whoever has applied it before, here it is as it must be.
      service = try await client.json(
        .patch, "\(path(row.id))?fieldManager=yolo&force=true",
        body: try manifests.service(of: row),
        type: "application/apply-patch+yaml")
    }
    guard let service else { throw ClusterError.refused(status: 404, message: "it has no Knative") }
    let status = ServiceStatus(service, generation: row.generation)
    entries.withLock { entries in
      entries[row.id] = Entry(
        generation: row.generation, address: status.address ?? entry.address, looked: .now,
        state: status.state)
    }
    return status.state
  }

  func stop(_ id: String) async throws {
    _ = try await client.send(.delete, path(id))
    entries.withLock { _ = $0.removeValue(forKey: id) }
  }

  func forget(_ id: String) async throws { try await stop(id) }

  func known() async throws -> [String: Bool] {
    let isDue = isSwept.withLock { swept in
      if let swept, ContinuousClock.now - swept < Self.sweepInterval { return false }
      swept = .now
      return true
    }
    guard isDue else { return [:] }
    let selector = "\(ServiceManifest.managedLabel)=\(manifests.owner)"
    let list = try await client.json(
      .get,
      "\(path())?labelSelector=\(selector.replacing("/", with: "%2F").replacing("=", with: "%3D"))")
    var known: [String: Bool] = [:]
    for service in list?["items"]?.elements ?? [] {
      guard let name = service["metadata"]?["name"]?.string, let id = ServiceManifest.id(of: name)
      else { continue }
      known[id] = true
    }
    return known
  }

  /// Services stay: the cluster serves on while this server is away.
  func close() async {}

  // MARK: Using

  func target(
    for row: DeploymentRow, while isWanted: @escaping @Sendable () -> Bool
  ) async throws -> InstanceTarget {
    let known = entries.withLock { $0[row.id]?.address }
    if known == nil { _ = try? await reconcile(row) }
    guard let address = entries.withLock({ $0[row.id]?.address }) else {
      throw APIError.unavailable("The deployment is not ready yet; try again.", retryAfter: 5)
    }
    return InstanceTarget(
      address: address, headers: [InstanceAccess.header: row.token], lease: nil)
  }

  func usage() async -> [String: InstanceUsage] { [:] }

  func log(
    of row: DeploymentRow, _ severities: Set<LogSeverity>?, limit: Int, token: String?
  ) async throws -> (entries: [LogEntry], nextToken: String?) {
    let skipped = token.map { Int($0) } ?? 0
    guard let skipped, (0...DeploymentLog.maximumLines).contains(skipped) else {
      throw APIError.invalidField(
        "pageToken", given: token?.excerpt(), expected: "nextPageToken of an answer",
        "pageToken is none that this server has given.")
    }
    do throws(ClusterError) {
      let namespace = "/api/v1/namespaces/\(client.access.namespace)"
      let selector = "serving.knative.dev%2Fservice%3D\(ServiceManifest.name(of: row.id))"
      let pods = try await client.json(.get, "\(namespace)/pods?labelSelector=\(selector)")
      let log = DeploymentLog()
      var lines: [(time: String, text: String)] = []
      for pod in (pods?["items"]?.elements ?? []).prefix(DeploymentResources.maximumInstances) {
        guard let name = pod["metadata"]?["name"]?.string else { continue }
        let text: [UInt8]?
        do throws(ClusterError) {
          text = try await client.send(
            .get,
            "\(namespace)/pods/\(name)/log?container=\(ServiceManifest.container)&timestamps=true"
              + "&tailLines=2000&limitBytes=1048576")
        } catch .refused(400, _) {
          // Its container has not begun.
          continue
        }
        for line in String(decoding: text ?? [], as: UTF8.self).split(separator: "\n") {
          let parts = line.split(separator: " ", maxSplits: 1)
          // Without its Z a time sorts before those of fractions of the same second.
          if parts.count == 2 { lines.append((parts[0].filter { $0 != "Z" }, String(parts[1]))) }
        }
      }
      for line in lines.sorted(by: { $0.time < $1.time }) {
        log.add(line: line.text, at: QueryReader.seconds("\(line.time)Z") ?? SystemTime.now())
      }
      let all = log.entries(severities, limit: DeploymentLog.maximumLines, before: nil).entries
      let end = skipped + limit
      return (
        Array(all.dropFirst(skipped).prefix(limit)), all.count > end ? "\(end)" : nil
      )
    } catch {
      throw APIError.unavailable("The log of the cluster cannot be read. \(error)", retryAfter: 5)
    }
  }
}

/// What a cluster says of a service.
struct ServiceStatus: Sendable, Hashable {
  let state: DeploymentState
  /// Where the service is; nil as long as it is nowhere.
  let address: InstanceAddress?

  /// Reads a service of Knative; `generation` is that of the deployment.
  init(_ service: JSONValue, generation: Int) {
    let status = service["status"]
    let url = status?["address"]?["url"]?.string ?? status?["url"]?.string
    address = url.flatMap(Self.address)
    // What is said of an older specification does not count.
    let isCurrent =
      status?["observedGeneration"]?.int == service["metadata"]?["generation"]?.int
      && service["metadata"]?["annotations"]?[ServiceManifest.generationAnnotation]?.string
        == "\(generation)"
    let ready = status?["conditions"]?.elements?.first { $0["type"]?.string == "Ready" }
    switch (isCurrent, ready?["status"]?.string) {
    case (true, "True"):
      state =
        address == nil
        ? .failed(
          "The cluster offers no address of http at which this server reaches it: \(url ?? "none")."
        )
        : .ready
    case (true, "False"):
      let reason = ready?["reason"]?.string ?? "Unknown"
      state = .failed("\(reason): \(ready?["message"]?.string ?? "the cluster says no more")")
    default: state = .starting
    }
  }

  /// Reads an address of plain HTTP.
  private static func address(_ text: String) -> InstanceAddress? {
    guard let url = URL(string: text), url.scheme == "http", let host = url.host() else {
      return nil
    }
    return InstanceAddress(host: host, port: url.port ?? 80)
  }
}

/// Describes services of Knative.
struct ServiceManifest: Sendable {
  static let container = "yolo"
  static let managedLabel = "yolo.deployments/owner"
  static let generationAnnotation = "yolo.deployments/generation"
  private static let port = 8080
  /// How long the address of the model serves: longer than any deployment lives.
  private static let addressLifetime = 3650 * 86_400

  let settings: ServerSettings
  let signer: AddressSigner
  let namespace: String
  let image: String
  let origin: String
  /// Whose deployments they are, so that several servers may share a namespace.
  let owner: String

  /// - Throws: ``ClusterError/setting(_:)`` if the image or the server's own address is missing.
  init(settings: ServerSettings, signer: AddressSigner, namespace: String) throws(ClusterError) {
    guard let image = settings.clusterImage else {
      throw .setting("Deployments in a cluster need the image of yolo: --cluster-image.")
    }
    guard let origin = settings.publicURL else {
      throw .setting(
        "Deployments in a cluster load their models from this server: name it by --public-url.")
    }
    self.settings = settings
    self.signer = signer
    self.namespace = namespace
    self.image = image
    self.origin = origin
    let digest = SHA256.digest(of: Array(origin.utf8).span.bytes)
    owner = Array(digest.prefix(8)).hexadecimal
  }

  /// The name of a deployment's service.
  static func name(of id: String) -> String {
    "yolo-\(id.drop { $0 != "_" }.dropFirst())"
  }

  /// The deployment of a service; nil for a name that none has.
  static func id(of name: String) -> String? {
    name.hasPrefix("yolo-") ? "deployment_\(name.dropFirst("yolo-".count))" : nil
  }

  /// Returns the service of a deployment.
  func service(of row: DeploymentRow) throws(PlatformError) -> JSONValue {
    let labels = Schema.object([
      Self.managedLabel: .string(owner), "yolo.deployments/region": .string(row.region),
    ])
    var scale = [
      JSONMember("autoscaling.knative.dev/min-scale", .string("\(row.minInstances)")),
      JSONMember("autoscaling.knative.dev/max-scale", .string("\(row.maxInstances)")),
    ]
    if row.minInstances == 0 {
      // Knative allows an hour at most.
      let idle = min(settings.limits.deploymentIdle, 3600)
      scale.append(
        JSONMember(
          "autoscaling.knative.dev/scale-to-zero-pod-retention-period", .string("\(idle)s")))
    }
    // A new generation is a new revision, also where nothing else of it differs.
    scale.append(JSONMember(Self.generationAnnotation, .string("\(row.generation)")))
    return Schema.object([
      "apiVersion": .string("serving.knative.dev/v1"), "kind": .string("Service"),
      "metadata": Schema.object([
        "name": .string(Self.name(of: row.id)), "namespace": .string(namespace), "labels": labels,
        "annotations": Schema.object([
          Self.generationAnnotation: .string("\(row.generation)"),
          "yolo.deployments/name": .string("\(row.owner)/\(row.slug)"),
        ]),
      ]),
      "spec": Schema.object([
        "template": Schema.object([
          "metadata": Schema.object(["labels": labels, "annotations": .object(scale)]),
          "spec": try pod(of: row),
        ])
      ]),
    ])
  }

  private func pod(of row: DeploymentRow) throws(PlatformError) -> JSONValue {
    let limits = settings.limits
    var members: [JSONMember] = [
      JSONMember("containerConcurrency", .int(max(2, 2 * row.cpu))),
      JSONMember(
        "timeoutSeconds", .int(min(600, max(limits.requestTimeout, limits.videoTimeout) + 30))),
      JSONMember("enableServiceLinks", .bool(false)),
      JSONMember("automountServiceAccountToken", .bool(false)),
      JSONMember("containers", .array([try container(of: row)])),
      JSONMember(
        "volumes",
        .array(
          ["models", "tmp"].map {
            Schema.object(["name": .string($0), "emptyDir": Schema.object([:])])
          })),
    ]
    if let key = settings.clusterRegionLabel {
      members.append(JSONMember("nodeSelector", .object([JSONMember(key, .string(row.region))])))
    }
    return .object(members)
  }

  private func container(of row: DeploymentRow) throws(PlatformError) -> JSONValue {
    let file = "/models/\(row.title)"
    let address = signer.address(
      of: try DeploymentRow.weights(of: row.id, title: row.title), for: .get,
      expires: row.created + Self.addressLifetime, origin: origin)
    let words = [
      "serve", "--dedicated", file, "--host", "0.0.0.0", "--port", "\(Self.port)", "--no-auth",
      "--workers", "\(row.cpu)", "--threads", "\(row.cpu)", "--reload-interval", "0",
      "--model-memory", "\(row.memory << 9)",
    ]
    func variable(_ name: String, _ value: String) -> JSONValue {
      Schema.object(["name": .string(name), "value": .string(value)])
    }
    let amounts = Schema.object([
      "cpu": .string("\(row.cpu)"), "memory": .string("\(row.memory)Gi"),
    ])
    func probe(_ path: String) -> JSONValue {
      Schema.object([
        "httpGet": Schema.object(["path": .string(path), "port": .int(Self.port)]),
        "timeoutSeconds": .int(3),
      ])
    }
    return Schema.object([
      "name": .string(Self.container), "image": .string(image),
      "command": .array([.string("yolo")]), "args": .array(words.map { .string($0) }),
      "env": .array([
        variable(InstanceAccess.variable, row.token), variable(InstanceModel.variable, address),
      ]),
      "ports": .array([
        Schema.object(["name": .string("http1"), "containerPort": .int(Self.port)])
      ]),
      "resources": Schema.object(["requests": amounts, "limits": amounts]),
      "readinessProbe": probe("/readyz"), "livenessProbe": probe("/healthz"),
      "securityContext": Schema.object([
        "runAsNonRoot": .bool(true), "runAsUser": .int(10001),
        "allowPrivilegeEscalation": .bool(false), "readOnlyRootFilesystem": .bool(true),
        "capabilities": Schema.object(["drop": .array([.string("ALL")])]),
      ]),
      "volumeMounts": .array(
        ["models", "tmp"].map {
          Schema.object(["name": .string($0), "mountPath": .string("/\($0)")])
        }),
    ])
  }
}
#endif
