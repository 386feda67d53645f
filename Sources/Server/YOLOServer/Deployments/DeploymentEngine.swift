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
  /// Returns the deployments of which something runs or is kept, and whether something runs.
  func known() async throws -> [String: Bool]
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

    /// Returns the instances of a generation, and those that they replace; nil if there are none.
    ///
    /// Those of a later one are meant, too: who asks may have an old row.
    func pools(from generation: Int) -> (pool: InstancePool, former: InstancePool?)? {
      if let next, next.generation >= generation { return (next.pool, current?.pool) }
      guard let current, current.generation >= generation else { return nil }
      return (current.pool, nil)
    }
  }

  private struct State {
    var entries: [String: Entry] = [:]
    /// Whether nothing is started any more.
    var isClosed = false
  }

  private let store: ObjectStore
  private let settings: ServerSettings
  private let policy: InstancePolicy
  private let state = Mutex(State())

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
    if former == nil, row.status == .ready { return .ready }
    guard pool.wasReady else {
      pool.warm()
      // Another process of the server may have seen it ready.
      return row.status == .ready ? .ready : .starting
    }
    guard former != nil else { return .ready }
    let replaced = state.withLock { state -> (generation: Int, pool: InstancePool)? in
      guard let next = state.entries[row.id]?.next, next.pool === pool else { return nil }
      defer {
        state.entries[row.id]?.current = next
        state.entries[row.id]?.next = nil
      }
      return state.entries[row.id]?.current
    }
    if let replaced {
      Task {
        await replaced.pool.close()
        removeDirectories { $0 == "\(row.id)-\(replaced.generation)" }
      }
    }
    return .ready
  }

  /// Returns the instances of a deployment in its generation, and those that they replace.
  private func pools(
    of row: DeploymentRow
  ) throws -> (pool: InstancePool, former: InstancePool?) {
    let found = try state.withLock { state in
      guard !state.isClosed else { throw APIError.unavailable("The server is ending.") }
      return state.entries[row.id]?.pools(from: row.generation)
    }
    if let found { return found }
    let specification = try specification(of: row)
    let (pools, superfluous) = try state.withLock { state in
      guard !state.isClosed else { throw APIError.unavailable("The server is ending.") }
      var entry = state.entries[row.id] ?? Entry()
      defer { state.entries[row.id] = entry }
      // Another task may have been faster.
      if let found = entry.pools(from: row.generation) { return (found, nil as InstancePool?) }
      let pool = InstancePool(specification, policy: policy, log: entry.log)
      guard let current = entry.current else {
        entry.current = (row.generation, pool)
        return ((pool, nil), nil)
      }
      defer { entry.next = (row.generation, pool) }
      return ((pool, current.pool), entry.next?.pool)
    }
    if let superfluous { Task { await superfluous.close() } }
    return pools
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
    try Self.link(weights, to: AbsolutePath.of(store.path(of: digest)))
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
      directory: directory, token: token, minimum: row.minInstances, maximum: row.maxInstances,
      concurrency: row.cpu,
      memory: row.memory << 30)
  }

  /// Creates a link, in one step: instances may be opening the one that is there.
  private static func link(_ path: String, to target: String) throws(FileError) {
    guard (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != target else {
      return
    }
    let new = "\(path).\(UInt64.random(in: 0 ... .max))"
    guard symlink(target, new) == 0 else { throw FileError(lastErrorAt: new) }
    guard rename(new, path) == 0 else {
      let error = FileError(lastErrorAt: path)
      unlink(new)
      throw error
    }
  }

  func stop(_ id: String) async {
    let pools = state.withLock { state in
      defer {
        state.entries[id]?.current = nil
        state.entries[id]?.next = nil
        state.entries[id]?.times = [:]
      }
      return [state.entries[id]?.current?.pool, state.entries[id]?.next?.pool].compactMap(\.self)
    }
    for pool in pools { await pool.close() }
    removeDirectories { $0.hasPrefix("\(id)-") }
  }

  /// A directory that a server has left which was killed counts as what runs.
  func known() async -> [String: Bool] {
    let root = "\(store.database.directory)/deployments"
    let names = (try? FileSystem.names(in: root)) ?? []
    return state.withLock { state in
      state.entries.mapValues { ($0.current ?? $0.next) != nil }
        .merging(names.map { (String($0.prefix { $0 != "-" }), true) }) { $0 || $1 }
    }
  }

  func forget(_ id: String) async {
    await stop(id)
    state.withLock { _ = $0.entries.removeValue(forKey: id) }
  }

  private func removeDirectories(where condition: (String) -> Bool) {
    let root = "\(store.database.directory)/deployments"
    for name in (try? FileSystem.names(in: root)) ?? [] where condition(name) {
      FileSystem.removeTree("\(root)/\(name)")
    }
  }

  func close() async {
    let ids = state.withLock { state in
      state.isClosed = true
      return Array(state.entries.keys)
    }
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
    let log = state.withLock { $0.entries[row.id]?.log }
    guard let log else { return ([], nil) }
    let (entries, next) = log.entries(severities, limit: limit, before: before ?? nil)
    return (entries, next.map { "\($0)" })
  }

  func usage() async -> [String: InstanceUsage] {
    let pools = state.withLock { state in
      state.entries.compactMap { id, entry in entry.current.map { (id, $0.pool) } }
    }
    var usage: [String: InstanceUsage] = [:]
    for (id, pool) in pools { usage[id] = await self.usage(of: id, pool) }
    return usage
  }

  private func usage(of id: String, _ pool: InstancePool) async -> InstanceUsage {
    var usage = InstanceUsage()
    let addresses = pool.addresses
    let ports = Set(addresses.map(\.port))
    state.withLock { state in
      if let times = state.entries[id]?.times {
        state.entries[id]?.times = times.filter { ports.contains($0.key) }
      }
    }
    for address in addresses {
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
        let former = state.withLock { state in
          defer { state.entries[id]?.times[address.port] = (seconds, now) }
          return state.entries[id]?.times[address.port]
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
