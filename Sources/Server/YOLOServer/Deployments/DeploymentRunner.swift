#if Server
import Logging
import ServiceLifecycle
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

  func run() async {
    await cancelWhenGracefulShutdown {
      var flushed = ContinuousClock.now
      var looked = ContinuousClock.now - Self.usageInterval
      while !Task.isCancelled {
        do throws(PlatformError) {
          try await reconcile()
          if ContinuousClock.now - looked > Self.usageInterval {
            looked = .now
            for (id, usage) in await engine.usage() { metrics.record(id, usage) }
          }
          if ContinuousClock.now - flushed > Self.flushInterval {
            flushed = .now
            try await metrics.flush()
          }
        } catch {
          if !Task.isCancelled {
            logger.error("deployments cannot be looked at", metadata: ["error": "\(error)"])
          }
        }
        await signal.wait(for: Self.interval)
      }
    }
    await engine.close()
    await Task { try? await metrics.flush() }.value
  }

  private func reconcile() async throws(PlatformError) {
    let rows = try await deployments.active()
    do {
      try await engine.retain(only: Set(rows.map(\.id)))
    } catch {
      logger.error("deployments that ended go on", metadata: ["error": "\(error)"])
    }
    for row in rows where !Task.isCancelled {
      do {
        guard row.status.isWanted else {
          try await engine.stop(row.id)
          try await note(.stopped, row.statusMessage, of: row)
          continue
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
        logger.error(
          "a deployment is not in order",
          metadata: ["deployment": "\(row.id)", "error": "\(error)"])
        if row.statusMessage != message { try await note(row.status, message, of: row) }
      }
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
