#if Server
import GRDB
import JSONText
import YOLOSystem

/// A model as its training is reported; it may be in the trash.
struct TrainedModel: Decodable, FetchableRecord, Sendable {
  let id: String
  let account: String
  /// The name of the account.
  let owner: String
  let projectSlug: String
  let slug: String
  let name: String
  let status: ModelStatus
  let task: String?
  let epochs: Int?
  let parameters: Int?
  let environment: StoredJSON?
  let trainingError: TrainingFailure?
  let trashed: Int?
  /// The number of the last run; nil if there was none.
  let run: Int?
  /// The job of the last run; nil for one that somebody started himself.
  let job: String?

  private static let selection = """
    SELECT model.id, model.account, owner.username AS owner, parent.slug AS projectSlug, model.slug,
      model.name, model.status, model.task, model.epochs, model.parameters, model.environment,
      model.trainingError, coalesce(model.trashed, parent.trashed) AS trashed, training.run,
      training.job
    FROM model JOIN project AS parent ON parent.id = model.project
      JOIN account AS owner ON owner.id = model.account
      LEFT JOIN training ON training.model = model.id
    """

  /// Why the training is to end; nil if it is not.
  var ending: String? {
    if trashed != nil { return "The model is in the trash." }
    return status == .cancelled ? "The training was cancelled." : nil
  }

  /// Whether a stall has ended it, which the next report undoes.
  var isStalled: Bool { status == .failed && trainingError?.code == TrainingFailure.stalled }

  /// Returns the model of an identifier.
  static func find(_ database: Database, id: String) throws -> TrainedModel? {
    try fetchOne(database, sql: "\(selection) WHERE model.id = ?", arguments: [id])
  }

  /// Returns the model that a report is about, by its identifier, or by the names of its project and
  /// its own: the newest of these.
  ///
  /// - Throws: `PlatformError.unknownResource` if the account has none.
  static func find(
    _ database: Database, _ event: TrainingEvent, of account: Account
  ) throws -> TrainedModel {
    if let id = event.model {
      guard let model = try find(database, id: id), model.account == account.id else {
        throw PlatformError.unknownResource(.model, id.excerpt())
      }
      return model
    }
    guard let project = event.project else {
      throw PlatformError.invalid(
        argument: "modelId", given: "", expected: "the identifier of a model")
    }
    let (slug, _) = try TrainingTable.projectSlug(database, project, of: account)
    let name = TrainingTable.modelName(event.name)
    let model = try fetchOne(
      database,
      sql: """
        \(selection)
        WHERE model.account = ? AND parent.slug = ? AND model.name = ? AND model.trashed IS NULL
        ORDER BY model.created DESC, model.rowid DESC LIMIT 1
        """, arguments: [account.id, slug, name])
    guard let model else {
      throw PlatformError.unknownResource(.model, "\(project)/\(name)".excerpt())
    }
    return model
  }

  /// What webhooks are told of it.
  func described(_ more: [JSONMember] = []) -> JSONValue {
    .object(
      [
        JSONMember("modelId", .string(id)), JSONMember("owner", .string(owner)),
        JSONMember("project", .string(projectSlug)), JSONMember("model", .string(slug)),
        JSONMember("name", .string(name)),
      ] + more)
  }
}

extension TrainingFailure {
  /// The code of a training of which nothing was heard.
  static let stalled = "STALLED"
  /// The maximum length of a message in Unicode scalars.
  private static let messageLimit = 1000

  /// Creates a failure of now.
  init(_ message: String, code: String?, now: Int) {
    self.init(
      message: String(String.UnicodeScalarView(message.unicodeScalars.prefix(Self.messageLimit))),
      code: code, timestamp: Timestamp(now).text)
  }
}

/// The training of a model, in a transaction of the caller's.
enum TrainingTable {
  /// What a model is called whose run has no name.
  private static let standardName = "train"

