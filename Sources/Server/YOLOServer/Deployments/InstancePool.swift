#if Server
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import YOLOSystem

/// How instances are started and ended.
struct InstancePolicy: Sendable {
  /// The time after which an instance that nobody uses ends.
  var idleTimeout: Duration = .seconds(900)
  /// The time in which an instance must be ready.
  var startTimeout: Duration = .seconds(120)
  /// The time that an instance has to end.
  var stopTimeout: Duration = .seconds(35)
  /// The pause after the first death; each further one in a row doubles it.
  var firstPause: Duration = .milliseconds(500)
  /// The maximum of that pause.
  var maximumPause: Duration = .seconds(30)
  /// The deaths in a row after which nothing is started any more.
  var maximumDeaths = 5
  /// How long an instance must have lived for its death to be the first of a row.
  var soundLife: Duration = .seconds(60)
}

/// The instances of a deployment in one of its generations: processes of this machine.
///
/// There are as many as it must have, one more as soon as all are busy, up to its maximum, and none
/// when nobody asks for something and it must have none.
final class InstancePool: Sendable {
  /// What is run.
  struct Specification: Sendable {
    let program: @Sendable (_ number: Int) -> WorkerProgram
    /// The directory of the instances, which is nothing for their owner.
    let directory: String
    let token: String
    let minimum: Int
    let maximum: Int
    /// The requests at once with which an instance is busy, which is also how many processors it
    /// has.
    let concurrency: Int
    /// The bytes that an instance is to use at most.
    let memory: Int
  }

  private struct Instance {
    let number: Int
    let begun: ContinuousClock.Instant
    var process: WorkerProcess?
    var port: Int?
    var isReady = false
    var isStopping = false
    /// Why it is killed, other than that it is not needed.
    var fault: String?
    var active = 0
    var lastUsed: ContinuousClock.Instant
  }

  private struct State {
    var instances: [Instance] = []
    var next = 1
    var deaths = 0
    var nextStart: ContinuousClock.Instant?
    /// Why nothing is started any more.
    var failure: String?
    var isClosed = false
    /// Whether an instance was ready at some time.
    var wasReady = false
  }

  let specification: Specification
  let policy: InstancePolicy
  let log: DeploymentLog
  private let state = Mutex(State())

  init(_ specification: Specification, policy: InstancePolicy, log: DeploymentLog) {
    self.specification = specification
    self.policy = policy
    self.log = log
  }

  // MARK: What there is

  /// Why it cannot run; nil if it can.
  var failure: String? { state.withLock { $0.failure } }
  /// Whether an instance has been ready.
  var wasReady: Bool { state.withLock { $0.wasReady } }

  /// The instances that are ready.
  var addresses: [InstanceAddress] {
    state.withLock { state in
      state.instances.filter { $0.isReady && !$0.isStopping }.compactMap(\.port)
        .map { InstanceAddress(host: "127.0.0.1", port: $0) }
    }
  }

  /// The headers that an instance asks of the server.
  var headers: HTTPHeaders { [InstanceAccess.header: specification.token] }

  // MARK: Using instances

  /// An instance that does something for somebody.
  final class Lease: Sendable {
    let address: InstanceAddress
    private let number: Int
    private let pool: InstancePool

    fileprivate init(_ address: InstanceAddress, _ number: Int, _ pool: InstancePool) {
      self.address = address
      self.number = number
      self.pool = pool
    }

    deinit { pool.release(number) }
  }

