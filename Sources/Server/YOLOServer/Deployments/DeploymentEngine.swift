#if Server
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import YOLOOptions
import YOLOServerOptions
import YOLOSystem

/// What runs deployments: processes of this machine, or a cluster.
protocol DeploymentEngine: Sendable {
  /// Brings what runs in line with a deployment that is to run.
  ///
  /// - Throws: What keeps it from being looked at; it is tried again.
  func reconcile(_ row: DeploymentRow) async throws -> DeploymentState
  /// Ends what runs of a deployment; returns once it is gone.
  func stop(_ id: String) async throws
  /// Ends what runs of a deployment that was deleted, and forgets it.
  func forget(_ id: String) async throws
  /// Ends what runs of all deployments but these.
  func retain(only ids: Set<String>) async throws
  /// Returns where to send a request; waits until something is ready.
  ///
  /// - Parameters:
  ///   - row: The deployment.
  ///   - isWanted: Whether somebody still waits.
  /// - Returns: The target, which keeps the instance.
  /// - Throws: `APIError`.
  func target(
    for row: DeploymentRow, while isWanted: @escaping @Sendable () -> Bool
  ) async throws -> InstanceTarget
  /// Returns lines of the log, the newest first, and what to ask for those before them.
  func log(
    of row: DeploymentRow, _ severities: Set<LogSeverity>?, limit: Int, token: String?
  ) async throws -> (entries: [LogEntry], nextToken: String?)
  /// Returns what the instances use.
  func usage() async -> [String: InstanceUsage]
  /// Ends what would not outlive the server.
  func close() async
}

/// How far a deployment is.
enum DeploymentState: Sendable, Hashable {
  /// Nothing is ready yet.
  case starting
  /// Requests are answered.
  case ready
  /// It does not run, and is not tried again.
  case failed(String)
}

/// Where a request of a deployment is sent.
struct InstanceTarget: Sendable {
  let address: InstanceAddress
  /// The headers that it asks for.
  let headers: HTTPHeaders
  /// What keeps the instance as long as it is needed.
  let lease: (any Sendable)?
}

/// What the instances of a deployment use, of what they have.
struct InstanceUsage: Sendable, Hashable {
  var instances = 0
  /// Fractions.
  var cpu = 0.0
  var memory = 0.0
}

/// Runs deployments as child processes: `yolo serve --dedicated` on loopback.
///
/// Each process of the server has instances of its own.
final class LocalEngine: DeploymentEngine {
  /// The instances of a deployment.
  private struct Entry {
    let log = DeploymentLog()
    var current: (generation: Int, pool: InstancePool)?
    /// What replaces it as soon as it is ready.
    var next: (generation: Int, pool: InstancePool)?
    /// The processor time of instances by their ports, in seconds, and when it was read.
    var times: [Int: (seconds: Double, at: ContinuousClock.Instant)] = [:]
  }

  private let store: ObjectStore
  private let settings: ServerSettings
  private let policy: InstancePolicy
  private let entries = Mutex<[String: Entry]>([:])

  init(store: ObjectStore, settings: ServerSettings, policy: InstancePolicy) {
    self.store = store
    self.settings = settings
    self.policy = policy
  }

  // MARK: Running

  func reconcile(_ row: DeploymentRow) async throws -> DeploymentState {
    let (pool, former) = try pools(of: row)
    pool.maintain()
    if let failure = pool.failure { return .failed(failure) }
    if row.status == .ready { return .ready }
    guard pool.wasReady else {
      pool.warm()
      return .starting
    }
    if let former {
      entries.withLock { entries in
        let next = entries[row.id]?.next
        entries[row.id]?.current = next
        entries[row.id]?.next = nil
      }
      Task { await former.close() }
    }
    return .ready
  }

  /// Returns the instances of a deployment in its generation, and those that they replace.
  private func pools(
    of row: DeploymentRow
  ) throws(FileError) -> (pool: InstancePool, former: InstancePool?) {
    let found = entries.withLock { entries -> (InstancePool, InstancePool?)? in
      let entry = entries[row.id]
      if let next = entry?.next, next.generation == row.generation {
        return (next.pool, entry?.current?.pool)
      }
      guard let current = entry?.current, current.generation == row.generation else { return nil }
      return (current.pool, nil)
    }
    if let found { return found }
    let specification = try specification(of: row)
    let (pool, former, superfluous) = entries.withLock {
      entries -> (InstancePool, InstancePool?, InstancePool?) in
      let entry = entries[row.id] ?? Entry()
      entries[row.id] = entry
      let pool = InstancePool(specification, policy: policy, log: entry.log)
      // Another task may have been faster.
      if let next = entry.next, next.generation == row.generation {
        return (next.pool, entry.current?.pool, nil)
      }
      if let current = entry.current {
        if current.generation == row.generation { return (current.pool, nil, nil) }
        entries[row.id]?.next = (row.generation, pool)
        return (pool, current.pool, entry.next?.pool)
      }
      entries[row.id]?.current = (row.generation, pool)
      return (pool, nil, nil)
    }
    if let superfluous { Task { await superfluous.close() } }
    return (pool, former)
  }

