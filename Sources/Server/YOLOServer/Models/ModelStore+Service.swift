#if Server
import YOLOServerOptions
import Logging
import ServiceLifecycle
import Synchronization

/// Looking at the directory again and again.
extension ModelStore: Service {
  /// Looks at the directory, loads what is to be loaded at start, and then looks again every
  /// `reloadInterval` seconds until the service is to stop.
  ///
  /// - Throws: `ModelFault` if the directory cannot be read at first; in dedicated mode also if the one
  ///   model is missing or broken.
  package func run() async throws {
    try await cancelWhenGracefulShutdown {
      try await withTaskCancellationHandler {
        try await self.scan()
        let interval = self.settings.limits.reloadInterval
        while !Task.isCancelled {
          do {
            // Without looks there is nothing to do but wait for the end.
            try await Task.sleep(for: .seconds(interval > 0 ? interval : 86_400))
          } catch { return }
          if interval > 0 { await self.scanAgain() }
        }
      } onCancel: {
        self.isStopping.store(true, ordering: .relaxed)
      }
    }
  }

  private func scanAgain() async {
    do {
      try await scan()
    } catch {
      // Until the fault is another one it is not worth a line every time.
      if reports.withLock({ $0.insert(error.message).inserted }) {
        logger.error("the models cannot be looked at; they are served as they are: \(error)")
      }
    }
  }
}
#endif
