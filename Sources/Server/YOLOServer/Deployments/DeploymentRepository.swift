#if Server
import GRDB
import JSONText
import YOLOCryptography
import YOLOSystem

/// The deployments of models.
struct DeploymentRepository: Sendable {
  let store: ObjectStore
  let clock: @Sendable () -> Int

  private var database: PlatformDatabase { store.database }

  private static let selection = """
    SELECT deployment.*, owner.username AS owner, parent.slug AS projectSlug,
      model.slug AS modelSlug
    FROM deployment JOIN account AS owner ON owner.id = deployment.account
      LEFT JOIN model ON model.id = deployment.model
      LEFT JOIN project AS parent ON parent.id = model.project
    """

  // MARK: Reading

  /// Which deployments are listed.
  struct Filter: Sendable, Hashable {
    var model: ResourceLocator?
    var status: String?
  }

  /// Returns deployments of an account, the newest first, and how many there are in all.
  func list(
    of account: Account, _ filter: Filter, page: Page
  ) async throws(PlatformError) -> (rows: [DeploymentRow], total: Int) {
    try await database.read { database in
      let model = try filter.model.map { try ModelRecords.row(database, $0, of: account).id }
      let condition = """
        deployment.account = :account AND (:model IS NULL OR deployment.model = :model)
          AND (:status IS NULL OR deployment.status = :status)
        """
      let arguments: StatementArguments = [
        "account": account.id, "model": model, "status": filter.status,
      ]
      let rows = try DeploymentRow.fetchAll(
        database,
        sql: """
          \(Self.selection) WHERE \(condition)
          ORDER BY deployment.number DESC LIMIT :limit OFFSET :offset
          """, arguments: arguments + ["limit": page.limit, "offset": page.offset])
      let total = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM deployment WHERE \(condition)", arguments: arguments)
      return (rows, total ?? 0)
    }
  }

  /// Returns a deployment of an account.
  ///
  /// - Throws: `PlatformError.unknownDeployment` if there is none.
  func deployment(
    _ locator: ResourceLocator, of account: Account
  ) async throws(PlatformError) -> DeploymentRow {
    try await database.read { try Self.row($0, locator, of: account) }
  }

  /// Returns all deployments that run, or are to stop.
  func active() async throws(PlatformError) -> [DeploymentRow] {
    try await database.read { database in
      try DeploymentRow.fetchAll(
        database,
        sql: """
          \(Self.selection)
          WHERE deployment.status IN ('creating', 'deploying', 'ready', 'stopping')
          ORDER BY deployment.number
          """)
    }
  }

  /// Returns a deployment if it runs, or is to stop.
  func active(_ id: String) async throws(PlatformError) -> DeploymentRow? {
    try await database.read { database in
      try DeploymentRow.fetchOne(
        database,
        sql: """
          \(Self.selection) WHERE deployment.id = ?
            AND deployment.status IN ('creating', 'deploying', 'ready', 'stopping')
          """, arguments: [id])
    }
  }

  /// Returns what all deployments are doing, by their identifiers.
  func statuses() async throws(PlatformError) -> [String: DeploymentStatus] {
    try await database.read { database in
      var statuses: [String: DeploymentStatus] = [:]
      let rows = try Row.fetchCursor(database, sql: "SELECT id, status FROM deployment")
      while let row = try rows.next() {
        statuses[row["id"]] = DeploymentStatus(rawValue: row["status"])
      }
      return statuses
    }
  }

  // MARK: Writing

