#if Server
import JSONText

/// The schemas of projects.
extension OpenAPIDocument {
  /// An object of any members.
  static var anything: JSONValue { Schema.type("object") }

  static var visibility: JSONValue { Schema.choice(Visibility.allCases.map(\.rawValue)) }

  static var license: JSONValue { Schema.choice(ResourceLicense.names) }

  static func optional(_ name: String, _ value: JSONValue) -> Schema.Field {
    Schema.Field(name, value, isRequired: false)
  }

  /// Text, or null to remove it.
  static func nullableText(_ description: String) -> JSONValue {
    Schema.any([text(description), Schema.type("null")])
  }

  /// `{"success":true,"data":[…],"meta":{…}}`.
  static func page(of element: JSONValue) -> JSONValue {
    envelope(Schema.list(of: element), and: [meta])
  }

  static var meta: Schema.Field {
    Schema.Field(
      "meta", Schema.record(["page", "limit", "total"].map { Schema.Field($0, count()) }))
  }

  /// `{"success":true}` with other members.
  static func success(_ fields: [Schema.Field] = []) -> JSONValue {
    Schema.record(
      [Schema.Field("success", Schema.adding(["const": .bool(true)], to: flag))] + fields)
  }

  private static var project: [Schema.Field] {
    [
      Schema.Field("id", text("`project_` and 24 hexadecimal digits.")),
      Schema.Field("name", text("The name for people.")),
      Schema.Field("slug", text("The name in paths; `project` is the same.")),
      optional("description", text()), Schema.Field("visibility", visibility),
      Schema.Field("modelCount", count()), Schema.Field("createdAt", time),
      Schema.Field("owner", text()), Schema.Field("project", text()),
      optional("tags", Schema.list(of: text())), optional("license", license),
      optional("iconColor", text()), optional("iconLetter", text()),
      Schema.Field("totalBytes", count()), Schema.Field("starCount", count()),
      Schema.Field("isStarred", flag), Schema.Field("archived", flag), region,
      optional("clonedFrom", text("The identifier of the project that was copied.")),
      Schema.Field("cloneCount", count()), optional("viewPreferences", anything),
      Schema.Field("updatedAt", time), Schema.Field("metadata", anything),
    ]
  }

  private static var models: Schema.Field {
    Schema.Field("models", Schema.list(of: Schema.reference("ModelSummary")))
  }

  private static var created: [Schema.Field] {
    [
      Schema.Field("id", text()), Schema.Field("owner", text()), Schema.Field("project", text()),
      region,
    ]
  }

  /// The members that a project can be created and copied with.
  private static var draft: [Schema.Field] {
    [
      optional("description", text()), optional("visibility", visibility),
      optional("license", license), optional("owner", text("The account of the key.")),
    ]
  }

  private static var creation: [Schema.Field] {
    [Schema.Field("name", text())] + draft + [
      optional("tags", Schema.list(of: text())), optional("metadata", anything),
    ]
  }

  private static var starred: JSONValue {
    Schema.record([Schema.Field("starred", flag), Schema.Field("starCount", count())])
  }

  static var projectSchemas: [JSONMember] {
    [
      JSONMember("Project", Schema.record(project)),
      JSONMember("ProjectPage", page(of: Schema.reference("Project"))),
      JSONMember("ProjectWithModels", Schema.record(project + [models])),
      JSONMember("ProjectResponse", envelope(Schema.reference("ProjectWithModels"))),
      JSONMember(
        "ProjectCreation",
        Schema.open(creation + [optional("slug", text("One of the name if not given."))])),
      JSONMember(
        "NamedProjectCreation",
        Schema.open(creation + [Schema.Field("project", text("The slug."))])),
      JSONMember(
        "ProjectCreatedResponse", envelope(Schema.reference("Project"), and: created)),
      JSONMember("CreatedProject", Schema.record(created)),
      JSONMember(
        "ProjectTrashedResponse",
        envelope(
          Schema.record([Schema.Field("id", text()), Schema.Field("cascadedModels", count())]))),
      JSONMember(
        "ProjectList",
        Schema.record([
          Schema.Field("projects", Schema.list(of: Schema.reference("Project"))),
          Schema.Field("total", count()), region,
        ])),
      JSONMember(
        "ProjectDetail",
        Schema.record([
          Schema.Field("project", Schema.reference("Project")), models,
          Schema.Field("isOwner", flag),
        ])),
      JSONMember(
        "ProjectChanges",
        Schema.open(
          [
            optional("starred", flag), optional("name", text()),
            optional("tags", Schema.list(of: text())), optional("archived", flag),
            optional("iconColor", nullableText("A color.")),
            optional("iconLetter", nullableText("At most two characters.")),
            optional("viewPreferences", anything), optional("metadata", anything),
          ] + draft.filter { $0.name != "owner" })),
      JSONMember(
        "ProjectUpdatedResponse",
        Schema.any([success([Schema.Field("project", text("The slug."))]), starred])),
      JSONMember("ProjectTrashed", success([Schema.Field("cascadedModels", count())])),
      JSONMember(
        "ProjectClone",
        Schema.open([optional("name", text()), optional("project", text("The slug."))] + draft)),
      JSONMember(
        "ClonedProject",
        Schema.record(
          created + [Schema.Field("name", text()), Schema.Field("modelCount", count())])),
      JSONMember(
        "SearchResponse",
        Schema.record([
          Schema.Field(
            "projects",
            Schema.list(
              of: Schema.record(
                project + [Schema.Field("modelNames", Schema.list(of: text()))]))),
          Schema.Field("datasets", Schema.list(of: Schema.reference("Dataset"))),
          Schema.Field("hasMore", flag),
        ])),
      JSONMember("StarData", starred),
    ]
  }
}
#endif
