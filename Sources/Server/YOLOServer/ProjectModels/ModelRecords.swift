#if Server
import Foundation
import GRDB
import JSONText
import YOLOSystem

/// Reads and writes rows of the table of models, in a transaction of the caller's.
enum ModelRecords {
  /// All that ``ModelRow`` has; the argument `viewer` is who asks.
  private static let selection = """
    SELECT model.*, owner.username AS owner, parent.slug AS projectSlug,
      parent.name AS projectName, parent.visibility AS visibility,
      (SELECT count(*) FROM model AS clone WHERE clone.clonedFrom = model.id) AS cloneCount,
      (SELECT count(*) FROM star WHERE star.resource = model.id) AS starCount,
      EXISTS (SELECT 1 FROM star WHERE star.resource = model.id AND star.account = :viewer)
        AS isStarred
    FROM model JOIN project AS parent ON parent.id = model.project
      JOIN account AS owner ON owner.id = model.account
    """

  /// Returns the rows that are not in the trash.
  static func rows(
    _ database: Database, where condition: String, _ arguments: StatementArguments,
    viewer: Account?
  ) throws -> [ModelRow] {
    try ModelRow.fetchAll(
      database, sql: "\(selection) WHERE model.trashed IS NULL AND \(condition)",
      arguments: arguments + ["viewer": viewer?.id])
  }

  /// Returns a model that somebody may see.
  ///
  /// - Throws: `PlatformError.unknownResource` if there is none, or it is private to somebody else.
  static func row(
    _ database: Database, _ locator: ResourceLocator, viewer: Account?
  ) throws -> ModelRow {
    let found =
      switch locator {
      case .id(let id):
        try rows(database, where: "model.id = :id", ["id": id], viewer: viewer)
      case .path(let names):
        try rows(
          database,
          where: "owner.username = :owner AND parent.slug = :project AND model.slug = :slug",
          [
            "owner": names.first, "project": names.dropFirst().first,
            "slug": names.dropFirst(2).first,
          ], viewer: viewer)
      }
    guard let row = found.first, row.account == viewer?.id || row.visibility == .public else {
      throw PlatformError.unknownResource(.model, locator.text)
    }
    return row
  }

  /// Returns a model of an account.
  ///
  /// - Throws: `PlatformError.unknownResource` if there is none that it may see,
  ///   `PlatformError.foreignResource` for one that it may only see.
  static func row(
    _ database: Database, _ locator: ResourceLocator, of account: Account
  ) throws -> ModelRow {
    let row = try row(database, locator, viewer: account)
    guard row.account == account.id else {
      throw PlatformError.foreignResource(.model, locator.text)
    }
    return row
  }

  /// Returns a slug that no model of a project has: the one of a request, one of a name, or without
  /// either `model-1` and so on.
  ///
  /// - Throws: `PlatformError.takenSlug` if a slug was given that another model has.
  static func freeSlug(
    _ database: Database, given: String?, name: String?, project: String, except id: String = ""
  ) throws -> String {
    let slug = given ?? name.map { ResourceName.slug(from: $0, fallback: "model") } ?? "model-"
    let taken = try String.fetchSet(
      database,
      sql: """
        SELECT slug FROM model
        WHERE project = ? AND trashed IS NULL AND id != ? AND (slug = ? OR slug GLOB ?)
        """, arguments: [project, id, slug, "\(slug.prefix(ResourceName.slugLimit - 12))*"])
    if given != nil {
      guard !taken.contains(slug) else { throw PlatformError.takenSlug(.model, slug) }
      return slug
    }
    if name != nil { return ResourceName.free(slug, taken: taken) }
    var number = 1
    while taken.contains("\(slug)\(number)") { number += 1 }
    return "\(slug)\(number)"
  }

  /// Returns what the address of a model's weights ends in.
  ///
  /// Clients keep the file by this name, and load it no more once they have it: it changes with the
  /// content.
  static func fileName(slug: String, digest: ObjectDigest) -> String {
    "\(slug)-\(digest.description.prefix(8)).pt"
  }

