#if Server
import GRDB
import HTTPTypes
import Hummingbird

/// Answers `GET /api/explore/search`: what is public of all accounts.
struct ExploreController: Sendable {
  let projects: ProjectRepository
  /// Where the data are, as answers call it.
  let region: String

  /// The orders that may be asked for.
  static let orders = [
    "relevance", "stars", "newest", "oldest", "name-asc", "name-desc", "count-desc", "count-asc",
  ]

  /// The answer.
  private struct SearchData: Encodable {
    let projects: [ProjectData]
    // There are no datasets yet.
    let datasets: [ResourceIdentity]
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
    var search = ProjectSearch(
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
    guard kind != "datasets" else {
      return try .encoded(SearchData(projects: [], datasets: [], hasMore: false))
    }
    let (rows, hasMore) = try await projects.search(search, viewer: viewer)
    let data = rows.map { found in
      var data = ProjectData(found.project, region: region)
      data.modelNames = found.modelNames
      return data
    }
    return try .encoded(SearchData(projects: data, datasets: [], hasMore: hasMore))
  }
}

/// What is searched for among public projects.
struct ProjectSearch: Sendable, Hashable {
  /// What the name, the slug or the description must have.
  var text: String?
  /// The tasks of which a model must have one.
  var tasks: [String]?
  /// The licenses of which the project must have one.
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
  fileprivate var ordering: String {
    switch order {
    case "stars": "starCount DESC, project.updated DESC, project.rowid DESC"
    case "oldest": "project.created, project.rowid"
    case "name-asc": "project.name COLLATE NOCASE, project.rowid"
    case "name-desc": "project.name COLLATE NOCASE DESC, project.rowid DESC"
    case "count-desc": "modelCount DESC, project.rowid DESC"
    case "count-asc": "modelCount, project.rowid"
    default: "project.created DESC, project.rowid DESC"
    }
  }
}

extension ProjectRepository {
  /// The maximum number of names of models that a found project is shown with.
  private static let nameLimit = 10

  /// Searches the public projects of all accounts.
  ///
  /// - Returns: The projects that were asked for, and whether there are more.
  func search(
    _ search: ProjectSearch, viewer: Account?
  ) async throws(PlatformError) -> (
    found: [(project: ProjectRow, modelNames: [String])], hasMore: Bool
  ) {
    try await database.read { database in
      var conditions = ["project.visibility = 'public'"]
      var arguments: StatementArguments = [
        "limit": search.limit + 1, "offset": search.offset,
      ]
      if let text = search.text {
        conditions.append(
          """
          (project.name LIKE :text ESCAPE '\\' OR project.slug LIKE :text ESCAPE '\\'
            OR project.description LIKE :text ESCAPE '\\')
          """)
        arguments += ["text": LikePattern.containing(text)]
      }
      if let owner = search.owner {
        conditions.append("owner.username = :owner")
        arguments += ["owner": owner]
      }
      if search.isStarred { conditions.append("isStarred") }
      func names(_ values: [String], _ prefix: String) -> String {
        for (index, value) in values.enumerated() { arguments += ["\(prefix)\(index)": value] }
        return values.indices.map { ":\(prefix)\($0)" }.joined(separator: ", ")
      }
      if let tasks = search.tasks {
        conditions.append(
          """
          EXISTS (SELECT 1 FROM model WHERE model.project = project.id AND model.trashed IS NULL
            AND model.task IN (\(names(tasks, "task"))))
          """)
      }
      if let licenses = search.licenses {
        conditions.append("project.license IN (\(names(licenses, "license")))")
      }
      let rows = try ProjectTable.rows(
        database,
        where: """
          \(conditions.joined(separator: " AND ")) ORDER BY \(search.ordering)
          LIMIT :limit OFFSET :offset
          """, arguments, viewer: viewer)
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
#endif
