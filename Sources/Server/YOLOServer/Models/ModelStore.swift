#if Server
import Dispatch
package import Logging
import Synchronization
package import YOLO
package import YOLOServerOptions

/// The models of a directory: found, loaded, replaced when their files change, and unloaded when
/// memory is wanted.
///
/// Files are read and models loaded on one thread of the store's own, one after the other; requests
/// for models in memory never wait for it. Requests hold a ``ModelLease``: what they run stays what
/// it is.
package final class ModelStore: Sendable {
  let settings: ServerSettings
  let options: RuntimeOptions
  let logger: Logger
  let directory: ModelDirectory
  let queue = DispatchQueue(label: "yolo.models")
  let table = Mutex(ModelTable())
  let isReadyNow = Atomic<Bool>(false)
  let isStopping = Atomic<Bool>(false)
  /// What was last said about the directory as a whole; used on the queue only.
  let reports = Mutex(Set<String>())

  /// Creates a store, which has looked at nothing yet.
  package init(settings: ServerSettings, options: RuntimeOptions, logger: Logger) {
    self.settings = settings
    self.options = options
    self.logger = logger
    directory = ModelDirectory(settings.models, isFile: settings.isDedicated)
  }

  /// The maximum memory of all models in bytes.
  var budget: Int { settings.limits.modelBytes }

  /// Whether the directory was looked at, and what is loaded at start is loaded.
  package var isReady: Bool { isReadyNow.load(ordering: .acquiring) }

  /// The memory of all loaded models in bytes.
  package var loadedBytes: Int { table.withLock { $0.loadedBytes } }

  /// The models in memory, those of files that are gone and requests that are not among them.
  package var loadedCount: Int { table.withLock { $0.loadedCount } }

  /// What happened so far.
  package var counters: ModelCounters { table.withLock { $0.counters } }

  /// All models of the directory, sorted by the names of their files.
  package var listing: [ModelListing] {
    table.withLock { table in
      let entries = table.entries.filter { $0.value.object == nil }
      return entries.sorted { $0.key < $1.key }.map { file, entry in
        let version = entry.served.flatMap { table.versions[$0] }
        let isLoaded = version?.model != nil
        return ModelListing(
          name: table.name(of: file), fileName: file, description: version?.description,
          state: version == nil ? .broken : isLoaded ? .loaded : .idle, fault: entry.fault,
          bytes: isLoaded ? version?.bytes ?? 0 : 0)
      }
    }
  }

  /// Runs `body` on the store's thread.
  func onQueue<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: body()) }
    }
  }
}

/// Which models are loaded at start: in order, but none that is not smaller than one that did not
/// fit.
struct PreloadRoom {
  private var minimumRefused = Int.max

  /// Whether a model with a file of so many bytes is worth an attempt.
  func admits(_ fileBytes: Int, loaded: Int, budget: Int) -> Bool {
    fileBytes < minimumRefused && fileBytes <= budget - loaded
  }

  /// Notes that the model of a file took more memory than there was.
  mutating func refuse(_ fileBytes: Int) { minimumRefused = min(minimumRefused, fileBytes) }
}

/// What happened to models since the start.
package struct ModelCounters: Sendable, Hashable {
  /// The models that were loaded.
  package var loads = 0
  /// The models that were unloaded because memory was wanted.
  package var evictions = 0
  /// The files that turned out to be broken.
  package var failures = 0
  /// The models that took the place of another of the same name.
  package var replacements = 0
}
#endif
