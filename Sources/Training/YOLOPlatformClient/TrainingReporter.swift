#if Server
import JSONText
import Synchronization
import YOLOOutbound
import YOLOSystem

/// Reports a training to a Platform, on a thread that is not the training's.
///
/// What cannot be delivered is kept, up to a bound, and delivered once the Platform answers again;
/// nothing of it ever ends the training or waits in its way but for the first report.
final class TrainingReporter: Sendable {
  /// What is reported, by the names of the Platform.
  enum Kind: String, Sendable, CaseIterable {
    case started = "training_started"
    case progress = "training_progress"
    case console = "console_output"
    case epoch = "epoch_end"
    case checkpoint = "checkpoint_saved"
    case complete = "training_complete"
    case failed = "training_failed"

    /// What it is called where it was not delivered.
    var title: String {
      switch self {
      case .started: "the start"
      case .progress: "progress"
      case .console: "chunks of the console"
      case .epoch: "epochs"
      case .checkpoint: "the weights"
      case .complete: "the completion"
      case .failed: "the failure"
      }
    }
  }

  /// Whose training it is.
  struct Identity: Sendable {
    /// The model that a training goes on with; nil for a new one.
    var model: String?
    /// The project, as the Platform calls it, and the name of the model; nil if only the model is
    /// known.
    var project: String?
    var name: String?
  }

  struct Report: Sendable {
    let kind: Kind
    let data: [JSONMember]
  }

  struct State {
    var queue: [Report] = []
    var consoles = 0
    var model: String?
    var run: Int?
    var url: String?
    /// The last epoch that was delivered, counted from 1.
    var epochs = 0
    /// Why the Platform wants the training to end.
    var cancellation: String?
    /// Whether nothing is reported any more.
    var isStopped = false
    var isDown = false
    /// Why it was so the last time.
    var failure: String?
    var isFinishing = false
    var isUploading = false
    var messages: [String] = []
    var lost: [Kind: Int] = [:]
    var reasons: Set<String> = []
  }

  /// How long the training waits for the answer to its first report.
  private static let firstAnswer = Duration.seconds(20)
  /// The reports of epochs that are kept at most, and those of the console.
  private static let maximumQueue = 10_000
  private static let maximumConsoles = 200

  let calls: PlatformCalls
  let identity: Mutex<Identity>
  let start: [JSONMember]
  let state = Mutex(State())
  let task = Mutex<Task<Void, Never>?>(nil)

  init(calls: PlatformCalls, identity: Identity, start: [JSONMember]) {
    self.calls = calls
    self.identity = Mutex(identity)
    self.start = start
  }

  /// The model that is trained, as the Platform knows it; nil until it has told.
  var model: String? { state.withLock { $0.model } }

  /// The last epoch that the Platform has taken, counted from 1; 0 if it has none.
  var epochs: Int { state.withLock { $0.epochs } }

  /// Why the Platform wants the training to end; nil if it does not.
  var cancellation: String? { state.withLock { $0.cancellation } }

  /// Whether reports are of no use any more.
  var isStopped: Bool { state.withLock { $0.isStopped } }

  /// Returns what a user should know, once.
  func takeMessages() -> [String] {
    state.withLock { state in
      defer { state.messages = [] }
      return state.messages
    }
  }

  func say(_ message: String) { state.withLock { $0.messages.append(message) } }

  // MARK: Reports

  /// Tells that the training begins, and waits for the answer, but not for long; then reports go on
  /// beside the training.
  func begin(unless isCancelled: () -> Bool) {
    let running = Task.detached { [self] in await deliver() }
    task.withLock { $0 = running }
    let deadline = ContinuousClock.now + Self.firstAnswer
    while !isCancelled(), !state.withLock({ $0.model != nil || $0.isStopped || $0.isDown }) {
      guard ContinuousClock.now < deadline else {
        return say("the Platform has not answered yet; the training begins without it")
      }
      usleep(20_000)
    }
  }

