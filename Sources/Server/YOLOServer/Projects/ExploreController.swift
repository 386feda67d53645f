#if Server
import GRDB
import HTTPTypes
import Hummingbird

/// Answers `GET /api/explore/search`: what is public of all accounts.
struct ExploreController: Sendable {
  let projects: ProjectRepository
  let datasets: DatasetRepository
  /// Where the data are, as answers call it.
  let region: String

  /// The orders that may be asked for.
  static let orders = [
    "relevance", "stars", "newest", "oldest", "name-asc", "name-desc", "count-desc", "count-asc",
  ]

  /// The answer.
  private struct SearchData: Encodable {
    let projects: [ProjectData]
    let datasets: [DatasetData]
    let hasMore: Bool
  }

  /// `GET /api/explore/search`.
  func search(_ request: Request, _ context: ServerContext) async throws -> Response {
    let query = QueryReader(request)
    let kind = try query.choice("type", of: ["all", "projects", "datasets", "images"]) ?? "all"
    guard kind != "images" else {
      throw APIError.notFound("The search of images is not available on this server.")
    }
    let viewer = context.key?.account
    var search = PublicSearch(
      text: try query.text("q", limit: 200),
      tasks: try query.choices("task", of: ModelTask.names),
      licenses: try query.text("license", limit: 400)?.split(separator: ",").map(String.init),
      owner: try query.text("author", limit: 32),
      order: try query.choice("sort", of: Self.orders) ?? "newest",
      offset: try query.integer("offset", in: 0...1_000_000_000) ?? 0,
      limit: try query.integer("limit", in: 1...100) ?? 20)
    if try query.flag("starred") == true {
      guard viewer != nil else {
        throw APIError.unauthorized("starred needs a key: whose stars are meant?")
      }
      search.isStarred = true
    }
    var sets: (found: [DatasetRow], hasMore: Bool) = ([], false)
    if kind != "projects" { sets = try await datasets.search(search, viewer: viewer) }
    let datasets = sets.found.map { DatasetData($0, region: region) }
    guard kind != "datasets" else {
      return try .encoded(SearchData(projects: [], datasets: datasets, hasMore: sets.hasMore))
    }
    let (rows, hasMore) = try await projects.search(search, viewer: viewer)
    let data = rows.map { found in
      var data = ProjectData(found.project, region: region)
      data.modelNames = found.modelNames
      return data
    }
    return try .encoded(
      SearchData(projects: data, datasets: datasets, hasMore: hasMore || sets.hasMore))
  }
}

/// What is searched for among public projects and datasets.
struct PublicSearch: Sendable, Hashable {
  /// What the name, the slug or the description must have.
  var text: String?
  /// The tasks of which a model of the project, or the dataset, must have one.
  var tasks: [String]?
  /// The licenses of which it must have one.
  var licenses: [String]?
  /// The name of the owner.
  var owner: String?
  /// Whether only those that the viewer likes are meant.
  var isStarred = false
  /// The order, one of ``ExploreController/orders``.
  var order = "newest"
  var offset = 0
  var limit = 20

  init(
    text: String?, tasks: [String]?, licenses: [String]?, owner: String?, order: String,
    offset: Int, limit: Int
  ) {
    self.text = text
    self.tasks = tasks
    self.licenses = licenses
    self.owner = owner
    self.order = order
    self.offset = offset
    self.limit = limit
  }

  /// The order in SQL.
  fileprivate func ordering(_ table: String, count: String) -> String {
    switch order {
    case "stars": "starCount DESC, \(table).updated DESC, \(table).rowid DESC"
    case "oldest": "\(table).created, \(table).rowid"
    case "name-asc": "\(table).name COLLATE NOCASE, \(table).rowid"
    case "name-desc": "\(table).name COLLATE NOCASE DESC, \(table).rowid DESC"
    case "count-desc": "\(count) DESC, \(table).rowid DESC"
    case "count-asc": "\(count), \(table).rowid"
    default: "\(table).created DESC, \(table).rowid DESC"
    }
  }

  /// Returns the rows of a table that are meant, one more than the limit if there are more.
  ///
  /// `count` is the column that `count-desc` and `count-asc` order by; `isOfTasks` makes a list of
  /// tasks in SQL the condition that a row is of one of them.
  fileprivate func rows<Table: ResourceTable>(
    _ database: Database, of table: Table.Type, count: String, viewer: Account?,
    isOfTasks: (_ tasks: String) -> String
  ) throws -> [Table.Row] {
    let name = Table.kind.rawValue
    var conditions = ["\(name).visibility = 'public'"]
    var arguments: StatementArguments = ["limit": limit + 1, "offset": offset]
    if let text {
      conditions.append(
        """
        (\(name).name LIKE :text ESCAPE '\\' OR \(name).slug LIKE :text ESCAPE '\\'
          OR \(name).description LIKE :text ESCAPE '\\')
        """)
      arguments += ["text": LikePattern.containing(text)]
    }
    if let owner {
      conditions.append("owner.username = :owner")
      arguments += ["owner": owner]
    }
    if isStarred { conditions.append("isStarred") }
    func list(_ values: [String], _ prefix: String) -> String {
      for (index, value) in values.enumerated() { arguments += ["\(prefix)\(index)": value] }
      return values.indices.map { ":\(prefix)\($0)" }.joined(separator: ", ")
    }
    if let tasks { conditions.append(isOfTasks(list(tasks, "task"))) }
    if let licenses {
      conditions.append("\(name).license IN (\(list(licenses, "license")))")
    }
    return try Table.rows(
      database,
      where: """
        \(conditions.joined(separator: " AND ")) ORDER BY \(ordering(name, count: count))
        LIMIT :limit OFFSET :offset
        """, arguments, viewer: viewer)
  }
}

extension ProjectRepository {
  /// The maximum number of names of models that a found project is shown with.
  private static let nameLimit = 10

  /// Searches the public projects and datasets of all accounts.
  ///
  /// - Returns: The projects that were asked for, and whether there are more.
  func search(
    _ search: PublicSearch, viewer: Account?
  ) async throws(PlatformError) -> (
    found: [(project: ProjectRow, modelNames: [String])], hasMore: Bool
  ) {
    try await database.read { database in
      let rows = try search.rows(
        database, of: ProjectTable.self, count: "modelCount", viewer: viewer
      ) { tasks in
        """
        EXISTS (SELECT 1 FROM model WHERE model.project = project.id AND model.trashed IS NULL
          AND model.task IN (\(tasks)))
        """
      }
      let found = try rows.prefix(search.limit).map { row in
        let names = try String.fetchAll(
          database,
          sql: """
            SELECT name FROM model WHERE project = ? AND trashed IS NULL
            ORDER BY created DESC, rowid DESC LIMIT ?
            """, arguments: [row.id, Self.nameLimit])
        return (project: row, modelNames: names)
      }
      return (found, rows.count > search.limit)
    }
  }
}

extension DatasetRepository {
  /// Searches the public datasets of all accounts.
  ///
  /// - Returns: The datasets that were asked for, and whether there are more.
  func search(
    _ search: PublicSearch, viewer: Account?
  ) async throws(PlatformError) -> (found: [DatasetRow], hasMore: Bool) {
    try await store.database.read { database in
      let rows = try search.rows(
        database, of: DatasetTable.self, count: "dataset.images", viewer: viewer
      ) { tasks in "dataset.task IN (\(tasks))" }
      return (Array(rows.prefix(search.limit)), rows.count > search.limit)
    }
  }
}
#endif
