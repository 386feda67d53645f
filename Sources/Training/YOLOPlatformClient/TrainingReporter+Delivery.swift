#if Server
import JSONText
import Synchronization
import YOLOOutbound
import YOLOSystem

/// How reports and checkpoints are sent, and what the answers mean.
extension TrainingReporter {
  func deliver() async {
    var pause = 1.0
    while !Task.isCancelled {
      let (isStopped, isFinishing, isKnown, isDown) = state.withLock {
        ($0.isStopped, $0.isFinishing, $0.model != nil, $0.isDown)
      }
      if isStopped { return }
      var isDelivered = true
      if !isKnown {
        await introduce(isDown ? .once : .events)
        isDelivered = state.withLock { $0.model != nil || $0.isStopped }
      } else if let report = next() {
        isDelivered = await deliver(report, isDown ? .once : Self.patience(of: report.kind))
        if !isDelivered { restore(report) }
      } else if isFinishing {
        return
      } else {
        try? await Task.sleep(for: .milliseconds(100))
      }
      guard !isDelivered else {
        pause = 1
        continue
      }
      if isFinishing { return }
      // A Platform that does not answer is asked again, less and less often.
      for _ in 0..<Int(pause * 10) where !state.withLock({ $0.isFinishing }) {
        try? await Task.sleep(for: .milliseconds(100))
      }
      pause = min(60, 2 * pause)
    }
  }

  private static func patience(of kind: Kind) -> PlatformCalls.Patience {
    switch kind {
    case .progress: .once
    case .console, .checkpoint: .twice
    case .started, .epoch, .complete, .failed: .events
    }
  }

  private func next() -> Report? {
    state.withLock { state in
      guard !state.queue.isEmpty else { return nil }
      let report = state.queue.removeFirst()
      if report.kind == .console { state.consoles -= 1 }
      return report
    }
  }

  private func restore(_ report: Report) {
    state.withLock { state in
      guard report.kind != .progress else { return }
      if report.kind == .console { state.consoles += 1 }
      state.queue.insert(report, at: 0)
    }
  }

  /// Sends a report; returns whether it need not be sent again.
  func deliver(_ report: Report, _ patience: PlatformCalls.Patience) async -> Bool {
    let (model, run) = state.withLock { ($0.model, $0.run) }
    guard let model else { return false }
    var data = report.data
    if let run, [.complete, .failed].contains(report.kind) {
      data.append(JSONMember("runId", .int(run)))
    }
    do throws(PlatformCalls.Failure) {
      let answer = try await event(
        report.kind, data, [JSONMember("modelId", .string(model))], patience)
      hear(answer)
      if report.kind == .epoch, let epoch = data.first(where: { $0.key == "epoch" })?.value.int {
        state.withLock { $0.epochs = max($0.epochs, epoch + 1) }
      }
      return true
    } catch {
      return !fails(error, report.kind)
    }
  }

  private func event(
    _ kind: Kind, _ data: [JSONMember], _ more: [JSONMember],
    _ patience: PlatformCalls.Patience, timeout: Duration = .seconds(30)
  ) async throws(PlatformCalls.Failure) -> JSONValue {
    let answer = try await calls.json(
      .post, "/api/webhooks/training/metrics",
      body: .object(
        [JSONMember("event", .string(kind.rawValue)), JSONMember("data", .object(data))] + more),
      timeout: timeout, patience)
    state.withLock { state in
      if state.isDown { state.messages.append("the Platform answers again") }
      state.isDown = false
    }
    return answer
  }

  /// Heeds what an answer asks for.
  private func hear(_ answer: JSONValue) {
    if let warning = answer["warning"]?.string {
      warn("the Platform warns: \(warning.excerpt(limit: 300))")
    }
    guard answer["cancelled"] == .bool(true) || answer["action"]?.string == "training_terminated"
    else { return }
    let reason = answer["reason"]?.string ?? "cancelled"
    state.withLock { $0.cancellation = $0.cancellation ?? reason.excerpt(limit: 200) }
  }