  /// Adds a model to a project; `file` is the name of the object that its weights are.
  static func insert(
    _ database: Database, _ draft: ModelDraft, id: String, file: String? = nil,
    project: ProjectRow, now: Int
  ) throws -> ModelRow {
    let slug = try freeSlug(
      database, given: draft.slug, name: draft.name, project: project.id)
    let weights = draft.weights
    let isComplete = weights != nil || draft.completed != nil
    let status: ModelStatus = isComplete ? .completed : .untrained
    let completed: Int? = weights == nil ? draft.completed : draft.completed ?? now
    let task: String? = weights?.task ?? draft.task
    let name: String = draft.name ?? slug
    let metadata: StoredJSON = draft.metadata ?? .emptyObject
    let metrics: String? = try draft.metrics.map { try JSONColumn.text($0) }
    let names: String? = try weights.map { try JSONColumn.text($0.classNames) }
    try database.execute(
      sql: """
        INSERT INTO model (id, account, project, slug, name, description, task, status, version,
          docs, epochs, metrics, trainArgs, environment, classNames, parameters,
          fileName, fileDigest, fileBytes, metadata, completed, created, updated)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, project.account, project.id, slug, name, draft.description, task, status.rawValue,
        draft.version, draft.docs, draft.epochs, metrics, draft.trainArgs,
        draft.environment, names, weights?.parameters, file, weights?.digest, weights?.bytes,
        metadata, completed, now, now,
      ])
    if let results = draft.trainResults {
      try EpochTable.replace(database, of: id, with: results)
    }
    try touch(database, project: project.id, now: now)
    guard let row = try rows(database, where: "model.id = :id", ["id": id], viewer: nil).first
    else { throw PlatformError.unknownResource(.model, id) }
    return row
  }

  /// The columns that a copy of a model has as they are.
  private static let copied = """
    description, task, license, color, version, docs, baseModel, epochs, epochCount, bestEpoch,
    bestFitness, metrics, trainArgs, environment, classNames, parameters, fileName, fileDigest,
    fileBytes, metadata, started, completed
    """

  /// Adds a copy of a model to a project; both have the one file.
  ///
  /// - Returns: The identifier of the copy.
  static func copy(
    _ database: Database, _ source: ModelRow, to project: ProjectRow, of account: Account,
    slug: String, name: String, description: String?, now: Int
  ) throws -> String {
    let id = ResourceID.new("model_", now: now)
    try database.execute(
      sql: """
        INSERT INTO model (id, account, project, slug, name, clonedFrom, sourceModel, status,
          created, updated, \(copied))
        SELECT :id, :account, :project, :slug, :name, :source, :source,
          -- A training under way is that of the source alone.
          CASE WHEN status NOT IN ('pending', 'starting', 'running') THEN status
            WHEN fileDigest IS NULL THEN 'untrained' ELSE 'completed' END,
          :now, :now, \(copied)
        FROM model WHERE id = :source
        """,
      arguments: [
        "id": id, "account": project.account, "project": project.id, "slug": slug, "name": name,
        "source": source.id, "now": now,
      ])
    try EpochTable.copy(database, from: source.id, to: id)
    if let description {
      try database.execute(
        sql: "UPDATE model SET description = ? WHERE id = ?", arguments: [description, id])
    }
    if let file = source.fileName, let digest = source.fileDigest.flatMap(ObjectDigest.init) {
      try ObjectTable.adopt(
        database, digest, as: try ObjectReference(.models, owner: id, name: file), of: account)
    }
    return id
  }

  /// Copies the models of a project that are complete into another, which is empty.
  static func copy(
    _ database: Database, from source: ProjectRow, to project: ProjectRow, of account: Account,
    now: Int
  ) throws {
    let models = try rows(
      database,
      where: "model.project = :project AND model.status = 'completed' ORDER BY model.rowid",
      ["project": source.id], viewer: nil)
    try checkCount(database, of: account, adding: models.count)
    for model in models {
      _ = try copy(
        database, model, to: project, of: account, slug: model.slug, name: model.name,
        description: nil,
        now: now)
    }
  }

  /// Lets a model have weights, in place of those that it had.
  static func set(
    _ database: Database, _ weights: ModelWeights, fileName: String, of model: ModelRow, now: Int
  ) throws {
    let isNew = [.pending, .untrained].contains(model.status)
    try database.update(
      "model", id: model.id,
      [
        ("task", weights.task), ("classNames", try JSONColumn.text(weights.classNames)),
        ("parameters", weights.parameters), ("fileName", fileName),
        ("fileDigest", weights.digest), ("fileBytes", weights.bytes),
        ("status", isNew ? ModelStatus.completed.rawValue : model.status.rawValue),
        ("completed", model.completed ?? (isNew ? now : nil)), ("updated", now),
      ])
    try touch(database, project: model.project, now: now)
    try EventRepository.add(
      database, to: model.account, .model, .uploaded, resource: model.id, name: model.name,
      now: now)
  }

  /// Refuses more models than an account's plan allows; those in the trash count, too.
  static func checkCount(_ database: Database, of account: Account, adding count: Int) throws {
    let limit = account.limits.models
    let present = try Int.fetchOne(
      database, sql: "SELECT count(*) FROM model WHERE account = ?", arguments: [account.id])
    guard let present, present + count <= limit else {
      throw PlatformError.planLimit(what: "models", maximum: limit)
    }
  }

  /// Notes that something of a project has changed.
  static func touch(_ database: Database, project: String, now: Int) throws {
    try database.execute(
      sql: "UPDATE project SET updated = ? WHERE id = ?", arguments: [now, project])
  }

  /// Checks a number of epochs, or of one.
  static func check(_ argument: String, _ epochs: Int?) throws(PlatformError) {
    guard let epochs, !(0...1_000_000).contains(epochs) else { return }
    throw .invalid(argument: argument, given: "\(epochs)", expected: "from 0 to 1000000")
  }

  /// Checks the epochs of a training.
  static func check(_ results: [EpochResult]?) throws(PlatformError) {
    guard let results else { return }
    guard results.count <= 10_000 else {
      throw .invalid(
        argument: "trainResults", given: "\(results.count) epochs",
        expected: "at most 10000 epochs")
    }
    for result in results {
      try check("trainResults.epoch", result.epoch)
      guard let timestamp = result.timestamp, QueryReader.seconds(timestamp) == nil else {
        continue
      }
      throw .invalid(
        argument: "trainResults.timestamp", given: timestamp.excerpt(),
        expected: "a time such as 2026-01-31T08:00:00Z")
    }
  }
}

/// Columns of JSON text.
enum JSONColumn {
  /// Returns a value as text.
  static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
#endif