  /// Acquires the instance that has the least to do; starts one if there is none, or all are busy.
  ///
  /// - Parameter isWanted: Whether somebody still waits.
  /// - Returns: The instance, as long as it is needed.
  /// - Throws: `APIError` of status 503 if none becomes ready.
  func lease(while isWanted: @Sendable () -> Bool) async throws -> Lease {
    let deadline = ContinuousClock.now + policy.startTimeout
    while true {
      if let lease = try acquire() { return lease }
      guard isWanted() else { throw APIError.clientClosed }
      guard ContinuousClock.now < deadline else {
        throw APIError.unavailable(
          "The deployment was not ready in time; try again.", retryAfter: 5)
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private func acquire() throws(APIError) -> Lease? {
    let (found, number, failure): ((Int, Int)?, Int?, APIError?) = state.withLock { state in
      if state.isClosed {
        return (nil, nil, .unavailable("The deployment is being changed; try again."))
      }
      let ready = state.instances.indices.filter {
        state.instances[$0].isReady && !state.instances[$0].isStopping
      }
      let best = ready.min { state.instances[$0].active < state.instances[$1].active }
      guard let best, let port = state.instances[best].port else {
        if let failure = state.failure {
          return (nil, nil, .unavailable("The deployment has failed: \(failure)", retryAfter: 60))
        }
        let isStarting = state.instances.contains { !$0.isStopping }
        return (nil, isStarting ? nil : reserve(&state), nil)
      }
      let isBusy = state.instances[best].active >= specification.concurrency
      let isGrowing = state.instances.contains { !$0.isReady && !$0.isStopping }
      state.instances[best].active += 1
      state.instances[best].lastUsed = .now
      return (
        (port, state.instances[best].number), isBusy && !isGrowing ? reserve(&state) : nil, nil
      )
    }
    if let number { start(number) }
    if let failure { throw failure }
    return found.map { port, number in
      Lease(InstanceAddress(host: "127.0.0.1", port: port), number, self)
    }
  }

  private func release(_ number: Int) {
    state.withLock { state in
      guard let index = state.instances.firstIndex(where: { $0.number == number }) else { return }
      state.instances[index].active -= 1
      state.instances[index].lastUsed = .now
    }
  }

  // MARK: Starting and ending

  /// Starts one instance if there is none, so that it is known whether the model can be served.
  func warm() {
    let number = state.withLock { state in
      state.instances.contains { !$0.isStopping } ? nil : reserve(&state)
    }
    if let number { start(number) }
  }

  /// Starts instances that must be there, and ends those that nobody uses or that are never ready.
  func maintain() {
    let now = ContinuousClock.now
    let (number, idle, hanging): (Int?, [WorkerProcess], [WorkerProcess]) = state.withLock {
      state in
      guard !state.isClosed else { return (nil, [], []) }
      var hanging: [WorkerProcess] = []
      for index in state.instances.indices {
        let instance = state.instances[index]
        guard !instance.isReady, !instance.isStopping, instance.fault == nil,
          now - instance.begun > policy.startTimeout, let process = instance.process
        else { continue }
        let seconds = Int(policy.startTimeout / .seconds(1))
        state.instances[index].fault = "it was not ready within \(seconds) seconds"
        hanging.append(process)
      }
      var idle: [WorkerProcess] = []
      var live = state.instances.count { !$0.isStopping }
      for index in state.instances.indices where live > specification.minimum {
        let instance = state.instances[index]
        guard instance.isReady, !instance.isStopping, instance.active == 0,
          now - instance.lastUsed > policy.idleTimeout, let process = instance.process
        else { continue }
        state.instances[index].isStopping = true
        idle.append(process)
        live -= 1
      }
      return (live < specification.minimum ? reserve(&state) : nil, idle, hanging)
    }
    for process in hanging { process.kill() }
    for process in idle {
      log.add(.notice, "An instance that nobody used ends.")
      end(process)
    }
    if let number { start(number) }
  }

  /// Ends all instances; returns once they are gone.
  func close() async {
    let processes = state.withLock { state in
      state.isClosed = true
      for index in state.instances.indices { state.instances[index].isStopping = true }
      return state.instances.compactMap(\.process)
    }
    for process in processes { end(process) }
    for process in processes { _ = await process.ending() }
  }

  private func end(_ process: WorkerProcess) {
    process.terminate()
    Task { [policy] in
      try await Task.sleep(for: policy.stopTimeout)
      process.kill()
    }
  }

  /// Adds an instance that is to be started; nil if there may be none now.
  private func reserve(_ state: inout State) -> Int? {
    let now = ContinuousClock.now
    guard !state.isClosed, state.failure == nil, now >= state.nextStart ?? now,
      state.instances.count < specification.maximum
    else { return nil }
    let number = state.next
    state.next += 1
    state.instances.append(Instance(number: number, begun: now, lastUsed: now))
    return number
  }

  private func start(_ number: Int) {
    log.add(.notice, "Instance \(number) starts.")
    let output = Output(pool: self, number: number)
    let process: WorkerProcess
    do throws(WorkerError) {
      process = try WorkerProcess(specification.program(number)) { output.append($0) }
    } catch {
      return end(of: number, "it cannot be started: \(error)")
    }
    let isClosed = state.withLock { state in
      if let index = state.instances.firstIndex(where: { $0.number == number }) {
        state.instances[index].process = process
      }
      return state.isClosed
    }
    if isClosed { process.kill() }
    Task { [self] in
      let ending = await process.ending()
      self.end(of: number, "\(ending)", lastWords: output.lastWords)
    }
  }

  /// Notes where an instance listens, and waits until it is ready.
  fileprivate func listens(_ number: Int, port: Int) {
    let isNew = state.withLock { state in
      guard let index = state.instances.firstIndex(where: { $0.number == number }),
        state.instances[index].port == nil
      else { return false }
      state.instances[index].port = port
      return true
    }
    guard isNew else { return }
    Task { [self] in
      let address = InstanceAddress(host: "127.0.0.1", port: port)
      while state.withLock({ $0.instances.contains { $0.number == number } }) {
        let answer = try? await InstanceClient.get("/readyz", from: address)
        if answer?.status == 200 { return becameReady(number) }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  private func becameReady(_ number: Int) {
    let time: Duration? = state.withLock { state in
      guard let index = state.instances.firstIndex(where: { $0.number == number }) else {
        return nil
      }
      state.instances[index].isReady = true
      state.instances[index].lastUsed = .now
      state.wasReady = true
      return ContinuousClock.now - state.instances[index].begun
    }
    if let time {
      log.add(.notice, "Instance \(number) is ready after \(Int(time / .milliseconds(1))) ms.")
    }
  }

  private func end(of number: Int, _ reason: String, lastWords: String = "") {
    let now = ContinuousClock.now
    let unexpected: String? = state.withLock { state in
      guard let index = state.instances.firstIndex(where: { $0.number == number }) else {
        return nil
      }
      let instance = state.instances.remove(at: index)
      if instance.isStopping { return nil }
      let reason = instance.fault ?? reason
      if now - instance.begun >= policy.soundLife { state.deaths = 0 }
      state.deaths += 1
      let pause = policy.firstPause * (1 << min(state.deaths - 1, 16))
      state.nextStart = now + min(pause, policy.maximumPause)
      if state.deaths >= policy.maximumDeaths {
        state.failure =
          "An instance ended \(state.deaths) times in a row: \(reason).\(lastWords)"
      }
      return reason
    }
    if let unexpected {
      log.add(.error, "Instance \(number) has ended by itself: \(unexpected).")
    } else {
      log.add(.notice, "Instance \(number) has ended.")
    }
  }

  /// What an instance writes.
  private final class Output: Sendable {
    private struct State {
      var splitter = LineSplitter()
      var last: [String] = []
      /// Whether it has written where it listens, which is the first that counts.
      var isListening = false
    }

    private let pool: InstancePool
    private let number: Int
    private let state = Mutex(State())

    init(pool: InstancePool, number: Int) {
      self.pool = pool
      self.number = number
    }

    /// The last lines as messages have them.
    var lastWords: String {
      let lines = state.withLock { $0.last }
      return lines.isEmpty ? "" : " It wrote: \(lines.joined(separator: "\n").suffix(1000))"
    }

    func append(_ bytes: [UInt8]) {
      let lines = state.withLock { state in
        let lines = state.splitter.append(bytes).map {
          $0.replacing("\(pool.specification.directory)/", with: "")
        }
        state.last = Array((state.last + lines).suffix(4))
        return lines
      }
      for line in lines {
        pool.log.add(line: line)
        if !state.withLock({ $0.isListening }),
          let match = line.firstMatch(of: /address=http:\/\/127\.0\.0\.1:([0-9]+)/),
          let port = Int(match.1)
        {
          state.withLock { $0.isListening = true }
          pool.listens(number, port: port)
        }
      }
    }
  }
}
#endif
