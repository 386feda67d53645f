#if Server
import Logging
import ServiceLifecycle
import Synchronization
import YOLOSystem

/// Brings what runs in line with what deployments are to be, as long as the server runs.
struct DeploymentRunner: Service {
  let deployments: DeploymentRepository
  let engine: any DeploymentEngine
  let metrics: DeploymentMetrics
  let logger: Logger
  /// Wakes the runner when something is asked of a deployment.
  let signal: WakeSignal

  /// The time after which it is looked again.
  private static let interval = Duration.seconds(1)
  private static let flushInterval = Duration.seconds(10)
  private static let usageInterval = Duration.seconds(15)

  /// What is being done in this process, each once at a time.
  private final class UnderWay: Sendable {
    private let names = Mutex<Set<String>>([])

    func insert(_ name: String) -> Bool { names.withLock { $0.insert(name).inserted } }

    func remove(_ name: String) { names.withLock { _ = $0.remove(name) } }
  }

  func run() async {
    let underWay = UnderWay()
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        // What takes long, such as the end of an instance, keeps nothing else from being done.
        func begin(_ name: String, _ body: @escaping @Sendable () async -> Void) {
          guard underWay.insert(name) else { return }
          group.addTask {
            await body()
            underWay.remove(name)
          }
        }
        var flushed = ContinuousClock.now
        var looked = ContinuousClock.now - Self.usageInterval
        while !Task.isCancelled {
          begin("sweep") { await sweep() }
          do throws(PlatformError) {
            for row in try await deployments.active() {
              begin(row.id) { await reconcile(row.id) }
            }
          } catch {
            if !Task.isCancelled {
              logger.error("deployments cannot be looked at", metadata: ["error": "\(error)"])
            }
          }
          if ContinuousClock.now - looked > Self.usageInterval {
            looked = .now
            begin("usage") {
              for (id, usage) in await engine.usage() { metrics.record(id, usage) }
            }
          }
          if ContinuousClock.now - flushed > Self.flushInterval {
            flushed = .now
            begin("flush") { await flush() }
          }
          await signal.wait(for: Self.interval)
        }
      }
    }
    await engine.close()
    await Task { await flush() }.value
  }

  private func flush() async {
    do throws(PlatformError) {
      try await metrics.flush()
    } catch {
      logger.error(
        "metrics of deployments cannot be written", metadata: ["error": "\(error)"])
    }
  }

  /// Ends what runs of deployments that are not to run, or are gone, whoever has ended them.
  private func sweep() async {
    do {
      // What begins meanwhile is not among what is looked at.
      let known = try await engine.known()
      guard !known.isEmpty else { return }
      let statuses = try await deployments.statuses()
      for (id, isRunning) in known where !Task.isCancelled {
        guard let status = statuses[id] else {
          try await engine.forget(id)
          continue
        }
        if isRunning, !status.isWanted, status != .stopping { try await engine.stop(id) }
      }
    } catch {
      if !Task.isCancelled {
        logger.error("deployments that ended go on", metadata: ["error": "\(error)"])
      }
    }
  }

  private func reconcile(_ id: String) async {
    do throws(PlatformError) {
      // As it is by now: it was listed before this was begun.
      guard !Task.isCancelled, let row = try await deployments.active(id) else { return }
      try await reconcile(row)
    } catch {
      if !Task.isCancelled {
        logger.error(
          "a deployment cannot be looked at",
          metadata: ["deployment": "\(id)", "error": "\(error)"])
      }
    }
  }

  private func reconcile(_ row: DeploymentRow) async throws(PlatformError) {
    do {
      guard row.status.isWanted else {
        try await engine.stop(row.id)
        // What kept it from ending does so no more.
        let message = row.statusMessage.flatMap { message in
          DeploymentRow.modelMessages.contains(message) ? message : nil
        }
        return try await note(.stopped, message, of: row)
      }
      switch try await engine.reconcile(row) {
      case .starting:
        if row.status == .creating { try await note(.deploying, nil, of: row) }
      case .ready:
        if row.status != .ready || row.statusMessage != nil {
          try await note(.ready, nil, of: row)
        }
      case .failed(let message):
        try await note(.failed, message, of: row)
        try await engine.stop(row.id)
      }
    } catch let error as PlatformError {
      throw error
    } catch {
      // What cannot be looked at is tried again, and its owner is told why it takes time.
      let message = "\((error as? FileError)?.message ?? "\(error)")"
      guard row.statusMessage != message else { return }
      logger.error(
        "a deployment is not in order",
        metadata: ["deployment": "\(row.id)", "error": "\(error)"])
      guard row.statusMessage.map(DeploymentRow.modelMessages.contains) != true else { return }
      try await note(row.status, message, of: row)
    }
  }

  private func note(
    _ status: DeploymentStatus, _ message: String?, of row: DeploymentRow
  ) async throws(PlatformError) {
    guard try await deployments.note(status, message, of: row) else { return }
    guard status != row.status else { return }
    logger.info(
      "deployment \(status.rawValue)",
      metadata: [
        "deployment": "\(row.owner)/\(row.slug)", "message": "\(message ?? "")",
      ])
  }
}
#endif
