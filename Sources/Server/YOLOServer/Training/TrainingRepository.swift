#if Server
import GRDB
import JSONText
import YOLOSystem

/// The trainings of models: what is reported of them, and their end.
///
/// Each report is one transaction, in which events of the activity and of webhooks are written.
struct TrainingRepository: Sendable {
  /// The maximum size of the plots of a model, as JSON.
  static let plotLimit = 32 << 20
  /// The maximum size of what is known of the machine at one moment, as JSON.
  private static let systemLimit = 64 << 10

  let store: ObjectStore
  let clock: @Sendable () -> Int
  let events: PlatformEvents

  private var database: PlatformDatabase { store.database }

  /// Who reports.
  struct Reporter: Sendable {
    let account: Account
    /// The identifier of the one model that it may report; nil for any of the account.
    let model: String?
    /// The job of a worker; nil for all others.
    var job: String?
  }

  /// What a report is answered.
  struct Outcome: Sendable {
    let model: TrainedModel
    /// The number of the run.
    let run: Int
    /// Why the training is to end; nil if it goes on.
    var ending: String?
    /// Something that the client should know.
    var warning: String?
    /// Whether the report was of an earlier run, and changed nothing.
    var isStale = false
  }

  // MARK: Reports

  /// Begins a run: of the model that the report names, or of a new one in a project that is created
  /// if it is not there.
  func start(
    _ event: TrainingEvent, by reporter: Reporter
  ) async throws(PlatformError) -> Outcome {
    let now = clock()
    return try await database.write { [events] database in
      let before: TrainedModel
      if let id = reporter.model ?? event.model {
        guard let found = try TrainedModel.find(database, id: id),
          found.account == reporter.account.id
        else { throw PlatformError.unknownResource(.model, id.excerpt()) }
        before = found
        if let ending = found.ending {
          return Outcome(model: found, run: found.run ?? 0, ending: ending)
        }
      } else {
        before = try Self.create(database, event, of: reporter.account, now: now)
      }
      // The first run of a job begins anew; any other goes on where one has ended.
      let job = reporter.model == nil ? nil : try TrainingJobTable.active(database, of: before.id)
      if let job, job != before.job {
        try EpochTable.clear(database, of: before.id)
        try ConsoleTable.clear(database, of: before.id)
        try database.execute(sql: "DELETE FROM plots WHERE model = ?", arguments: [before.id])
        try database.update(
          "model", id: before.id,
          [("metrics", nil as String?), ("bestEpoch", nil as Int?), ("bestFitness", nil as Int?)])
      }
      try EpochTable.merge(database, of: before.id)
      let run = (before.run ?? 0) + 1
      try database.execute(
        sql: """
          INSERT INTO training (model, run, job, lastEvent) VALUES (:model, :run, :job, :now)
          ON CONFLICT (model) DO UPDATE SET run = :run, job = :job, lastEvent = :now
          """, arguments: ["model": before.id, "run": run, "job": job, "now": now])
      try Self.describe(database, before, event, now: now)
      guard let model = try TrainedModel.find(database, id: before.id) else {
        throw PlatformError.unknownResource(.model, before.id)
      }
      try TrainingTable.note(database, model, .started, now: now)
      let epochs = model.epochs.map { [JSONMember("epochs", .int($0))] } ?? []
      try events.record(
        database,
        PlatformEvent(
          kind: .trainingStarted, account: model.account,
          data: model.described([JSONMember("runId", .int(run))] + epochs), at: now))
      return Outcome(model: model, run: run)
    }
  }

  /// Notes what a report tells that neither begins a run nor is about a checkpoint.
  func report(
    _ event: TrainingEvent, by reporter: Reporter
  ) async throws(PlatformError) -> Outcome {
    let now = clock()
    return try await database.write { [events] database in
      let model = try Self.model(database, event, by: reporter)
      let run = model.run ?? 1
      guard event.run ?? run >= run else { return Outcome(model: model, run: run, isStale: true) }
      try TrainingTable.noteReport(database, model, now: now)
      var outcome = Outcome(model: model, run: run, ending: model.ending)
      switch event.kind {
      case .console: try Self.noteConsole(database, model, run, event, now: now)
      case .epochEnd: try Self.noteEpoch(database, model, run, event, now: now, events)
      case .complete:
        outcome.warning = try Self.noteEnd(database, model, event, now: now, events)
      case .failed: try Self.noteFailure(database, model, event, now: now, events)
      case .started, .checkpoint, .progress, .system: break
      }
      if let system = event.object("system", limit: Self.systemLimit) {
        try database.execute(
          sql: "UPDATE training SET system = ? WHERE model = ?", arguments: [system, model.id])
      }
      return outcome
    }
  }

