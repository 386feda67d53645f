#if Server
import Dispatch
import Logging
import Synchronization
package import YOLO
import YOLOServerOptions

/// Leases of models.
extension ModelStore {
  /// Acquires a model, which is loaded first if it is not in memory.
  ///
  /// - Parameter reference: The model, or nil for the only one.
  /// - Returns: The lease; the model stays in memory as long as it lives.
  /// - Throws: 404 if there is none of this name, 400 if there are several and none was named, 503
  ///   if it cannot be loaded: its file is broken, or there is no memory for it.
  package func lease(_ reference: ModelReference?) async throws(APIError) -> ModelLease {
    let (file, lease) = try table.withLock { table throws(APIError) in
      guard table.isScanned else {
        throw .unavailable("The models are being loaded; try again.")
      }
      let file = try table.file(for: reference)
      return (file, self.lease(file, in: &table))
    }
    if let lease { return lease }
    return try await load(file)
  }

  /// Waits until a file's model is loaded on the store's thread.
  func load(_ file: String) async throws(APIError) -> ModelLease {
    guard !Task.isCancelled else { throw LeaseRequest.ended }
    let request = LeaseRequest()
    queue.async {
      guard !request.isAnswered else { return }
      request.answer(
        Result { () throws(APIError) in
          try self.loaded(file)
        })
    }
    return try await request.answer.get()
  }

  /// Refuses a reference to another model than that of a lease.
  ///
  /// - Throws: 400, which names both.
  package func check(_ reference: ModelReference, means lease: ModelLease) throws(APIError) {
    let isSame = table.withLock { table in
      guard let file = table.names[reference.name], let other = table.entries[file] else {
        return false
      }
      return file == lease.fileName
        || other.signature == table.entries[lease.fileName]?.signature
    }
    guard !isSame else { return }
    throw .invalidField(
      "model", given: reference.name, expected: "\(lease.name), as in the path, or no field model",
      "The path names the model \(lease.name), but the field model names \(reference.name).")
  }

  func lease(_ file: String, in table: inout ModelTable) -> ModelLease? {
    guard let (signature, version) = table.acquire(file), let model = version.model else {
      return nil
    }
    return ModelLease(
      model, name: table.name(of: file), fileName: table.title(of: file),
      task: version.description.task
    ) { [weak self] in self?.end(signature) }
  }

  /// Releases a lease; what is then to be freed is freed on the store's thread.
  private func end(_ signature: FileSignature) {
    let (unused, isOver) = table.withLock { table in
      let unused = table.release(signature)
      return (unused, table.loadedBytes > self.budget)
    }
    guard unused != nil || isOver else { return }
    queue.async {
      self.free(unused.map { [$0] } ?? [])
      self.settle()
    }
  }

  /// Loads a file's model and acquires it.
  private func loaded(_ file: String) throws(APIError) -> ModelLease {
    let (present, entry, known) = try table.withLock { table throws(APIError) in
      guard let entry = table.entries[file] else {
        throw .notFound("There is no model \(file) any more.")
      }
      return (
        self.lease(file, in: &table), entry,
        entry.served.flatMap { table.versions[$0]?.minimumBytes } ?? 0
      )
    }
    if let present { return present }
    guard entry.served != nil else {
      throw .unavailable(
        "This model cannot be served: \(entry.fault ?? "its file is broken").",
        retryAfter: max(1, settings.limits.reloadInterval))
    }
    try makeRoom(for: max(known, entry.signature.size), file: file)
    do {
      let opened = try ModelFile(
        path: entry.object?.path ?? directory.path(of: file), name: entry.object?.title ?? file,
        limit: budget)
      let model = try opened.model(options)
      try warm(model)
      install(model, opened.signature, as: file, isLoaded: true)
    } catch {
      fail(file, error)
      throw .unavailable("This model cannot be served: \(error).")
    }
    // A lease must not end under the lock: it would take that, too.
    let (lease, room) = table.withLock { table in
      (
        self.lease(file, in: &table),
        table.makeRoom(for: 0, budget: self.budget, sparing: table.entries[file]?.served)
      )
    }
    free(room.unloaded)
    if room.suffices, let lease { return lease }
    _ = consume lease
    unload(file)
    throw noRoom(file)
  }

  /// Unloads what was least recently used so that as many more bytes fit.
  private func makeRoom(for bytes: Int, file: String) throws(APIError) {
    let room = table.withLock { $0.makeRoom(for: bytes, budget: self.budget) }
    free(room.unloaded)
    guard room.suffices else { throw noRoom(file) }
  }

  private func noRoom(_ file: String) -> APIError {
    let (known, title) = table.withLock { table in
      (
        table.entries[file]?.served.flatMap { table.versions[$0]?.minimumBytes } ?? 0,
        table.title(of: file)
      )
    }
    let limit = "\(budget >> 20) MiB of model_memory"
    guard known <= budget else {
      return .unavailable(
        "\(title) needs \(known >> 20) MiB, more than the \(limit).", retryAfter: 60)
    }
    return .unavailable("All of the \(limit) is taken by models in use; try again.")
  }
}

/// Somebody who waits for a model to be loaded, until it is or the task is cancelled.
final class LeaseRequest: Sendable {
  typealias Answer = Result<ModelLease, APIError>

  /// What a request is told that nobody waits for any more.
  static let ended = APIError.unavailable("The request ended before its model was loaded.")

  private enum State {
    case new
    case waiting(CheckedContinuation<Answer, Never>)
    case answered(Answer?)
  }

  private let state = Mutex(State.new)

  /// Whether nobody waits any more.
  var isAnswered: Bool {
    state.withLock { state in
      if case .answered = state { true } else { false }
    }
  }

  /// Waits for the answer.
  var answer: Answer {
    get async {
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let early = state.withLock { state -> Answer? in
            defer {
              state = if case .answered = state { .answered(nil) } else { .waiting(continuation) }
            }
            if case .answered(let answer) = state { return answer }
            return nil
          }
          if let early { continuation.resume(returning: early) }
        }
      } onCancel: {
        answer(.failure(Self.ended))
      }
    }
  }

  /// Answers, unless that was done already.
  func answer(_ answer: Answer) {
    let waiting = state.withLock { state -> CheckedContinuation<Answer, Never>? in
      switch state {
      case .new:
        state = .answered(answer)
        return nil
      case .waiting(let continuation):
        state = .answered(nil)
        return continuation
      case .answered: return nil
      }
    }
    waiting?.resume(returning: answer)
  }
}

/// A model that stays loaded as long as this object lives, whatever happens to its file.
package final class ModelLease: Sendable {
  /// The model.
  package let model: Model
  /// The name of the model in answers.
  package let name: String
  /// The name of its file.
  package let fileName: String
  /// The task, as Ultralytics names it.
  package let task: String

  private let end: @Sendable () -> Void

  init(
    _ model: Model, name: String, fileName: String, task: String,
    end: @escaping @Sendable () -> Void
  ) {
    self.model = model
    self.name = name
    self.fileName = fileName
    self.task = task
    self.end = end
  }

  deinit { end() }
}
#endif