  /// Puts a report into the queue.
  func report(_ kind: Kind, _ data: [JSONMember]) {
    state.withLock { state in
      guard !state.isStopped else { return }
      if kind == .progress {
        // Only the newest progress is of any use.
        state.queue.removeAll { $0.kind == .progress }
      }
      if kind == .console {
        state.consoles += 1
        if state.consoles > Self.maximumConsoles,
          let oldest = state.queue.firstIndex(where: { $0.kind == .console })
        {
          state.queue.remove(at: oldest)
          state.consoles -= 1
          state.lost[.console, default: 0] += 1
        }
      }
      if state.queue.count >= Self.maximumQueue {
        let oldest = state.queue.removeFirst()
        if oldest.kind == .console { state.consoles -= 1 }
        state.lost[oldest.kind, default: 0] += 1
      }
      state.queue.append(Report(kind: kind, data: data))
    }
  }

  /// Whether a checkpoint may be sent now.
  var canUpload: Bool {
    state.withLock { state in
      state.model != nil && !state.isStopped && !state.isDown && !state.isUploading
    }
  }

  /// Sends a checkpoint beside the training.
  func upload(_ path: String) {
    let begins = state.withLock { state in
      guard state.model != nil, !state.isStopped, !state.isUploading else { return false }
      state.isUploading = true
      return true
    }
    guard begins else { return }
    Task.detached { [self] in
      if let reason = await send(weights: path, .twice).failure {
        warn("a checkpoint could not be sent to the Platform (\(reason)); the next one is tried")
      }
      state.withLock { $0.isUploading = false }
    }
  }

  /// Delivers what is left, then weights, and how the training has ended.
  ///
  /// - Parameters:
  ///   - weights: The checkpoint that the model gets; nil for none.
  ///   - isCancelled: Asked whether to give up.
  ///   - end: What is told at the end, given the ticket of the weights and their size.
  func finish(
    weights: String?, unless isCancelled: @Sendable () -> Bool,
    end: @escaping @Sendable (_ ticket: String?, _ bytes: Int?) -> (kind: Kind, data: [JSONMember])?
  ) {
    Blocking.run(unless: isCancelled) { [self] in
      await withTaskCancellationHandler {
        await finish(weights: weights, end: end)
      } onCancel: {
        task.withLock { $0?.cancel() }
      }
    }
    summarize()
  }

  private func finish(
    weights: String?,
    end: @Sendable (_ ticket: String?, _ bytes: Int?) -> (kind: Kind, data: [JSONMember])?
  ) async {
    let running = task.withLock { $0 }
    state.withLock { $0.isFinishing = true }
    await running?.value
    while state.withLock({ $0.isUploading }), !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(50))
    }
    let hope = state.withLock { !$0.isStopped && !$0.isDown && $0.model != nil }
    var ticket: String?
    var bytes: Int?
    if let weights {
      if hope {
        let sent = await send(weights: weights, .uploads)
        (ticket, bytes) = (sent.ticket, sent.bytes)
        if let reason = sent.failure {
          lose(.checkpoint)
          warn("the weights could not be sent to the Platform: \(reason)")
        }
      } else {
        lose(.checkpoint)
      }
    }
    guard let last = end(ticket, bytes) else { return }
    let isDown = state.withLock { $0.isDown }
    guard hope, !isDown else { return lose(last.kind) }
    guard await deliver(Report(kind: last.kind, data: last.data), .events) else {
      return lose(last.kind)
    }
    state.withLock { state in
      if last.kind == .complete, state.lost[.complete] == nil, let url = state.url {
        state.messages.append("View results at \(url)")
      }
    }
  }

  func lose(_ kind: Kind) { state.withLock { $0.lost[kind, default: 0] += 1 } }

  /// Adds a message, once.
  func warn(_ message: String) {
    state.withLock { state in
      if state.reasons.insert(message).inserted { state.messages.append(message) }
    }
  }

  /// Adds a message about what was not delivered.
  private func summarize() {
    state.withLock { state in
      for report in state.queue { state.lost[report.kind, default: 0] += 1 }
      state.queue = []
      state.lost[.progress] = nil
      if state.model == nil { state.lost[.started] = 1 }
      guard !state.lost.isEmpty else { return }
      let parts = Kind.allCases.compactMap { kind -> String? in
        guard let count = state.lost[kind] else { return nil }
        return [.epoch, .console].contains(kind) ? "\(count) \(kind.title)" : kind.title
      }
      let reason = state.failure.map { " (\($0))" } ?? ""
      state.messages.append(
        "not delivered to the Platform\(reason): \(parts.joined(separator: ", "))")
    }
  }
}
#endif
