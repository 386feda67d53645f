#if Server
import HTTPTypes
import JSONText

extension Endpoint {
  private static let readers: Access = .scopes([.read, .models])
  private static let visitors: Access = .visitors([.read, .models])
  private static let writers: Access = .scopes([.models])
  private static let ofOwner = "/api/projects/{owner:!project_}"

  /// Projects, by identifier and by owner and slug.
  static let projects: [Endpoint] = [
    operation(
      .get, "/api/projects", "listProjects", "The projects of the account, the newest first.",
      readers, parameters: [.page, .limit(20, maximum: 100)],
      answer: .json("ProjectPage", "A part of the projects."), failures: [400]
    ) { try await $0.projects.list($1, $2) },
    operation(
      .post, "/api/projects", "createProject", "Creates a project with a slug of its name.",
      writers, body: .json("ProjectCreation"),
      answer: .json("ProjectCreatedResponse", "The project.", status: .created), failures: [409]
    ) { try await $0.projects.create($1, $2) },
    operation(
      .post, "/api/projects", "createNamedProject",
      "Creates a project with the slug `project`.", writers, form: .flat,
      selection: .member("project"), body: .json("NamedProjectCreation"),
      answer: .json("CreatedProject", "What was created.", status: .created), failures: [409]
    ) { try await $0.projects.createNamed($1, $2) },
    operation(
      .get, "/api/projects/{projectId:project_}", "project", "A project and its models.", readers,
      answer: .json("ProjectResponse", "The project."), failures: [404]
    ) { try await $0.projects.project($1, $2) },
    operation(
      .delete, "/api/projects/{projectId:project_}", "deleteProject",
      "Moves a project and its models into the trash.", writers,
      answer: .json("ProjectTrashedResponse", "It is in the trash."), failures: [404]
    ) { try await $0.projects.delete($1, $2) },
    operation(
      .get, ofOwner, "listOwnerProjects", "The projects of an owner that whoever asks may see.",
      visitors, form: .flat, parameters: [.page, .limit(20, maximum: 500)],
      answer: .json("ProjectList", "The projects, the newest first."), failures: [400, 404]
    ) { try await $0.projects.listOfOwner($1, $2) },
    operation(
      .get, "\(ofOwner)/{project}", "ownerProject", "A project and its models.", visitors,
      form: .flat, answer: .json("ProjectDetail", "The project."), failures: [404]
    ) { try await $0.projects.projectOfOwner($1, $2) },
    operation(
      .patch, "\(ofOwner)/{project}", "updateProject",
      "Changes a project; a new name means a new slug. `starred` alone is what the account likes.",
      writers, form: .flat, body: .json("ProjectChanges"),
      answer: .json("ProjectUpdatedResponse", "The slug, or the stars."), failures: [404]
    ) { try await $0.projects.update($1, $2) },
    operation(
      .delete, "\(ofOwner)/{project}", "deleteOwnerProject",
      "Moves a project and its models into the trash.", writers, form: .flat,
      answer: .json("ProjectTrashed", "It is in the trash."), failures: [404]
    ) { try await $0.projects.deleteNamed($1, $2) },
    operation(
      .post, "\(ofOwner)/{project}/clone", "cloneProject",
      "Copies a project with its models that are complete.", writers, form: .flat,
      body: .json("ProjectClone", isRequired: false),
      answer: .json("ClonedProject", "The copy.", status: .created), failures: [404, 409]
    ) { try await $0.projects.clone($1, $2) },
    operation(
      .get, "/api/explore/search", "explore",
      "Searches the public projects and datasets of all accounts.",
      .visitors([.read, .models, .datasets]), form: .flat,
      parameters: [
        .query("q", "What the name, the slug or the description must have."),
        .query("type", "What is searched for: all, projects or datasets."),
        .query("sort", "The order.", Schema.choice(ExploreController.orders)),
        .query("offset", "How many are skipped.", Schema.type("integer")),
        .limit(20, maximum: 100),
        .query("task", "Tasks, with commas between them, of which a model must have one."),
        .query("license", "Licenses, with commas between them."),
        .query("author", "The name of the owner."),
        .query("starred", "Whether only what the account likes is meant.", Schema.type("boolean")),
      ],
      answer: .json("SearchResponse", "What was found."), failures: [400, 404]
    ) { try await $0.explore.search($1, $2) },
  ]
}
#endif