  private func specification(
    of row: DeploymentRow
  ) throws(FileError) -> InstancePool.Specification {
    let root = AbsolutePath.of(store.database.directory)
    let directory = "\(root)/deployments/\(row.id)-\(row.generation)"
    let weights = "\(directory)/\(row.title)"
    if !FileSystem.isDirectory(directory) {
      try FileSystem.makeDirectories(directory, mode: 0o700)
    }
    guard let digest = ObjectDigest(row.weights) else {
      throw FileError(weights, .system(ENOENT))
    }
    unlink(weights)
    guard symlink(AbsolutePath.of(store.path(of: digest)), weights) == 0 else {
      throw FileError(weights, .system(errno))
    }
    let program = settings.program ?? Exporters.ownProgram
    var words = [
      program, "serve", "--dedicated", weights, "--host", "127.0.0.1", "--port", "0", "--no-auth",
      "--workers", "\(row.cpu)", "--threads", "\(row.cpu)", "--reload-interval", "0",
      "--model-memory", "\(row.memory << 10)",
    ]
    let fixed = Set(words.filter { $0.hasPrefix("--") })
    // What requests may cost is the same as on the server itself.
    let same = Set(LimitTable.settings.map(\.flag) + ["backend", "isa"])
    for setting in ServerSettings.settings
    where same.contains(setting.flag) && !fixed.contains("--\(setting.flag)") {
      if let value = setting.valueText(in: settings) { words += ["--\(setting.flag)", value] }
    }
    let token = row.token
    return InstancePool.Specification(
      program: { [words] number in
        var worker = WorkerProgram(words, in: directory)
        worker.environment = [InstanceAccess.variable: token]
        return worker
      },
      token: token, minimum: row.minInstances, maximum: row.maxInstances, concurrency: row.cpu,
      memory: row.memory << 30)
  }

  func stop(_ id: String) async {
    let pools = entries.withLock { entries in
      defer {
        entries[id]?.current = nil
        entries[id]?.next = nil
        entries[id]?.times = [:]
      }
      return [entries[id]?.current?.pool, entries[id]?.next?.pool].compactMap(\.self)
    }
    for pool in pools { await pool.close() }
    removeDirectories { $0.hasPrefix("\(id)-") }
  }

  func retain(only ids: Set<String>) async {
    let others = entries.withLock { entries in
      entries.filter { !ids.contains($0.key) && ($0.value.current ?? $0.value.next) != nil }.keys
    }
    for id in others { await stop(id) }
  }

  func forget(_ id: String) async {
    await stop(id)
    entries.withLock { _ = $0.removeValue(forKey: id) }
  }

  private func removeDirectories(where condition: (String) -> Bool) {
    let root = "\(store.database.directory)/deployments"
    for name in (try? FileSystem.names(in: root)) ?? [] where condition(name) {
      FileSystem.removeTree("\(root)/\(name)")
    }
  }

  func close() async {
    let ids = entries.withLock { Array($0.keys) }
    await withDiscardingTaskGroup { group in
      for id in ids { group.addTask { await self.stop(id) } }
    }
  }

  // MARK: Using

  func target(
    for row: DeploymentRow, while isWanted: @escaping @Sendable () -> Bool
  ) async throws -> InstanceTarget {
    let (pool, former) = try pools(of: row)
    // What is to be replaced answers until the other one is ready.
    let chosen = pool.wasReady ? pool : former ?? pool
    let lease = try await chosen.lease(while: isWanted)
    return InstanceTarget(address: lease.address, headers: chosen.headers, lease: lease)
  }

  func log(
    of row: DeploymentRow, _ severities: Set<LogSeverity>?, limit: Int, token: String?
  ) throws -> (entries: [LogEntry], nextToken: String?) {
    let before = token.map { Int($0) }
    if let before, before == nil {
      throw APIError.invalidField(
        "pageToken", given: token?.excerpt(), expected: "nextPageToken of an answer",
        "pageToken is none that this server has given.")
    }
    let log = entries.withLock { $0[row.id]?.log }
    guard let log else { return ([], nil) }
    let (entries, next) = log.entries(severities, limit: limit, before: before ?? nil)
    return (entries, next.map { "\($0)" })
  }

  func usage() async -> [String: InstanceUsage] {
    let pools = entries.withLock { entries in
      entries.compactMap { id, entry in entry.current.map { (id, $0.pool) } }
    }
    var usage: [String: InstanceUsage] = [:]
    for (id, pool) in pools { usage[id] = await self.usage(of: id, pool) }
    return usage
  }

  private func usage(of id: String, _ pool: InstancePool) async -> InstanceUsage {
    var usage = InstanceUsage()
    for address in pool.addresses {
      guard let answer = try? await InstanceClient.get("/metrics", from: address),
        answer.status == 200
      else { continue }
      let text = String(buffer: answer.body)
      func reading(_ name: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }?.split(separator: " ").last
          .flatMap { Double($0) }
      }
      usage.instances += 1
      let now = ContinuousClock.now
      if let seconds = reading("process_cpu_seconds_total") {
        let former = entries.withLock { entries in
          defer { entries[id]?.times[address.port] = (seconds, now) }
          return entries[id]?.times[address.port]
        }
        if let former, now > former.at {
          let passed = (now - former.at) / .seconds(1)
          usage.cpu +=
            max(0, seconds - former.seconds) / passed / Double(pool.specification.concurrency)
        }
      }
      if let bytes = reading("process_resident_memory_bytes") {
        usage.memory += bytes / Double(pool.specification.memory)
      }
    }
    guard usage.instances > 0 else { return usage }
    usage.cpu /= Double(usage.instances)
    usage.memory /= Double(usage.instances)
    return usage
  }
}
#endif