  /// Returns the model of a report.
  ///
  /// - Throws: `PlatformError.unknownResource` if there is none, `PlatformError.boundKey` if the key
  ///   is that of another model's training.
  private static func model(
    _ database: Database, _ event: TrainingEvent, by reporter: Reporter
  ) throws -> TrainedModel {
    let model = try TrainedModel.find(database, event, of: reporter.account)
    guard reporter.model == nil || reporter.model == model.id else { throw PlatformError.boundKey }
    return model
  }

  /// Returns the model of a report, and the number of its run.
  func model(
    of event: TrainingEvent, by reporter: Reporter
  ) async throws(PlatformError) -> TrainedModel {
    try await database.read { try Self.model($0, event, by: reporter) }
  }

  // MARK: The owner

  /// Ends a training: its status is so at once, and its reports are answered that it is cancelled.
  ///
  /// - Throws: `PlatformError.inactiveTraining` if there is none under way.
  func cancel(
    _ locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> TrainedModel {
    let now = clock()
    return try await database.writeDurably { [events] database in
      let row = try ModelRecords.row(database, locator, of: account)
      guard row.status.isActive, let model = try TrainedModel.find(database, id: row.id) else {
        throw PlatformError.inactiveTraining(row.slug)
      }
      try TrainingTable.end(database, model, .cancelled, now: now, events)
      try TrainingJobTable.cancel(database, model: model.id, now: now)
      return model
    }
  }

  /// Lets trainings fail of which nothing was heard for so many seconds, but for those of jobs.
  ///
  /// - Returns: How many there were.
  func failSilent(after seconds: Int) async throws(PlatformError) -> Int {
    let now = clock()
    let silent = """
      training.lastEvent < ? AND NOT EXISTS (SELECT 1 FROM trainingJob
        WHERE trainingJob.model = training.model AND trainingJob.status IN ('queued', 'running'))
      """
    let ids = try await database.read { database in
      try String.fetchAll(
        database,
        sql: """
          SELECT model.id FROM model JOIN training ON training.model = model.id
          WHERE model.status IN ('starting', 'running') AND \(silent) LIMIT 1000
          """, arguments: [now - seconds])
    }
    guard !ids.isEmpty else { return 0 }
    return try await database.write { [events] database in
      var count = 0
      for id in ids {
        let isSilent = try Bool.fetchOne(
          database, sql: "SELECT EXISTS (SELECT 1 FROM training WHERE model = ? AND \(silent))",
          arguments: [id, now - seconds])
        guard isSilent == true, let model = try TrainedModel.find(database, id: id),
          model.status.isActive
        else { continue }
        let failure = TrainingFailure(
          "Nothing was heard of the training for \(seconds) seconds.",
          code: TrainingFailure.stalled, now: now)
        try TrainingTable.end(database, model, .failed, failure, now: now, events)
        count += 1
      }
      return count
    }
  }

  /// Returns what is known of the training of a model that somebody may see.
  func details(
    of row: ModelRow, viewer: Account?
  ) async throws(PlatformError) -> TrainingDetails {
    let isOwner = viewer?.id == row.account
    return try await database.read { database in
      let epochs = row.epochCount == 0 ? [] : try EpochTable.results(database, of: row.id)
      let plots = try String.fetchOne(
        database, sql: "SELECT content FROM plots WHERE model = ?", arguments: [row.id])
      let hasRun = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM training WHERE model = ?)",
        arguments: [row.id])
      let console =
        isOwner && hasRun == true ? try ConsoleTable.newest(database, of: row.id) : nil
      return TrainingDetails(
        epochs: epochs.isEmpty ? nil : epochs, plots: plots, isOwner: isOwner,
        chunks: console?.chunks, omittedChunks: console?.omitted,
        cost: isOwner ? try TrainingJobTable.last(database, of: row.id)?.computeCost : nil)
    }
  }
}

