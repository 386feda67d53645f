#if Server
import JSONText
import Synchronization
import YOLOOutbound
import YOLOServerOptions
import YOLOSystem

/// Runs workers in a cluster: a job of Kubernetes each (`batch/v1`), of one pod with this program.
///
/// The pods fetch what they train from this server, and report to it, with the key of their job.
struct ClusterTrainingEngine: TrainingEngine {
  private let client: ClusterClient
  private let manifest: JobManifest

  /// - Throws: ``ClusterError`` if a setting or a file is missing.
  init(
    settings: ServerSettings, outbound: OutboundClient, environment: [String: String]
  ) throws(ClusterError) {
    client = ClusterClient(
      access: try .read(settings: settings, environment: environment), outbound: outbound)
    manifest = try JobManifest(settings: settings, namespace: client.access.namespace)
  }

  private var path: String { "/apis/batch/v1/namespaces/\(client.access.namespace)/jobs" }

  func start(_ task: TrainingTask) async throws -> any TrainingWork {
    let name = JobManifest.name(of: task.job)
    do throws(ClusterError) {
      _ = try await client.json(
        .patch, "\(path)/\(name)?fieldManager=yolo&force=true", body: manifest.job(of: task),
        type: "application/apply-patch+yaml")
    } catch {
      switch error {
      case .refused(let status, _) where [409, 422].contains(status):
        // One of an earlier try, whose key is no longer good: its pod cannot be changed.
        _ = try? await client.send(.delete, "\(path)/\(name)?propagationPolicy=Background")
        throw TrainingDelay(description: "\(error)")
      case .refused(let status, _) where status >= 500 || status == 429:
        throw TrainingDelay(description: "\(error)")
      case .unreachable: throw TrainingDelay(description: "\(error)")
      case .refused, .configuration, .setting: throw error
      }
    }
    return work(task.job)
  }

  private func work(_ job: String) -> ClusterTrainingWork {
    ClusterTrainingWork(client: client, name: JobManifest.name(of: job))
  }

  func find(_ job: String) async throws -> (any TrainingWork)? {
    let found = try await client.json(.get, "\(path)/\(JobManifest.name(of: job))")
    return found == nil ? nil : work(job)
  }

  /// Pods that are killed are replaced by the cluster, or not at all.
  func goOn(
    _ job: String, from work: any TrainingWork, key: () async throws -> String?, address: String
  ) async throws -> (any TrainingWork)? { nil }

  func sweep(keeping jobs: Set<String>) async {
    let selector = "\(JobManifest.managedLabel)%3D\(manifest.owner)"
      .replacing("/", with: "%2F")
    let names = Set(jobs.map { JobManifest.name(of: $0) })
    let list = try? await client.json(.get, "\(path)?labelSelector=\(selector)")
    for job in list?["items"]?.elements ?? [] {
      guard let name = job["metadata"]?["name"]?.string, !names.contains(name),
        JobStatus(job).ending == nil
      else { continue }
      _ = try? await client.send(.delete, "\(path)/\(name)?propagationPolicy=Background")
    }
  }
}

/// What a cluster says of a job.
struct JobStatus: Sendable, Hashable {
  /// How it has ended: nil for not yet, else nil within for well.
  let ending: String??
  /// Whether a pod of it is ready.
  let isReady: Bool

  init(_ job: JSONValue) {
    let status = job["status"]
    let conditions = status?["conditions"]?.elements ?? []
    func condition(_ type: String) -> JSONValue? {
      conditions.first { $0["type"]?.string == type && $0["status"]?.string == "True" }
    }
    if let failed = condition("Failed") {
      let reason = failed["reason"]?.string ?? "Failed"
      ending = .some("\(reason): \(failed["message"]?.string ?? "the cluster says no more")")
    } else {
      ending = condition("Complete") == nil ? nil : .some(nil)
    }
    isReady = (status?["ready"]?.int ?? 0) > 0
  }
}

/// A worker that is a job of a cluster.
final class ClusterTrainingWork: TrainingWork {
  private struct State {
    var looked: ContinuousClock.Instant?
    var last = TrainingWorkState.running(TrainingWorkActivity())
    var reason: TrainingJobRepository.Ending?
    var isDeleted = false
    var isKilled = false
  }

  /// How often it is looked at a job.
  private static let interval = Duration.seconds(2)
  /// What a container waits for that never comes.
  private static let hopeless: Set = [
    "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError",
  ]

  private let client: ClusterClient
  private let name: String
  private let state = Mutex(State())

  init(client: ClusterClient, name: String) {
    self.client = client
    self.name = name
  }

  private var namespace: String { client.access.namespace }
  private var path: String { "/apis/batch/v1/namespaces/\(namespace)/jobs/\(name)" }

