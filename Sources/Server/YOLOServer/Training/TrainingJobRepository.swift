#if Server
import GRDB
import JSONText
import YOLOGeometry
import YOLOSystem

/// The trainings that workers of this server are to do.
struct TrainingJobRepository: Sendable {
  let database: PlatformDatabase
  let clock: @Sendable () -> Int
  let events: PlatformEvents

  /// What a training is to be.
  struct Draft: Sendable {
    /// The identifier of the model.
    let model: String
    /// What the trainer is told; nil if the dataset and the numbers beside tell it.
    var arguments: TrainingArguments?
    /// The identifier of the dataset.
    var dataset: String?
    var epochs = 100
    var imageSize = 640
    /// The kind of device that is asked for.
    var gpu: String?
    /// The device that the trainer was to be told.
    var device: String?
  }

  /// A job in the queue, and what it may cost.
  struct Started: Sendable {
    let job: TrainingJobRow
    let balance: Balance
  }

  /// Puts a training into the queue; the status of the model is `starting` from then on.
  ///
  /// - Throws: `PlatformError`: that there is no such model or dataset, that one is being trained or
  ///   filled, that the account has as many trainings as it may have, or not the money.
  func start(
    _ draft: Draft, _ terms: TrainingTerms, by account: Account
  ) async throws(PlatformError) -> Started {
    let now = clock()
    return try await database.writeDurably { database in
      let model = try ModelRecords.row(database, .id(draft.model), of: account)
      let isWaiting = try TrainingJobTable.active(database, of: model.id) != nil
      guard !model.status.isActive, !isWaiting else {
        throw PlatformError.activeTraining(model.slug)
      }
      let count = try Int.fetchOne(
        database,
        sql: """
          SELECT count(*) FROM trainingJob WHERE account = ? AND status IN ('queued', 'running')
          """, arguments: [account.id])
      let limit = account.limits.trainings
      guard let count, count < limit else {
        throw PlatformError.planLimit(what: "trainings at once", maximum: limit)
      }
      let arguments = try draft.arguments ?? Self.arguments(database, draft, model, terms, account)
      try terms.own?.check(arguments)
      var resources: Set<String> = []
      var dataset: DatasetRow?
      if let locator = PlatformAddress.dataset(arguments.data) {
        let row = try DatasetTable.row(database, locator, viewer: account)
        try DatasetTable.checkQuiet(database, row, now: now)
        dataset = row
        resources.insert(String(arguments.data.dropFirst("ul://".count)))
      }
      if let locator = PlatformAddress.model(arguments.model) {
        let source = try ModelRecords.row(database, locator, viewer: account)
        guard source.fileDigest != nil else {
          throw PlatformError.invalid(
            argument: "trainArgs.model", given: arguments.model.excerpt(),
            expected: "a model that has weights")
        }
        resources.insert(String(arguments.model.dropFirst("ul://".count)))
      }
      let size =
        arguments.members.first { $0.key == "imgsz" }?.value.wholeNumber ?? draft.imageSize
      let kind = terms.devices.kind(for: draft.gpu, device: draft.device)
      let estimate = terms.estimate(
        kind: kind, epochs: arguments.epochs, images: dataset?.trainImages ?? 100, imageSize: size)
      let balance = try Ledger.balance(database, of: account.id)
      let available =
        balance.total - (try TrainingJobTable.reserved(database, of: account.id))
      guard estimate <= available else {
        throw PlatformError.insufficientCredits(needed: estimate, available: max(0, available))
      }
      let id = ResourceID.new("job_", now: now)
      let binding = KeyBinding(model: model.id, resources: resources)
      try database.execute(
        sql: """
          INSERT INTO trainingJob (id, account, model, device, status, arguments, resources, price,
            reserved, created)
          VALUES (?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?)
          """,
        arguments: [
          id, account.id, model.id, kind, StoredJSON(.object(arguments.members)), binding.text,
          terms.price, estimate, now,
        ])
      try database.update(
        "model", id: model.id,
        [
          ("status", ModelStatus.starting.rawValue), ("epochs", arguments.epochs),
          ("trainArgs", StoredJSON(.object(arguments.members))),
          ("dataset", dataset?.id ?? model.dataset), ("trainingError", nil as String?),
          ("started", nil as Int?), ("completed", nil as Int?), ("updated", now),
        ])
      guard let job = try TrainingJobTable.row(database, id) else {
        throw PlatformError.unknownResource(.model, model.id)
      }
      return Started(job: job, balance: balance)
    }
  }

  /// What a trainer is told of a dataset and of some numbers.
  private static func arguments(
    _ database: Database, _ draft: Draft, _ model: ModelRow, _ terms: TrainingTerms,
    _ account: Account
  ) throws -> TrainingArguments {
    let dataset = try DatasetTable.row(database, .id(draft.dataset ?? ""), viewer: account)
    let base =
      model.fileDigest == nil
      ? try terms.baseModel(of: model, for: dataset.task)
      : "ul://\(model.owner)/\(model.projectSlug)/\(model.slug)"
    return try TrainingArguments(
      StoredJSON(
        .object([
          JSONMember("model", .string(base)),
          JSONMember("data", .string("ul://\(dataset.owner)/datasets/\(dataset.slug)")),
          JSONMember("epochs", .int(draft.epochs)), JSONMember("imgsz", .int(draft.imageSize)),
        ])))
  }