  /// Returns the name of a model as a run has it.
  static func modelName(_ name: String?) -> String {
    let scalars = (name ?? "").unicodeScalars.filter { $0.properties.generalCategory != .control }
    let text = String(String.UnicodeScalarView(scalars.prefix(ResourceName.nameLengths.upperBound)))
    return text.allSatisfy(\.isWhitespace) ? standardName : text
  }

  /// Returns the slug of the project that a run names, and its name for people.
  ///
  /// An owner in front that nobody is called is left out: `runs/detect` is the project `detect`.
  ///
  /// - Throws: `PlatformError.foreignResource` for a project of somebody else.
  static func projectSlug(
    _ database: Database, _ text: String, of account: Account
  ) throws -> (slug: String, name: String) {
    var name = text
    if let slash = text.firstIndex(of: "/") {
      let owner = String(text[..<slash])
      name = String(text[text.index(after: slash)...]).replacing("/", with: "-")
      let isKnown = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM account WHERE username = ?)",
        arguments: [owner])
      if isKnown == true, owner != account.username {
        throw PlatformError.foreignResource(.project, text.excerpt())
      }
    }
    let slug = ResourceName.slug(from: name, fallback: "project")
    let isReserved = ResourceName.reservedProjects.contains(slug)
    return (isReserved ? "\(slug)-2" : slug, modelName(name))
  }

  /// Notes that something was heard of a training; one that had not begun, or had stalled, runs.
  static func noteReport(_ database: Database, _ model: TrainedModel, now: Int) throws {
    if model.run == nil {
      try database.execute(
        sql: "INSERT INTO training (model, run, lastEvent) VALUES (?, 1, ?)",
        arguments: [model.id, now])
    } else {
      try database.execute(
        sql: "UPDATE training SET lastEvent = ? WHERE model = ?", arguments: [now, model.id])
    }
    let begins = [.pending, .untrained, .starting].contains(model.status) || model.isStalled
    guard begins, model.trashed == nil else { return }
    try database.execute(
      sql: """
        UPDATE model SET status = 'running', started = coalesce(started, :now), completed = NULL,
          trainingError = NULL, updated = :now WHERE id = :id
        """, arguments: ["id": model.id, "now": now])
  }

  /// Notes how a training has ended, and writes the event.
  static func end(
    _ database: Database, _ model: TrainedModel, _ status: ModelStatus,
    _ failure: TrainingFailure? = nil, now: Int, _ events: PlatformEvents
  ) throws {
    try database.execute(
      sql: """
        UPDATE model SET status = ?, trainingError = ?, completed = ?, updated = ? WHERE id = ?
        """,
      arguments: [
        status.rawValue, try failure.map { try JSONColumn.text($0) }, now, now, model.id,
      ])
    let action: EventAction
    switch status {
    case .completed: action = .completed
    case .cancelled: action = .cancelled
    default: action = .failed
    }
    try note(database, model, action, now: now)
    let more = failure.map {
      [JSONMember("error", .string($0.message)), JSONMember("code", .string($0.code ?? ""))]
    }
    switch status {
    case .completed:
      try events.record(
        database,
        PlatformEvent(
          kind: .trainingCompleted, account: model.account, data: model.described(), at: now))
    case .failed:
      try events.record(
        database,
        PlatformEvent(
          kind: .trainingFailed, account: model.account, data: model.described(more ?? []),
          at: now))
    default: break
    }
  }

  /// Writes an event of the activity.
  static func note(
    _ database: Database, _ model: TrainedModel, _ action: EventAction, now: Int
  ) throws {
    try EventRepository.add(
      database, to: model.account, .training, action, resource: model.id, name: model.name,
      now: now, metadata: [JSONMember("project", .string(model.projectSlug))])
  }

  /// Whether a training under way reads a dataset.
  static func reads(_ database: Database, dataset: String) throws -> Bool {
    try Bool.fetchOne(
      database,
      sql: """
        SELECT EXISTS (SELECT 1 FROM model WHERE dataset = ? AND trashed IS NULL
          AND status IN ('pending', 'starting', 'running'))
        """, arguments: [dataset]) ?? false
  }
}
#endif