extension TrainingRepository {
  /// Adds the model of a run that nobody has announced.
  private static func create(
    _ database: Database, _ event: TrainingEvent, of account: Account, now: Int
  ) throws -> TrainedModel {
    guard let project = event.project else {
      throw PlatformError.invalid(
        argument: "project", given: "", expected: "the project that the run is for")
    }
    let (slug, title) = try TrainingTable.projectSlug(database, project, of: account)
    let existing = try ProjectTable.rows(
      database, where: "project.account = :account AND project.slug = :slug",
      ["account": account.id, "slug": slug], viewer: account
    ).first
    try ModelRecords.checkCount(database, of: account, adding: 1)
    let parent: ProjectRow
    if let existing {
      parent = existing
    } else {
      try ProjectRepository.checkCount(database, of: account)
      parent = try ProjectTable.insert(
        database, ProjectDraft(name: title, slug: slug), account: account, now: now)
      try EventRepository.add(
        database, to: account.id, .project, .created, resource: parent.id, name: parent.name,
        now: now)
    }
    let row = try ModelRecords.insert(
      database, ModelDraft(name: TrainingTable.modelName(event.name)),
      id: ResourceID.new("model_", now: now), project: parent, now: now)
    guard let model = try TrainedModel.find(database, id: row.id) else {
      throw PlatformError.unknownResource(.model, row.id)
    }
    return model
  }

  /// Notes what a run is of.
  private static func describe(
    _ database: Database, _ model: TrainedModel, _ event: TrainingEvent, now: Int
  ) throws {
    var columns: [(column: String, value: (any DatabaseValueConvertible)?)] = [
      ("status", ModelStatus.running.rawValue), ("started", now), ("completed", nil as Int?),
      ("trainingError", nil as String?), ("updated", now),
    ]
    let arguments = event.object("trainArgs", limit: 500_000)
    if let arguments { columns.append(("trainArgs", arguments)) }
    let epochs = event.data["epochs"]?.wholeNumber ?? arguments?.value["epochs"]?.wholeNumber
    if let epochs, (1...EpochTable.numberLimit).contains(epochs) {
      columns.append(("epochs", epochs))
    }
    if let environment = event.object("environment", limit: 100_000) {
      columns.append(("environment", environment))
    }
    if let task = arguments?.value["task"]?.string, ModelTask.names.contains(task) {
      columns.append(("task", task))
    }
    let account = try Account.find(database, id: model.account)
    if let locator = PlatformAddress.dataset(arguments?.value["data"]?.string),
      let dataset = try? DatasetTable.row(database, locator, viewer: account)
    {
      columns.append(("dataset", dataset.id))
    }
    let base = arguments?.value["model"]?.string
    if let locator = PlatformAddress.model(base),
      let source = try? ModelRecords.row(database, locator, viewer: account)
    {
      if source.id != model.id { columns.append(("sourceModel", source.id)) }
    } else if let base, base.utf8.count <= 1000, !base.hasPrefix("ul://") {
      columns.append(("baseModel", FilePath.name(of: base)))
    }
    try database.update("model", id: model.id, columns)
  }

  private static func noteConsole(
    _ database: Database, _ model: TrainedModel, _ run: Int, _ event: TrainingEvent, now: Int
  ) throws {
    guard let content = event.data["content"]?.string, !content.isEmpty else { return }
    try ConsoleTable.record(
      database, model: model.id, run: run,
      number: try event.integer("chunkId", in: 0...1 << 53), content: content,
      lines: event.data["lineCount"]?.wholeNumber ?? content.count { $0 == "\n" } + 1, now: now)
  }