  func look() async throws -> TrainingWorkState {
    let known = state.withLock { state -> TrainingWorkState? in
      if let looked = state.looked, ContinuousClock.now - looked < Self.interval {
        return state.last
      }
      state.looked = .now
      return nil
    }
    if let known { return known }
    let (isDeleted, reason) = state.withLock { ($0.isDeleted, $0.reason) }
    let found: TrainingWorkState
    if let job = try await client.json(.get, path) {
      let status = JobStatus(job)
      switch status.ending {
      case .none:
        let waiting = status.isReady ? nil : try await waiting()
        if let waiting, Self.hopeless.contains(where: waiting.hasPrefix) {
          try await end(
            .failed("The pod cannot be started: \(waiting)", code: "TRAINER_NOT_STARTED"))
        }
        found = .running(TrainingWorkActivity(waiting: waiting))
      case .some(.none):
        found = .over(reason ?? .done, isSeen: true, description: "complete")
      case .some(.some(let message)):
        let text = try await explanation() ?? message
        found = .over(
          reason ?? .failed("The trainer has failed. \(text)", code: "TRAINER_FAILED"),
          isSeen: true, description: text)
      }
    } else {
      found = .over(
        reason
          ?? (isDeleted
            ? .done : .failed("The job is gone from the cluster.", code: "TRAINER_KILLED")),
        isSeen: true, description: "gone")
    }
    state.withLock { $0.last = found }
    return found
  }

  func terminate() async throws {
    let isFirst = state.withLock { state in
      defer { state.isDeleted = true }
      return !state.isDeleted
    }
    // The cluster sends SIGTERM, and SIGKILL after the time that the pod has to end.
    if isFirst { _ = try await client.send(.delete, "\(path)?propagationPolicy=Background") }
  }

  func end(_ reason: TrainingJobRepository.Ending?) async throws {
    let isFirst = state.withLock { state in
      state.reason = state.reason ?? reason
      defer { (state.isDeleted, state.isKilled) = (true, true) }
      return !state.isKilled
    }
    guard isFirst else { return }
    for pod in try await pods() {
      guard let name = pod["metadata"]?["name"]?.string else { continue }
      _ = try? await client.send(
        .delete, "/api/v1/namespaces/\(namespace)/pods/\(name)?gracePeriodSeconds=0")
    }
    _ = try await client.send(.delete, "\(path)?propagationPolicy=Background")
    state.withLock { $0.looked = nil }
  }

  /// What has ended by itself stays for an hour, for whoever wants to read its log.
  func remove() async {}

  // MARK: Pods

  /// The pods of the job, the newest last.
  private func pods() async throws -> [JSONValue] {
    let list = try await client.json(
      .get,
      "/api/v1/namespaces/\(namespace)/pods?labelSelector=batch.kubernetes.io%2Fjob-name%3D\(name)")
    func created(_ pod: JSONValue) -> String {
      pod["metadata"]?["creationTimestamp"]?.string ?? ""
    }
    return (list?["items"]?.elements ?? []).sorted { created($0) < created($1) }
  }

  private static func container(_ pod: JSONValue) -> JSONValue? {
    pod["status"]?["containerStatuses"]?.elements?.first
  }

  /// What the pod waits for; nil if it is not known to wait.
  private func waiting() async throws -> String? {
    guard let pod = try await pods().last else { return nil }
    if let waiting = Self.container(pod)?["state"]?["waiting"],
      let reason = waiting["reason"]?.string, reason != "ContainerCreating"
    {
      return "\(reason): \(waiting["message"]?.string ?? "")".excerpt(limit: 300)
    }
    let conditions = pod["status"]?["conditions"]?.elements ?? []
    guard
      let scheduled = conditions.first(where: {
        $0["type"]?.string == "PodScheduled" && $0["status"]?.string == "False"
      })
    else { return nil }
    let reason = scheduled["reason"]?.string ?? "Unschedulable"
    return "\(reason): \(scheduled["message"]?.string ?? "")".excerpt(limit: 300)
  }

  /// What the pod tells of its end: why the container was ended, and its last line.
  private func explanation() async throws -> String? {
    guard let pod = try await pods().last else { return nil }
    let container = Self.container(pod)
    let ended =
      container?["state"]?["terminated"] ?? container?["lastState"]?["terminated"]
    var parts: [String] = []
    if let reason = ended?["reason"]?.string, reason != "Error" {
      parts.append(
        reason == "OOMKilled" ? "It has more memory than --trainer-memory (OOMKilled)" : reason)
    }
    if let code = ended?["exitCode"]?.int { parts.append("exit code \(code)") }
    var text = ended?["message"]?.string ?? ""
    if text.isEmpty, let name = pod["metadata"]?["name"]?.string {
      let log = try? await client.send(
        .get,
        "/api/v1/namespaces/\(namespace)/pods/\(name)/log?container=\(JobManifest.container)"
          + "&tailLines=20&limitBytes=65536")
      text = String(decoding: (log ?? nil) ?? [], as: UTF8.self)
    }
    let line = text.split { $0.isNewline || $0 == "\r" }.last { !$0.allSatisfy(\.isWhitespace) }
    if let line { parts.append(String(line).trimmed.excerpt(limit: 300)) }
    return parts.isEmpty ? nil : parts.joined(separator: ": ")
  }
}
#endif