  /// Returns what is known of the training of a model; nil if it was never trained.
  func job(
    of locator: ResourceLocator, viewer: Account?
  ) async throws(PlatformError) -> TrainingState? {
    let now = clock()
    return try await database.read { database in
      let model = try ModelRecords.row(database, locator, viewer: viewer)
      let job = try TrainingJobTable.last(database, of: model.id)
      let hasRun = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM training WHERE model = ?)",
        arguments: [model.id])
      guard job != nil || hasRun == true else { return nil }
      return TrainingState(
        model: model, job: job, summary: try EpochTable.summary(database, of: model.id), now: now)
    }
  }

  /// Returns how many jobs wait or run, by the kind of device.
  func load() async throws(PlatformError) -> [String: Int] {
    try await database.read { try TrainingJobTable.load($0) }
  }
}

/// What is known of the training of a model.
struct TrainingState: Sendable {
  let model: ModelRow
  /// The last job; nil for a training that somebody started himself.
  let job: TrainingJobRow?
  let summary: EpochTable.Summary
  let now: Int
}

extension TrainingJobRepository {
  // MARK: The runner

  /// A job that begins.
  struct Work: Sendable {
    let job: TrainingJobRow
    let slot: TrainingDevices.Slot
    /// The key of the worker, which can never be read again.
    let key: String
    let keyID: String
    let owner: String
    let projectSlug: String
    let slug: String
  }

  /// Begins the first job of the queue whose kind of device is free; nil if there is none.
  ///
  /// Jobs for kinds that this server does not have any more fail.
  func claim(_ devices: TrainingDevices) async throws(PlatformError) -> Work? {
    let now = clock()
    return try await database.writeDurably { [events] database in
      let used = try Int.fetchSet(
        database, sql: "SELECT slot FROM trainingJob WHERE status = 'running' AND slot IS NOT NULL")
      let waiting = try TrainingJobRow.fetchAll(
        database, sql: "SELECT * FROM trainingJob WHERE status = 'queued' ORDER BY number")
      for job in waiting {
        let slots = devices.slots.filter { $0.kind == job.device }
        guard !slots.isEmpty else {
          try Self.end(
            database, job,
            .failed("This server has no device \(job.device) any more.", code: "NO_DEVICE"),
            now: now, events)
          continue
        }
        guard let slot = slots.first(where: { !used.contains($0.index) }),
          let account = try Account.find(database, id: job.account),
          let model = try TrainedModel.find(database, id: job.model)
        else { continue }
        guard model.ending == nil else {
          try Self.end(database, job, .cancelled, now: now, events)
          continue
        }
        let (key, record) = try KeyTable.insert(
          database, name: "training \(job.id)", account: account, scopes: [.training],
          binding: KeyBinding(job.resources), created: now)
        let keyID = record.publicID ?? ""
        try database.execute(
          sql: """
            UPDATE trainingJob SET status = 'running', slot = ?, key = ?, started = ? WHERE id = ?
            """, arguments: [slot.index, keyID, now, job.id])
        return Work(
          job: job, slot: slot, key: key, keyID: keyID, owner: model.owner,
          projectSlug: model.projectSlug, slug: model.slug)
      }
      return nil
    }
  }

  /// Whether there is a job that could begin if its device were free.
  func hasWaiting() async throws(PlatformError) -> Bool {
    try await database.read {
      try Bool.fetchOne(
        $0, sql: "SELECT EXISTS (SELECT 1 FROM trainingJob WHERE status = 'queued')") ?? false
    }
  }

  /// Returns the jobs that run.
  func running() async throws(PlatformError) -> [TrainingJobRow] {
    try await database.read {
      try TrainingJobRow.fetchAll(
        $0, sql: "SELECT * FROM trainingJob WHERE status = 'running' ORDER BY number")
    }
  }

  /// Puts a job whose worker never began back into the queue.
  func requeue(_ job: TrainingJobRow) async throws(PlatformError) {
    try await database.write { database in
      try Self.removeKey(database, job.key)
      try database.execute(
        sql: """
          UPDATE trainingJob SET status = 'queued', slot = NULL, key = NULL, started = NULL
          WHERE id = ? AND status = 'running'
          """, arguments: [job.id])
    }
  }

  /// Replaces the key of a job that runs, for a worker that is started again.
  ///
  /// - Returns: The key; nil if the job is over.
  func renewKey(
    of id: String
  ) async throws(PlatformError) -> String? {
    let now = clock()
    return try await database.writeDurably { database -> String? in
      guard let job = try TrainingJobTable.row(database, id), job.status == .running,
        let account = try Account.find(database, id: job.account)
      else { return nil }
      try Self.removeKey(database, job.key)
      let (key, record) = try KeyTable.insert(
        database, name: "training \(job.id)", account: account, scopes: [.training],
        binding: KeyBinding(job.resources), created: now)
      try database.execute(
        sql: "UPDATE trainingJob SET key = ? WHERE id = ?", arguments: [record.publicID ?? "", id])
      return key
    }
  }

