#if Server
import Logging
import ServiceLifecycle
import Synchronization
import YOLO
import YOLOServerOptions

/// Looking at the directory.
extension ModelStore {
  /// Looks at the directory once: takes new and changed files, forgets removed ones.
  ///
  /// The first look loads models as far as their memory goes, if that is wanted. A file that is not
  /// sound is taken for half-written at first: only if the next look finds it unchanged it is
  /// reported.
  ///
  /// - Throws: `ModelFault` if the directory cannot be read; at the first look in dedicated mode
  ///   also if the one model is missing or broken.
  package func scan() async throws(ModelFault) {
    try await onQueue { Result { () throws(ModelFault) in try self.look() } }.get()
  }

  private func look() throws(ModelFault) {
    let content = try directory.content(limit: settings.limits.models)
    let isFirst = table.withLock { !$0.isScanned }
    if isFirst, settings.isDedicated, content.files.isEmpty {
      throw ModelFault(message: "the model \(settings.models) is missing, or is no file")
    }
    reports.withLock { reports in
      let lines = content.skipped.map { "\($0.name) is not served: \($0.reason)" }
      for line in lines where !reports.contains(line) { logger.warning("\(line)") }
      reports = Set(lines)
    }
    forget(allBut: Set(content.files.map(\.name)))
    var room = PreloadRoom()
    for (name, signature) in content.files {
      guard !isStopping.load(ordering: .relaxed) else { return }
      consider(name, signature, isFirst: isFirst, room: &room)
    }
    let entries = table.withLock { table in
      table.rename()
      table.isScanned = true
      return table.entries
    }
    if isFirst { try checkStart(entries) }
    settle()
    isReadyNow.store(true, ordering: .releasing)
  }

  private func checkStart(_ entries: [String: ModelTable.Entry]) throws(ModelFault) {
    if settings.isDedicated, let entry = entries.values.first {
      if let fault = entry.fault { throw ModelFault(message: fault) }
      guard loadedCount == 1 else {
        throw ModelFault(
          message: "\(settings.models) needs more than \(budget >> 20) MiB of model_memory")
      }
    }
    if entries.isEmpty {
      logger.warning("no models yet", metadata: ["directory": "\(directory.path)"])
    }
  }

  private func forget(allBut present: Set<String>) {
    let (removed, unused) = table.withLock { table in
      let removed = table.files.filter { !present.contains($0) }
      let unused = table.remove(removed)
      if !removed.isEmpty { table.rename() }
      return (removed, unused)
    }
    free(unused)
    for file in removed { logger.info("model removed", metadata: ["file": "\(file)"]) }
  }

  /// Reads a file as it is now, if it is another than before.
  private func consider(
    _ file: String, _ signature: FileSignature, isFirst: Bool, room: inout PreloadRoom
  ) {
    let (entry, isShared, wasLoaded) = table.withLock { table in
      let entry = table.entries[file]
      return (
        entry, table.versions[signature] != nil,
        entry?.served.flatMap { table.versions[$0]?.model } != nil
      )
    }
    let stands = entry?.signature == signature
    if let entry, stands, !entry.isPending { return }
    if entry == nil { note(file) }
    if isShared {
      let unused = table.withLock { $0.serve(file, signature) }
      free(unused.map { [$0] } ?? [])
      return
    }
    let isFinal = isFirst || stands
    // Nothing but standing still tells that a safetensors file is whole.
    let mustStand = file.hasSuffix(".safetensors") || entry?.isPending == true
    guard isFinal || !mustStand else {
      return wait(file, signature)
    }
    do {
      let opened = try ModelFile(path: directory.path(of: file), name: file, limit: budget)
      let model = try opened.model(options)
      let loads =
        wasLoaded || settings.isDedicated
        || settings.preloads && room.admits(signature.size, loaded: loadedBytes, budget: budget)
      if loads { try warm(model) }
      install(model, opened.signature, as: file, isLoaded: loads)
      if loads, !wasLoaded, loadedBytes > budget {
        room.refuse(signature.size)
        unload(file)
      }
    } catch {
      if isFinal, !error.isPassing {
        put(file, signature)
        fail(file, error, signature: signature)
      } else {
        wait(file, signature)
      }
    }
  }

  /// Leaves a file that is being written for the next look.
  private func wait(_ file: String, _ signature: FileSignature) {
    put(file, signature)
    fail(
      file, ModelFault(message: "\(file) is being written", isPassing: true), signature: signature)
  }

  /// Ensures that there is an entry of a file.
  private func put(_ file: String, _ signature: FileSignature) {
    table.withLock { table in
      if table.entries[file] == nil { table.entries[file] = .init(signature: signature) }
    }
  }

  /// Returns which of two files with one stem has the stem as its name.
  private func note(_ file: String) {
    let stem = ModelDirectory.stem(of: file)
    let others = table.withLock { $0.files.filter { ModelDirectory.stem(of: $0) == stem } }
    for other in others {
      let first = ModelDirectory.suffixes.lazy.map { stem + $0 }.first { $0 == file || $0 == other }
      logger.notice(
        "\(other) and \(file) have one name: \(stem) is \(first ?? other), the other has its suffix"
      )
    }
  }
}

/// Looking at the directory again and again.
extension ModelStore: Service {
  /// Looks at the directory, loads what is to be loaded at start, and then looks again every
  /// `reloadInterval` seconds until the service is to stop.
  ///
  /// - Throws: `ModelFault` if the directory cannot be read at first; in dedicated mode also if the
  ///   one model is missing or broken.
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