  /// Notes why a report was not taken; returns whether it is to be sent again.
  private func fails(_ failure: PlatformCalls.Failure, _ kind: Kind) -> Bool {
    if failure.status == 401 {
      state.withLock { state in
        state.isStopped = true
        state.messages.append(
          "the Platform does not know the key: nothing more is reported, the training goes on")
      }
      return false
    }
    guard failure.isTransient else {
      if case .cancelled = failure { return true }
      if kind != .progress {
        lose(kind)
        warn("the Platform does not take \(kind.title): \(failure)")
      }
      return false
    }
    state.withLock { state in
      if !state.isDown, !state.isFinishing {
        state.messages.append(
          "the Platform does not answer (\(failure)); the training goes on, and what it reports is "
            + "kept until the Platform answers again")
      }
      state.isDown = true
      state.failure = "\(failure)"
    }
    return true
  }

  // MARK: The first report

  /// Tells that the training begins, with the model's identifier if it goes on with one; if that is
  /// gone or was cancelled, with the names of a new one.
  func introduce(_ patience: PlatformCalls.Patience) async {
    let identity = identity.withLock { $0 }
    var members: [JSONMember] = []
    if let model = identity.model {
      members = [JSONMember("modelId", .string(model))]
    } else if let project = identity.project {
      members = [
        JSONMember("project", .string(project)),
        JSONMember("name", .string(identity.name ?? "train")),
      ]
    }
    do throws(PlatformCalls.Failure) {
      let answer = try await event(.started, start, members, patience)
      let isOver =
        answer["cancelled"] == .bool(true) || answer["action"]?.string == "training_terminated"
      if identity.model != nil, isOver, identity.project != nil {
        return await introduceAnew(patience)
      }
      guard let model = answer["modelId"]?.string, !model.isEmpty else {
        return stop("the Platform does not say which model is trained: nothing is reported")
      }
      hear(answer)
      let url = answer["modelUrl"]?.string
      state.withLock { state in
        state.model = model
        state.run = answer["runId"]?.int
        state.url = url?.excerpt(limit: 300)
        if let url = state.url { state.messages.append("Reporting to \(url)") }
      }
    } catch {
      if identity.model != nil, error.status == 404, identity.project != nil {
        return await introduceAnew(patience)
      }
      if !fails(error, .started), !isStopped { stop("the training is not reported: \(error)") }
    }
  }

  private func introduceAnew(_ patience: PlatformCalls.Patience) async {
    say("the model of this training is gone or was cancelled; it is reported as a new one")
    identity.withLock { $0.model = nil }
    await introduce(patience)
  }

  private func stop(_ message: String) {
    state.withLock { state in
      state.isStopped = true
      state.messages.append(message)
    }
  }

  // MARK: Checkpoints

  struct Sent {
    var ticket: String?
    var bytes: Int?
    var failure: String?
  }

  /// Asks for an address, sends the file there, and lets the model have it.
  func send(weights path: String, _ patience: PlatformCalls.Patience) async -> Sent {
    let (model, run) = state.withLock { ($0.model, $0.run) }
    guard let model else { return Sent(failure: "the Platform knows no model of it") }
    let file: OutboundFile
    do throws(FileError) {
      file = try OutboundFile(path)
    } catch {
      return Sent(failure: "\(error)")
    }
    do throws(PlatformCalls.Failure) {
      var asked = [
        JSONMember("filename", .string("best.pt")), JSONMember("modelId", .string(model)),
        JSONMember("size", .int(file.bytes)),
      ]
      if let run { asked.append(JSONMember("runId", .int(run))) }
      let ticket = try await calls.json(
        .post, "/api/webhooks/models/upload", body: .object(asked),
        PlatformCalls.Patience(pauses: [1, 2]))
      guard let address = ticket["uploadUrl"]?.string, let name = ticket["gcsPath"]?.string else {
        return Sent(failure: "the Platform names no address")
      }
      try await calls.put(file, to: address, patience)
      var told = [JSONMember("modelPath", .string(name))]
      if let run { told.append(JSONMember("runId", .int(run))) }
      if let path = ticket["uploadPath"]?.string {
        told.append(JSONMember("uploadPath", .string(path)))
      }
      let answer = try await event(
        .checkpoint, told, [JSONMember("modelId", .string(model))], .twice, timeout: .seconds(90))
      hear(answer)
      return Sent(ticket: name, bytes: file.bytes)
    } catch {
      return Sent(failure: "\(error)")
    }
  }
}
#endif