  private static func noteEpoch(
    _ database: Database, _ model: TrainedModel, _ run: Int, _ event: TrainingEvent, now: Int,
    _ events: PlatformEvents
  ) throws {
    let number = try event.integer("epoch", in: 0...EpochTable.numberLimit)
    let metrics = TrainingMetrics.numbers(event.data["metrics"])
    let isBeyond = model.epochs.map { number >= $0 } ?? false
    let isFinal =
      try isBeyond
      || EpochTable.isEvaluation(
        database, model: model.id, run: run, number: number, metrics: metrics)
    let isNew = try EpochTable.record(
      database, model: model.id, run: run, number: number, isFinal: isFinal, metrics: metrics,
      fitness: event.data["fitness"]?.number, now: now)
    var columns: [(column: String, value: (any DatabaseValueConvertible)?)] = [("updated", now)]
    // What comes late changes nothing of what the end has told.
    if model.status != .completed {
      let summary = try EpochTable.summary(database, of: model.id)
      columns += [
        ("metrics", try JSONColumn.text(TrainingMetrics.summary(summary.metrics))),
        ("bestEpoch", summary.bestEpoch), ("bestFitness", summary.bestFitness),
      ]
    }
    if let info = event.object("modelInfo", limit: 10_000) {
      let members = model.environment?.value.members ?? []
      columns.append(
        (
          "environment",
          StoredJSON(
            .object(
              members.filter { $0.key != "modelInfo" } + [JSONMember("modelInfo", info.value)]))
        ))
      if model.parameters == nil, let count = info.value["parameters"]?.wholeNumber, count > 0 {
        columns.append(("parameters", count))
      }
    }
    try database.update("model", id: model.id, columns)
    guard isNew, !isFinal else { return }
    let values = metrics.sorted { $0.key < $1.key }.map { JSONMember($0.key, .double($0.value)) }
    try events.record(
      database,
      PlatformEvent(
        kind: .trainingEpoch, account: model.account,
        data: model.described([
          JSONMember("runId", .int(run)), JSONMember("epoch", .int(number)),
          JSONMember("epochs", .int(model.epochs ?? 0)), JSONMember("metrics", .object(values)),
        ]), at: now))
  }

  /// Notes how a training has ended well; returns what the client should know.
  private static func noteEnd(
    _ database: Database, _ model: TrainedModel, _ event: TrainingEvent, now: Int,
    _ events: PlatformEvents
  ) throws -> String? {
    let results = event.data["results"]
    var columns: [(column: String, value: (any DatabaseValueConvertible)?)] = []
    let metrics = TrainingMetrics.summary(TrainingMetrics.numbers(results?["metrics"]))
    if !metrics.isEmpty { columns.append(("metrics", try JSONColumn.text(metrics))) }
    if let epoch = results?["bestEpoch"]?.wholeNumber,
      (0...EpochTable.numberLimit).contains(epoch)
    {
      columns.append(("bestEpoch", epoch))
    }
    if let fitness = results?["bestFitness"]?.number { columns.append(("bestFitness", fitness)) }
    let names = (event.data["classNames"]?.elements ?? []).compactMap(\.string)
    if !names.isEmpty, names.count <= 100_000 {
      columns.append(("classNames", try JSONColumn.text(names.map { String($0.prefix(1000)) })))
    }
    try database.update("model", id: model.id, columns)
    var warning: String?
    if let plots = event.data["plots"], plots.elements != nil {
      let text = JSONWriter.text(plots)
      if text.utf8.count <= plotLimit {
        try database.execute(
          sql: """
            INSERT INTO plots (model, content) VALUES (?, ?)
            ON CONFLICT (model) DO UPDATE SET content = excluded.content
            """, arguments: [model.id, text])
      } else {
        warning = "The plots have more than \(plotLimit) bytes, so they are not kept."
      }
    }
    // A repetition has ended nothing.
    guard model.ending == nil, model.status != .completed else { return warning }
    try TrainingTable.end(database, model, .completed, now: now, events)
    return warning
  }

  private static func noteFailure(
    _ database: Database, _ model: TrainedModel, _ event: TrainingEvent, now: Int,
    _ events: PlatformEvents
  ) throws {
    let isOver = model.status == .completed || (model.status == .failed && !model.isStalled)
    guard model.ending == nil, !isOver else { return }
    let message = event.data["error"]?.string ?? event.data["error"]?["message"]?.string
    try TrainingTable.end(
      database, model, .failed,
      TrainingFailure(
        message ?? "The training has failed.",
        code: event.data["code"]?.string.map { String($0.prefix(50)) }, now: now),
      now: now, events)
  }
}
#endif
