#if Server
import HTTPTypes
import Hummingbird
import JSONText
import YOLOSystem

/// Answers what is asked about projects.
///
/// Paths with an identifier answer in the envelope of the first documents, paths with names are
/// flat.
struct ProjectController: Sendable {
  let accounts: AccountRepository
  let projects: ProjectRepository
  let models: ModelRepository
  /// Where the data are, as answers call it.
  let region: String

  /// The body of `POST /api/projects` and `POST …/clone`.
  private struct Creation: Decodable {
    let name: String?
    let project: String?
    /// The name that `project` had in between.
    let slug: String?
    let description: String?
    let visibility: String?
    let tags: [String]?
    let license: String?
    let metadata: StoredJSON?
    let owner: String?
  }

  /// The body of `PATCH`.
  private struct Changes: Decodable {
    let starred: Bool?
    let name: String?
    let description: String?
    let visibility: String?
    let tags: [String]?
    let license: String?
    let archived: Bool?
    let iconColor: Nullable<String>?
    let iconLetter: Nullable<String>?
    let viewPreferences: StoredJSON?
    let metadata: StoredJSON?
  }

  // MARK: Paths with an identifier

  /// `GET /api/projects`.
  func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let page = try QueryReader(request).page(default: 20, maximum: 100)
    let account = try context.account()
    let (rows, total) = try await projects.list(of: account, viewer: account, page: page)
    return try .encoded(
      ListEnvelope(
        data: rows.map { ProjectData($0, region: region) },
        meta: PageData(page: page.number, limit: page.limit, total: total)))
  }

  /// `GET /api/projects/{projectId}`.
  func project(_ request: Request, _ context: ServerContext) async throws -> Response {
    let row = try await projects.project(
      try context.locator("projectId"), viewer: context.key?.account)
    var data = ProjectData(row, region: region)
    data.models = try await models.summaries(of: row)
    return try .encoded(Envelope(data: data))
  }

  /// `POST /api/projects` without the member `project`.
  func create(_ request: Request, _ context: ServerContext) async throws -> Response {
    let asked = try await request.decoded(Creation.self, context)
    let row = try await create(asked, slug: asked.slug, context)
    return try .encoded(
      Superset(data: ProjectData(row, region: region), flat: created(row)), status: .created)
  }

  /// `DELETE /api/projects/{projectId}`.
  func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (row, count) = try await projects.trash(
      try context.locator("projectId"), by: try context.account())
    return try .encoded(Envelope(data: TrashedIdentity(id: row.id, cascadedModels: count)))
  }

  // MARK: Paths with names

  /// `GET /api/projects/{owner}`.
  func listOfOwner(_ request: Request, _ context: ServerContext) async throws -> Response {
    let page = try QueryReader(request).page(default: 20, maximum: 500)
    let owner = try await accounts.account(named: context.pathName("owner"))
    let (rows, total) = try await projects.list(
      of: owner, viewer: context.key?.account, page: page)
    return try .encoded(
      ProjectList(
        projects: rows.map { ProjectData($0, region: region) }, total: total, region: region))
  }

  /// `GET /api/projects/{owner}/{project}`.
  func projectOfOwner(_ request: Request, _ context: ServerContext) async throws -> Response {
    let viewer = context.key?.account
    let row = try await projects.project(
      try context.locator("owner", "project"), viewer: viewer)
    return try .encoded(
      ProjectDetail(
        project: ProjectData(row, region: region), models: try await models.summaries(of: row),
        isOwner: row.account == viewer?.id))
  }

  /// `POST /api/projects` with the member `project`.
  func createNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    let asked = try await request.decoded(Creation.self, context)
    return try .encoded(
      created(try await create(asked, slug: asked.project, context)), status: .created)
  }

  /// `PATCH /api/projects/{owner}/{project}`.
  func update(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let locator = try context.locator("owner", "project")
    let asked = try await request.decoded(Changes.self, context)
    if let starred = asked.starred {
      let count = try await projects.star(locator, starred, by: account)
      return try .encoded(StarData(starred: starred, starCount: count))
    }
    let changes = ProjectChanges(
      name: asked.name, description: asked.description,
      visibility: try Visibility(named: asked.visibility), tags: asked.tags,
      license: asked.license, isArchived: asked.archived, iconColor: asked.iconColor,
      iconLetter: asked.iconLetter, viewPreferences: asked.viewPreferences,
      metadata: asked.metadata)
    let row = try await projects.update(locator, changes, by: account)
    return try .encoded(UpdatedResource(project: row.slug))
  }

  /// `DELETE /api/projects/{owner}/{project}`.
  func deleteNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (_, count) = try await projects.trash(
      try context.locator("owner", "project"), by: try context.account())
    return try .encoded(TrashedResource(cascadedModels: count))
  }

  /// `POST /api/projects/{owner}/{project}/clone`.
  func clone(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try await request.decoded(Creation.self, context)
    try account.check(owner: asked.owner)
    let visibility = try Visibility(named: asked.visibility)
    let row = try await projects.clone(
      try context.locator("owner", "project"), to: account
    ) { source in
      ProjectDraft(
        name: asked.name ?? source.name, slug: asked.project,
        description: asked.description ?? source.description, visibility: visibility ?? .private,
        tags: source.tags, license: asked.license ?? source.license, metadata: source.metadata)
    }
    var copy = created(row)
    copy.name = row.name
    copy.modelCount = row.modelCount
    return try .encoded(copy, status: .created)
  }

  private func create(
    _ asked: Creation, slug: String?, _ context: ServerContext
  ) async throws -> ProjectRow {
    let account = try context.account()
    try account.check(owner: asked.owner)
    guard let name = asked.name else {
      throw APIError.invalidField("name", expected: "a value", "name is missing.")
    }
    let draft = ProjectDraft(
      name: name, slug: slug, description: asked.description,
      visibility: try Visibility(named: asked.visibility) ?? .private, tags: asked.tags,
      license: asked.license, metadata: asked.metadata)
    return try await projects.create(draft, of: account)
  }

  private func created(_ row: ProjectRow) -> CreatedResource {
    CreatedResource(id: row.id, owner: row.owner, project: row.slug, region: region)
  }
}

extension Visibility {
  /// Reads a name, if there is one.
  ///
  /// - Throws: `PlatformError.invalid` for one that is none.
  init?(named name: String?) throws(PlatformError) {
    try ResourceName.check("visibility", name, in: Self.allCases.map(\.rawValue))
    guard let name, let visibility = Visibility(rawValue: name) else { return nil }
    self = visibility
  }
}

extension Account {
  /// Refuses to create something for another account.
  ///
  /// - Throws: `APIError` of status 403.
  func check(owner: String?) throws(APIError) {
    guard let owner, owner != username else { return }
    throw .forbidden(
      "This key belongs to \(username), and may create nothing for \(owner.excerpt()).")
  }
}

extension ServerContext {
  /// Returns what the path names by its parameter of an identifier, or by those of names.
  func locator(_ parameters: String...) throws(APIError) -> ResourceLocator {
    let values = try parameters.map { name throws(APIError) in try pathName(name) }
    return values.count == 1 ? .id(values[0]) : .path(values)
  }

  /// Returns a parameter of the path, decoded.
  ///
  /// - Throws: `APIError` of status 404 for octets that are no UTF-8: nothing has such a name.
  func pathName(_ parameter: String) throws(APIError) -> String {
    guard let text = match?.parameters[parameter], let octets = text.utf8.percentDecoded,
      let name = String(validating: octets, as: UTF8.self)
    else { throw .notFound("There is nothing at this path.") }
    return name
  }
}
#endif
