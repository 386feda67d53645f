#if Server
import Foundation
import Logging
import Synchronization
import YOLO
import YOLOImage

/// What is done on the store's thread: reading, loading, freeing.
extension ModelStore {
  /// Runs a gray image of the default size, so that the first request finds all that it needs.
  func warm(_ model: Model) throws(ModelFault) {
    do {
      _ = try model.predictBlocking(
        Image(knownSize: model.defaultImageSize, channels: model.channels, gray: 114))
    } catch {
      throw ModelFault(message: "\(error)")
    }
  }

  /// Creates a model the one that a file's requests get from now on; in memory only if `isLoaded`.
  func install(
    _ model: Model, _ signature: FileSignature, as file: String, isLoaded: Bool
  ) {
    let description = ModelDescription(model)
    let unused = table.withLock { table in
      var version = table.versions[signature] ?? ModelTable.Version(description: description)
      if isLoaded, version.model == nil {
        version.model = model
        version.minimumBytes = model.memory
        table.counters.loads += 1
      }
      table.versions[signature] = version
      table.touch(signature)
      table.measure(signature)
      return table.serve(file, signature)
    }
    free(unused.map { [$0] } ?? [])
    guard isLoaded else { return }
    logger.info(
      "model loaded",
      metadata: ["file": "\(file)", "task": "\(description.task)", "bytes": "\(model.memory)"])
  }

  /// Removes a file's model from memory if nobody uses it.
  func unload(_ file: String) {
    let model = table.withLock { table -> Model? in
      guard let served = table.entries[file]?.served, table.versions[served]?.leases == 0 else {
        return nil
      }
      table.measure(served)
      return table.unload(served)
    }
    free(model.map { [$0] } ?? [])
  }

  /// Notes that a file cannot be served as it is; what was served before goes on if it is in
  /// memory.
  func fail(_ file: String, _ fault: ModelFault, signature: FileSignature? = nil) {
    let kept = table.withLock { $0.fail(file, fault, signature: signature) }
    guard !fault.isPassing else { return }
    logger.warning(
      "model broken",
      metadata: [
        "file": "\(file)", "fault": "\(fault)",
        "served": kept ? "the version before" : "no version",
      ])
  }

  /// Brings the sum of memory under the budget, as far as models are not in use: idle sessions go
  /// first, then models.
  func settle() {
    let idle = table.withLock { table -> [Model] in
      for signature in table.versions.keys { table.measure(signature) }
      guard table.loadedBytes > self.budget else { return [] }
      return table.unloadable(sparing: nil).compactMap { table.versions[$0]?.model }
    }
    guard !idle.isEmpty else { return }
    for model in idle { model.releaseSessions() }
    let unloaded = table.withLock { table -> [Model] in
      for signature in table.versions.keys { table.measure(signature) }
      return table.makeRoom(for: 0, budget: self.budget, isEager: true).unloaded
    }
    free(unloaded)
  }

  /// Lets go of models, and gives what the allocator keeps of them back to the system.
  func free(_ models: consuming [Model]) {
    guard !models.isEmpty else { return }
    models = []
    Allocator.trim()
  }
}

/// The allocator of the C library.
enum Allocator {
  /// Releases free memory to the system, where the C library can be told to.
  static func trim() {
    guard let symbol = dlsym(nil, "malloc_trim") else { return }
    typealias Trim = @convention(c) (Int) -> Int32
    // SAFETY: the documented signature is `int (size_t)`; the header is not in the module Glibc.
    _ = unsafeBitCast(symbol, to: Trim.self)(0)
  }
}
#endif
