#if Server
import Logging
import ServiceLifecycle
import Synchronization
import YOLOServerOptions
import YOLOSystem

/// Exports models, some at a time, as long as the server runs.
struct ExportRunner: Service {
  let exports: ExportRepository
  let exporters: Exporters
  let logger: Logger
  /// Wakes the runner when an export is asked for.
  let signal: WakeSignal

  /// The time after which exports of other processes are looked for.
  private static let interval = Duration.seconds(5)

  /// The exports that are under way in this process.
  private final class Active: Sendable {
    private let identifiers = Mutex<Set<String>>([])

    var count: Int { identifiers.withLock { $0.count } }

    func insert(_ id: String) -> Bool { identifiers.withLock { $0.insert(id).inserted } }

    func remove(_ id: String) { identifiers.withLock { _ = $0.remove(id) } }
  }

  func run() async {
    let active = Active()
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        removeAbandoned()
        while !Task.isCancelled {
          do throws(PlatformError) {
            for row in try await exports.open() where !Task.isCancelled {
              guard active.count < exporters.limits.exportJobs else { break }
              guard active.insert(row.id) else { continue }
              guard let lock = lock(for: row) else {
                // It must not keep this process from the others.
                active.remove(row.id)
                continue
              }
              group.addTask {
                await take(row, lock)
                active.remove(row.id)
                signal.send()
              }
            }
          } catch {
            logger.error("exports cannot be looked for", metadata: ["error": "\(error)"])
          }
          await signal.wait(for: Self.interval)
        }
        group.cancelAll()
      }
    }
  }

  private var directory: String {
    "\(AbsolutePath.of(exports.store.database.directory))/exports"
  }

  /// Removes the directories that a killed server has left; what is locked belongs to another.
  private func removeAbandoned() {
    for name in (try? FileSystem.names(in: directory, maximumEntries: 10_000)) ?? [] {
      let stem = name.hasSuffix(".lock") ? String(name.dropLast(5)) : name
      guard let lock = try? ProcessLock("\(directory)/\(stem).lock") else { continue }
      FileSystem.removeTree("\(directory)/\(stem)")
      lock.remove()
    }
  }

  /// Acquires the lock of an export; nil if another process is at it, or there is none to be had.
  private func lock(for row: ExportRow) -> ProcessLock? {
    do throws(FileError) {
      if !FileSystem.isDirectory(directory) {
        try FileSystem.makeDirectories(directory, mode: 0o700)
      }
      return try ProcessLock("\(directory)/\(row.id).lock")
    } catch {
      logger.error(
        "an export cannot be begun", metadata: ["export": "\(row.id)", "error": "\(error)"])
      return nil
    }
  }

  private func take(_ row: ExportRow, _ lock: ProcessLock) async {
    do {
      guard let work = try await exports.start(row.id) else { return lock.remove() }
      logger.info(
        "exporting a model",
        metadata: [
          "export": "\(row.id)", "model": "\(row.owner)/\(row.projectSlug)/\(row.modelSlug)",
          "format": "\(row.format)",
        ])
      try await ExportJob(
        exports: exports, exporters: exporters, work: work, directory: "\(directory)/\(row.id)"
      ).run()
      lock.remove()
    } catch is CancellationError {
      // The next server begins it again.
    } catch {
      logger.error(
        "an export was not done", metadata: ["export": "\(row.id)", "error": "\(error)"])
      try? await Task.sleep(for: .seconds(1))
    }
  }
}
#endif
