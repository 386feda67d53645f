#if Server
import JSONText
import YOLOGeometry
import YOLOMetrics
import YOLOSystem
public import YOLOTraining

/// What a training tells, as reports, and how it ends.
extension PlatformTraining {
  /// Reports what a training tells; returns what the user should know.
  public func take(_ update: TrainingUpdate) -> [String] {
    guard let reporter, let access else { return [] }
    for chunk in console.take(update) { report(chunk, to: reporter) }
    switch update {
    case .event(let event): take(event, reporter, access)
    case .batch(let batch):
      progress(
        reporter, batch.epoch, batch.epochs,
        [
          JSONMember("batch", .int(batch.batch)), JSONMember("batches", .int(batch.batches)),
          JSONMember(
            "losses",
            .object(batch.losses.map { JSONMember("train/\($0.name)", .double($0.value)) })),
        ])
    case .evaluation(let done, let total):
      progress(
        reporter, (last?.epoch ?? 0) + 1, last?.epochs ?? given.epochs,
        [JSONMember("evaluated", .int(done)), JSONMember("images", .int(total))])
    case .evaluated(let names, let report, let confusion):
      classNames = names
      plots = PlotReport.plots(confusion, report)
    }
    return reporter.takeMessages()
  }

  private func report(_ chunk: ConsoleTranscript.Chunk, to reporter: TrainingReporter) {
    reporter.report(
      .console,
      [
        JSONMember("chunkId", .int(chunk.number)), JSONMember("content", .string(chunk.content)),
        JSONMember("lineCount", .int(chunk.lines)),
      ])
  }

  /// Tells how far an epoch has come: the Platform hears of trainings with long epochs, and is heard.
  private func progress(
    _ reporter: TrainingReporter, _ epoch: Int, _ epochs: Int, _ members: [JSONMember]
  ) {
    guard ContinuousClock.now - progressed >= Self.progressInterval else { return }
    progressed = .now
    reporter.report(
      .progress,
      [JSONMember("epoch", .int(epoch - 1)), JSONMember("epochs", .int(epochs))] + members)
  }

  private func take(
    _ event: TrainingEvent, _ reporter: TrainingReporter, _ access: PlatformAccess
  ) {
    switch event {
    case .started(let start):
      parameters = start.parameters
      directory = RunDirectory(existing: start.directory)
      takeEarlierEpochs(start, reporter)
      remember(reporter)
    case .epoch(let record):
      last = record
      if record.isBest { best = record }
      reporter.report(.epoch, epochMembers(record, system: usage.json()))
      remember(reporter)
    case .checkpoint(_, _, let isBest):
      guard let directory,
        ContinuousClock.now - uploaded >= .seconds(access.uploadInterval), reporter.canUpload,
        isBest || FileSystem.exists(directory.best)
      else { return }
      uploaded = .now
      reporter.upload(directory.best)
    case .completed(_, _, _, _, let metrics, _):
      completion = metrics
      if let last { reporter.report(.epoch, finalMembers(last, metrics)) }
    case .progress, .warning, .cancelled, .failed: break
    }
  }

  /// Reports the epochs that a resumed training has done and that the Platform does not have: those
  /// whose reports were under way when it ended.
  private func takeEarlierEpochs(_ start: TrainingEvent.Start, _ reporter: TrainingReporter) {
    guard given.resume != .no, let directory, let task = VisionTask(rawValue: start.task) else {
      return
    }
    // Another model has none of them.
    if let model = reporter.model, model != run.model { run.epochs = 0 }
    do throws(RunDirectory.Failure) {
      let records = try ResultsFile(path: directory.results)
        .records(epochs: start.epochs, task: task)
      for record in records {
        last = record
        if record.isBest { best = record }
        if record.epoch > run.epochs {
          reporter.report(.epoch, epochMembers(record, system: .null))
        }
      }
    } catch {
      notes.append("epochs before the training was resumed could not be reported: \(error)")
    }
  }

  /// Writes down which model the run is of, once it is known, and which epochs it has.
  private func remember(_ reporter: TrainingReporter) {
    guard let directory, let model = reporter.model else { return }
    let epochs = reporter.epochs
    guard run.model != model || run.epochs < epochs || isFirstEpoch else { return }
    run.model = model
    run.epochs = max(run.epochs, epochs)
    do throws(PlatformClientError) {
      try run.write(to: directory.path)
    } catch {
      notes.append("a resumed training could not be reported to the same model: \(error)")
    }
  }