  /// Adds a deployment, which is to run.
  ///
  /// - Throws: `PlatformError`: that there is no such model, that it has no weights, that the name is
  ///   taken, or that the account has as many as its plan allows.
  func create(
    _ draft: DeploymentDraft, of model: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> DeploymentRow {
    try draft.check()
    let now = clock()
    return try await database.writeDurably { database in
      let source = try Source(database, model, of: account)
      let count = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM deployment WHERE account = ?",
        arguments: [account.id])
      guard count ?? 0 < account.limits.deployments else {
        throw PlatformError.planLimit(what: "deployments", maximum: account.limits.deployments)
      }
      let name = draft.name ?? source.model.name
      let slug = draft.slug ?? ResourceName.slug(from: name, fallback: "deployment")
      let taken = try Self.slugs(database, of: account)
      // A name that was given is meant; one of the model is not.
      let isGiven = draft.slug != nil || draft.name != nil
      guard !isGiven || !taken.contains(slug) else { throw PlatformError.takenDeployment(slug) }
      let id = ResourceID.new("deployment_", now: now)
      let resources = draft.resources
      try database.execute(
        sql: """
          INSERT INTO deployment (id, account, model, slug, name, region, status, task, title,
            weights, token, cpu, memory, minInstances, maxInstances, created, updated)
          VALUES (?, ?, ?, ?, ?, ?, 'creating', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          id, account.id, source.model.id, ResourceName.free(slug, taken: taken), name,
          draft.region, source.model.task, source.title, source.digest.description,
          Self.newToken(), resources.cpu, resources.memory, resources.minInstances,
          resources.maxInstances, now, now,
        ])
      try source.adopt(database, by: id, of: account)
      let row = try Self.row(database, .id(id), of: account)
      try Self.note(database, row, .created, now: now)
      return row
    }
  }

  /// Lets a deployment run that is stopped or has failed.
  func start(
    _ locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> DeploymentRow {
    try await change(locator, by: account, .started, from: [.stopped, .failed], "started") {
      database, row in
      // What is in the trash, or gone, is not served.
      _ = try ModelRecords.row(database, .id(row.model), of: account)
      return [
        ("status", DeploymentStatus.deploying.rawValue), ("statusMessage", nil),
        ("generation", row.generation + 1),
      ]
    }
  }

  /// Lets a deployment stop.
  func stop(
    _ locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> DeploymentRow {
    try await change(
      locator, by: account, .updated, from: [.creating, .deploying, .ready, .failed], "stopped"
    ) { _, _ in
      [("status", DeploymentStatus.stopping.rawValue), ("statusMessage", nil)]
    }
  }

  /// Lets a deployment serve another model at its address.
  func replace(
    _ locator: ResourceLocator, with model: ResourceLocator, name: String?, by account: Account
  ) async throws(PlatformError) -> DeploymentRow {
    if let name { try ResourceName.check(name: name) }
    return try await change(
      locator, by: account, .updated, from: [.ready, .stopped, .failed, .deploying], "replaced"
    ) { database, row in
      let source = try Source(database, model, of: account)
      try ObjectTable.release(database, .models, owner: row.id)
      try source.adopt(database, by: row.id, of: account)
      let columns: [Column] = [
        ("model", source.model.id), ("task", source.model.task), ("title", source.title),
        ("weights", source.digest.description), ("name", name ?? row.name),
      ]
      return columns + Self.rollout(of: row)
    }
  }

  /// Changes what the instances of a deployment have.
  func resize(
    _ locator: ResourceLocator, _ body: @escaping @Sendable (inout DeploymentResources) -> Void,
    by account: Account
  ) async throws(PlatformError) -> DeploymentRow {
    try await change(
      locator, by: account, .updated, from: [.ready, .stopped, .failed, .deploying], "resized"
    ) { _, row in
      var resources = DeploymentResources(
        cpu: row.cpu, memory: row.memory, minInstances: row.minInstances,
        maxInstances: row.maxInstances)
      body(&resources)
      try resources.check()
      let columns: [Column] = [
        ("cpu", resources.cpu), ("memory", resources.memory),
        ("minInstances", resources.minInstances), ("maxInstances", resources.maxInstances),
      ]
      return columns + Self.rollout(of: row)
    }
  }

  /// Changes the name of a deployment, and its slug, or its metadata.
  func update(
    _ locator: ResourceLocator, name: String?, metadata: StoredJSON?, by account: Account
  ) async throws(PlatformError) -> DeploymentRow {
    if let name { try ResourceName.check(name: name) }
    try metadata?.checkObject("metadata")
    return try await change(
      locator, by: account, .updated, from: DeploymentStatus.allCases, "updated"
    ) { database, row in
      var columns: [Column] = []
      if let name, name != row.name {
        let slug = ResourceName.slug(from: name, fallback: "deployment")
        let taken = try Self.slugs(database, of: account).subtracting([row.slug])
        guard !taken.contains(slug) else { throw PlatformError.takenDeployment(slug) }
        columns += [("name", name), ("slug", slug)]
      }
      if let metadata { columns.append(("metadata", metadata)) }
      return columns
    }
  }

  /// Deletes a deployment for good; what serves it ends soon.
  func delete(
    _ locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> DeploymentRow {
    let now = clock()
    let row = try await database.writeDurably { database in
      let row = try Self.row(database, locator, of: account)
      try database.execute(sql: "DELETE FROM deployment WHERE id = ?", arguments: [row.id])
      try Self.note(database, row, .deleted, now: now)
      return row
    }
    await store.collectQuietly()
    return row
  }

  /// Notes what became of a deployment, unless something else was asked of it meanwhile.
  ///
  /// - Returns: Whether it was noted.
  @discardableResult
  func note(
    _ status: DeploymentStatus, _ message: String?, of row: DeploymentRow
  ) async throws(PlatformError) -> Bool {
    let now = clock()
    return try await database.write { database in
      let isFirst = status == .ready && row.status != .ready
      try database.execute(
        sql: """
          UPDATE deployment SET status = ?, statusMessage = ?, deployed = coalesce(?, deployed),
            updated = ?
          WHERE id = ? AND status = ? AND generation = ?
          """,
        arguments: [
          status.rawValue, message, isFirst ? now : nil, now, row.id, row.status.rawValue,
          row.generation,
        ])
      guard database.changesCount > 0 else { return false }
      switch status {
      case .failed: try Self.note(database, row, .failed, now: now)
      case .ready where isFirst: try Self.note(database, row, .completed, now: now)
      default: break
      }
      return true
    }
  }

  // MARK: What they share

  private typealias Column = (column: String, value: (any DatabaseValueConvertible)?)

  /// The columns of a deployment that something else is to run for, if it runs.
  private static func rollout(of row: DeploymentRow) -> [Column] {
    let runs = row.status.isWanted
    return [
      ("generation", row.generation + 1),
      ("status", (runs ? DeploymentStatus.deploying : row.status).rawValue),
    ]
  }

  private func change(
    _ locator: ResourceLocator, by account: Account, _ action: EventAction,
    from states: [DeploymentStatus], _ verb: String,
    _ columns: @escaping @Sendable (Database, DeploymentRow) throws -> [Column]
  ) async throws(PlatformError) -> DeploymentRow {
    let now = clock()
    return try await database.writeDurably { database in
      let row = try Self.row(database, locator, of: account)
      guard states.contains(row.status) else {
        throw PlatformError.deploymentState(row.slug, status: row.status.rawValue, verb: verb)
      }
      let changes = try columns(database, row)
      try database.update("deployment", id: row.id, changes + [("updated", now)])
      let changed = try Self.row(database, .id(row.id), of: account)
      try Self.note(database, changed, action, now: now, verb: verb)
      return changed
    }
  }

  private static func row(
    _ database: Database, _ locator: ResourceLocator, of account: Account
  ) throws -> DeploymentRow {
    let row =
      switch locator {
      case .id(let id):
        try DeploymentRow.fetchOne(
          database, sql: "\(selection) WHERE deployment.id = ?", arguments: [id])
      case .path(let names):
        try DeploymentRow.fetchOne(
          database, sql: "\(selection) WHERE owner.username = ? AND deployment.slug = ?",
          arguments: [names.first, names.dropFirst().first])
      }
    guard let row, row.account == account.id else {
      throw PlatformError.unknownDeployment(locator.text)
    }
    return row
  }

  private static func slugs(_ database: Database, of account: Account) throws -> Set<String> {
    try String.fetchSet(
      database, sql: "SELECT slug FROM deployment WHERE account = ?", arguments: [account.id])
  }

  private static func newToken() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<32).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }.hexadecimal
  }

  private static func note(
    _ database: Database, _ row: DeploymentRow, _ action: EventAction, now: Int,
    verb: String? = nil
  ) throws {
    try EventRepository.add(
      database, to: row.account, .deployment, action, resource: row.id, name: row.name, now: now,
      metadata: [
        JSONMember("modelId", .string(row.model)), JSONMember("region", .string(row.region)),
      ] + (verb.map { [JSONMember("change", .string($0))] } ?? []))
  }

  /// A model whose weights are to be deployed.
  private struct Source {
    let model: ModelRow
    let digest: ObjectDigest
    let title: String

    init(_ database: Database, _ locator: ResourceLocator, of account: Account) throws {
      model = try ModelRecords.row(database, locator, of: account)
      guard let digest = model.fileDigest.flatMap(ObjectDigest.init) else {
        throw PlatformError.noWeights("\(model.owner)/\(model.projectSlug)/\(model.slug)")
      }
      self.digest = digest
      title = "\(model.slug).pt"
    }

    func adopt(_ database: Database, by id: String, of account: Account) throws {
      try ObjectTable.adopt(
        database, digest, as: try DeploymentRow.weights(of: id, title: title), of: account)
    }
  }
}
#endif
