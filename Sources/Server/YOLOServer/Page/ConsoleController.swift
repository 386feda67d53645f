#if Server
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers with the console: the pages of a platform in a browser.
///
/// All pages are one document, which asks the API for what the address names: what is private and
/// what does not exist are answered with the same bytes. The status tells whoever has a key whether
/// that key may see it. Without a key it is 200 for all that an account could have, as browsers send
/// none when they open an address that a training has printed.
struct ConsoleController: Sendable {
  let accounts: AccountRepository
  let projects: ProjectRepository
  let models: ModelRepository
  let datasets: DatasetRepository
  private let page: ConsoleFile
  private let files: [String: ConsoleFile]

  /// The views below `/settings`.
  static let settingsViews = ["keys", "usage", "activity", "trash", "webhooks", "account"]
  /// The views below `/models`.
  static let modelViews = ["jobs", "exports", "deployments"]

  init(
    accounts: AccountRepository, projects: ProjectRepository, models: ModelRepository,
    datasets: DatasetRepository
  ) {
    self.accounts = accounts
    self.projects = projects
    self.models = models
    self.datasets = datasets
    var files = Dictionary(
      ConsoleFile.all().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    page = files.removeValue(forKey: "console.html") ?? ConsoleFile("console.html", [])
    self.files = files
  }

  /// Answers with the document, whatever is to be seen.
  func open(_ request: Request, _ context: ServerContext) -> Response {
    page.response(to: request)
  }

  /// `GET /ui/{file}`: a style sheet, a script or an image of the console.
  func file(_ request: Request, _ context: ServerContext) throws(APIError) -> Response {
    guard let file = files[try context.pathName("file")] else {
      throw .notFound("There is nothing at this path.")
    }
    return file.response(to: request)
  }

  /// `GET /settings/{view}` and `GET /models/{view}`.
  func view(
    of views: [String], _ request: Request, _ context: ServerContext
  ) throws(APIError) -> Response {
    views.contains(try context.pathName("view")) ? page.response(to: request) : missing(request)
  }

  /// `GET /{owner}`: what an account has.
  func owner(_ request: Request, _ context: ServerContext) async throws -> Response {
    do {
      _ = try await accounts.account(named: context.pathName("owner"))
    } catch {
      guard APIError(error)?.status == .notFound else { throw error }
      return missing(request)
    }
    return page.response(to: request)
  }

  /// `GET /{owner}/datasets/{dataset}`.
  func dataset(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await answer(request, context) {
      _ = try await datasets.dataset(
        try context.locator("owner", "dataset"), viewer: context.key?.account)
    }
  }

  /// `GET /{owner}/{project}`; instead of a project the datasets of the owner.
  func project(_ request: Request, _ context: ServerContext) async throws -> Response {
    if try context.pathName("project") == "datasets" { return try await owner(request, context) }
    return try await answer(request, context) {
      _ = try await projects.project(
        try context.locator("owner", "project"), viewer: context.key?.account)
    }
  }

  /// `GET /{owner}/{project}/{model}`.
  func model(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await answer(request, context) {
      _ = try await models.model(
        try context.locator("owner", "project", "model"), viewer: context.key?.account)
    }
  }

  /// Answers with the document; for a key its status is 404 if `look` throws that there is nothing.
  private func answer(
    _ request: Request, _ context: ServerContext, look: () async throws -> Void
  ) async throws -> Response {
    do {
      try await look()
    } catch {
      guard APIError(error)?.status == .notFound else { throw error }
      return context.key == nil ? try await owner(request, context) : missing(request)
    }
    return page.response(to: request)
  }

  private func missing(_ request: Request) -> Response {
    page.response(to: request, status: .notFound)
  }
}
#endif