  private func epochMembers(_ record: EpochRecord, system: JSONValue) -> [JSONMember] {
    var metrics = record.trainingLosses.map { JSONMember("train/\($0.name)", .double($0.value)) }
    metrics += record.metrics.map { JSONMember($0.name, .double($0.value)) }
    if record.fitness != nil {
      metrics += record.evaluationLosses.map { JSONMember("val/\($0.name)", .double($0.value)) }
    }
    metrics += record.rates.enumerated().map { JSONMember("lr/pg\($0)", .double($1)) }
    var members = [
      JSONMember("epoch", .int(record.epoch - 1)), JSONMember("metrics", .object(metrics)),
      JSONMember("system", system),
      JSONMember("fitness", record.fitness.map { .double($0) } ?? .null),
      JSONMember("best_fitness", best?.fitness.map { .double($0) } ?? .null),
    ]
    if isFirstEpoch {
      isFirstEpoch = false
      members.append(
        JSONMember("modelInfo", .object([JSONMember("parameters", .int(parameters))])))
    }
    return members
  }

  /// The evaluation of the best weights, as an epoch after the last one.
  private func finalMembers(_ record: EpochRecord, _ metrics: [NamedValue]) -> [JSONMember] {
    let losses = record.trainingLosses.map { JSONMember("train/\($0.name)", .double($0.value)) }
    return [
      JSONMember("epoch", .int(record.epoch)),
      JSONMember(
        "metrics", .object(losses + metrics.map { JSONMember($0.name, .double($0.value)) })),
      JSONMember("system", .null),
      JSONMember("fitness", best?.fitness.map { .double($0) } ?? .null),
      JSONMember("best_fitness", best?.fitness.map { .double($0) } ?? .null),
    ]
  }

  // MARK: End

  /// Delivers what is left of a training that is done, with its best weights.
  ///
  /// - Parameter isCancelled: Asked whether the user has had enough.
  /// - Returns: What the user should know.
  public func finish(unless isCancelled: @Sendable () -> Bool) -> [String] {
    guard let reporter, !reporter.isStopped else { return messages() }
    for chunk in console.rest() { report(chunk, to: reporter) }
    let weights = directory.map(\.best).flatMap { FileSystem.exists($0) ? $0 : nil }
    let results = results()
    let (names, plots) = (classNames, plots)
    reporter.finish(weights: weights, unless: isCancelled) { ticket, bytes in
      (.complete, Self.completion(results, names, plots, ticket, bytes))
    }
    return messages()
  }

  /// Tells that a training has ended otherwise.
  ///
  /// One that the Platform has cancelled leaves it the best weights so far.
  ///
  /// - Parameters:
  ///   - error: Why it ended.
  ///   - isCancelled: Asked whether the user has had enough.
  /// - Returns: What the user should know.
  public func fail(_ error: any Error, unless isCancelled: @Sendable () -> Bool) -> [String] {
    guard let reporter, !reporter.isStopped, reporter.model != nil else { return messages() }
    let message = "\(error)".sanitized()
    console.add(message)
    for chunk in console.rest() { report(chunk, to: reporter) }
    guard reporter.cancellation == nil else {
      let weights = directory.flatMap { directory in
        [directory.best, directory.last].first { FileSystem.exists($0) }
      }
      let results = results()
      let (names, plots) = (classNames, plots)
      reporter.finish(weights: weights, unless: isCancelled) { ticket, bytes in
        ticket == nil ? nil : (.complete, Self.completion(results, names, plots, ticket, bytes))
      }
      return messages()
    }
    let code =
      switch error {
      case TrainingError.interrupted, PlatformClientError.interrupted: "INTERRUPTED"
      case TrainingError.diverged: "DIVERGED"
      default: "TRAINER_ERROR"
      }
    // An interrupted training was ended on purpose: that is told, and not for long.
    reporter.finish(weights: nil, unless: { false }) { _, _ in
      (
        .failed,
        [JSONMember("error", .string(message)), JSONMember("code", .string(code))]
      )
    }
    return messages()
  }

  private func messages() -> [String] {
    defer { notes = [] }
    return (reporter?.takeMessages() ?? []) + notes
  }

  private func results() -> [JSONMember] {
    var metrics = (completion ?? best?.metrics ?? []).map { JSONMember($0.name, .double($0.value)) }
    var members: [JSONMember] = []
    if let best, let fitness = best.fitness {
      metrics.append(JSONMember("fitness", .double(fitness)))
      members.append(JSONMember("bestEpoch", .int(best.epoch - 1)))
      members.append(JSONMember("bestFitness", .double(fitness)))
    }
    return [JSONMember("metrics", .object(metrics))] + members
  }

  private static func completion(
    _ results: [JSONMember], _ names: [String], _ plots: JSONValue?, _ ticket: String?,
    _ bytes: Int?
  ) -> [JSONMember] {
    var results = results
    if let ticket { results.append(JSONMember("modelPath", .string(ticket))) }
    if let bytes { results.append(JSONMember("modelSize", .int(bytes))) }
    var members = [
      JSONMember("results", .object(results)),
      JSONMember("classNames", .array(names.map { .string($0) })),
    ]
    if let plots { members.append(JSONMember("plots", plots)) }
    return members
  }
}
#endif