  /// Removes the keys of jobs that are over, such as those whose model was deleted.
  func removeOldKeys() async throws(PlatformError) {
    try await database.write { database in
      try database.execute(
        sql: """
          DELETE FROM key WHERE binding IS NOT NULL
            AND publicID NOT IN (SELECT key FROM trainingJob WHERE key IS NOT NULL)
          """)
    }
  }

  /// What the runner must know of a job under way.
  struct Progress: Sendable {
    /// When the job was cancelled; nil if it goes on.
    let cancelled: Int?
    /// When something was heard of it last.
    let lastHeard: Int
    /// Whether the training is neither completed nor failed.
    let isActive: Bool
  }

  /// Returns what the runner must know of a job; nil if the job is gone with its model.
  ///
  /// A job whose model is in the trash is cancelled by that.
  func progress(of id: String) async throws(PlatformError) -> Progress? {
    let now = clock()
    let found = try await database.read { database -> (job: TrainingJobRow, progress: Progress)? in
      guard let job = try TrainingJobTable.row(database, id),
        let model = try TrainedModel.find(database, id: job.model)
      else { return nil }
      let heard = try Int.fetchOne(
        database, sql: "SELECT lastEvent FROM training WHERE model = ? AND job = ?",
        arguments: [job.model, id])
      let cancelled = job.cancelled ?? (model.trashed == nil ? nil : now)
      return (
        job,
        Progress(
          cancelled: cancelled, lastHeard: max(heard ?? 0, job.started ?? now),
          isActive: model.status.isActive)
      )
    }
    if let found, found.progress.cancelled != nil, found.job.cancelled == nil {
      try await database.write {
        try TrainingJobTable.cancel($0, model: found.job.model, now: now)
      }
    }
    return found?.progress
  }

  /// How a worker has ended.
  enum Ending: Sendable, Hashable {
    /// By itself, without an error.
    case done
    /// The job was cancelled before it began.
    case cancelled
    case failed(String, code: String)
  }

  /// Notes how a worker has ended; its key ends with it, and what it has cost is charged, once.
  ///
  /// - Parameters:
  ///   - id: The job.
  ///   - ending: How it has ended.
  ///   - time: Up to when it is charged; nil for now.
  /// - Returns: What became of the job; nil if it was over.
  /// - Throws: `PlatformError.database`.
  func finish(
    _ id: String, _ ending: Ending, at time: Int? = nil
  ) async throws(PlatformError) -> TrainingJobStatus? {
    let now = clock()
    return try await database.writeDurably { [events] database in
      guard let job = try TrainingJobTable.row(database, id), !job.status.isOver else { return nil }
      return try Self.end(database, job, ending, chargedUntil: time, now: now, events)
    }
  }

  @discardableResult
  private static func end(
    _ database: Database, _ job: TrainingJobRow, _ ending: Ending, chargedUntil end: Int? = nil,
    now: Int, _ events: PlatformEvents
  ) throws -> TrainingJobStatus {
    let model = try TrainedModel.find(database, id: job.model)
    let status: TrainingJobStatus
    var failure: TrainingFailure?
    if job.cancelled != nil || model?.ending != nil || ending == .cancelled {
      status = .cancelled
    } else if model?.status == .completed, model?.job == job.id {
      status = .completed
    } else {
      status = .failed
      let reported = model?.job == job.id && model?.status == .failed ? model?.trainingError : nil
      switch ending {
      case .failed(let message, let code):
        failure = reported ?? TrainingFailure(message, code: code, now: now)
      case .done, .cancelled:
        failure =
          reported
          ?? TrainingFailure(
            "The trainer ended before the training did.", code: "ENDED_EARLY", now: now)
      }
    }
    // Failed trainings are free, others are charged by their time.
    let seconds = max(0, min(end ?? now, now) - (job.started ?? now))
    let amount = status == .failed ? 0 : Int(Double(job.price) * Double(seconds) / 3600)
    let cost = try Ledger.charge(
      database, amount, of: job.account, kind: "training", externalID: "training:\(job.id)",
      now: now)
    try removeKey(database, job.key)
    try database.execute(
      sql: """
        UPDATE trainingJob SET status = ?, cost = ?, failure = ?, failureCode = ?, ended = ?,
          key = NULL, slot = NULL WHERE id = ?
        """,
      arguments: [status.rawValue, cost, failure?.message, failure?.code, now, job.id])
    if let model, model.status.isActive, status != .completed {
      try TrainingTable.end(
        database, model, status == .cancelled ? .cancelled : .failed, failure, now: now, events)
    }
    return status
  }

  private static func removeKey(_ database: Database, _ key: String?) throws {
    guard let key else { return }
    try database.execute(sql: "DELETE FROM callWindow WHERE owner = ?", arguments: [key])
    try database.execute(sql: "DELETE FROM key WHERE publicID = ?", arguments: [key])
  }
}
#endif
