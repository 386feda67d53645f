#if Server
import JSONText

/// A project as all answers have it: the members of the first documents, and those of the later
/// ones.
struct ProjectData: Encodable {
  let id: String
  let name: String
  let slug: String
  let description: String?
  let visibility: Visibility
  let modelCount: Int
  let createdAt: Timestamp
  let owner: String
  /// The slug, as paths have it.
  let project: String
  let tags: [String]?
  let license: String?
  let iconColor: String?
  let iconLetter: String?
  let totalBytes: Int
  let starCount: Int
  let isStarred: Bool
  let archived: Bool
  let region: String
  let clonedFrom: String?
  let cloneCount: Int
  let viewPreferences: StoredJSON?
  let updatedAt: Timestamp
  let metadata: StoredJSON
  /// The models, in the answer to whoever asks for the one project by its identifier.
  var models: [ModelSummary]?
  /// The names of the models, in the results of a search.
  var modelNames: [String]?

  init(_ row: ProjectRow, region: String) {
    id = row.id
    name = row.name
    slug = row.slug
    description = row.description
    visibility = row.visibility
    modelCount = row.modelCount
    createdAt = Timestamp(row.created)
    owner = row.owner
    project = row.slug
    tags = row.tags
    license = row.license
    iconColor = row.iconColor
    iconLetter = row.iconLetter
    totalBytes = row.totalBytes
    starCount = row.starCount
    isStarred = row.isStarred
    archived = row.isArchived
    self.region = region
    clonedFrom = row.clonedFrom
    cloneCount = row.cloneCount
    viewPreferences = row.viewPreferences
    updatedAt = Timestamp(row.updated)
    metadata = row.metadata
  }
}

/// The answer of `GET /api/projects/{owner}`.
struct ProjectList: Encodable {
  let projects: [ProjectData]
  let total: Int
  let region: String
}

/// The answer of `GET /api/projects/{owner}/{project}`.
struct ProjectDetail: Encodable {
  let project: ProjectData
  let models: [ModelSummary]
  let isOwner: Bool
}

/// What was created, or copied.
struct CreatedResource: Encodable {
  let id: String
  let owner: String
  let project: String
  var model: String?
  var name: String?
  var modelCount: Int?
  let region: String
}

/// That a resource was changed, with its slug.
struct UpdatedResource: Encodable {
  let success = true
  var project: String?
  var model: String?
  var slug: String?
  var name: String?
  var renamed: Bool?
  var projectSlug: String?
}

/// Whether the account likes a resource, and how many do.
struct StarData: Encodable {
  let starred: Bool
  let starCount: Int
}

/// The answer to what moves a resource into the trash.
struct TrashedResource: Encodable {
  let success = true
  var cascadedModels: Int?
}

/// The data of the same for an identifier.
struct TrashedIdentity: Encodable {
  let id: String
  var cascadedModels: Int?
}
#endif
