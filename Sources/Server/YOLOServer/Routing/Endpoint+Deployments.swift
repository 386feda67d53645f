#if Server
import HTTPTypes
import JSONText

extension Endpoint {
  private static let readers: Access = .scopes([.read, .models])
  private static let writers: Access = .scopes([.models])
  private static let byID = "/api/deployments/{deploymentId:deployment_}"
  private static let ofOwner = "/api/deployments/{owner:!deployment_}"
  private static let byName = "\(ofOwner)/{deployment}"

  private static let status = Parameter.query(
    "status", "The status.", Schema.choice(DeploymentStatus.allCases.map(\.rawValue)))
  private static let range = Parameter.query(
    "range", "How far back; 24h if not given.",
    Schema.choice(DeploymentMetrics.Range.allCases.map(\.rawValue)))
  private static let view = Parameter.query(
    "view", "Whether only the most important is meant.", Schema.choice(["overview"]))
  private static let log: [Parameter] = [
    .query(
      "severity",
      "Severities with commas between them, in any case; WARNUNG and FEHLER are known, too."),
    .limit(50, maximum: 200), .query("pageToken", "`nextPageToken` of the page before."),
  ]
  private static let predictFailures = [400, 404, 409]

  /// Deployments of models, by identifier and by owner and slug.
  static let deployments: [Endpoint] = [
    operation(
      .get, "/api/deployments", "listDeployments",
      "The deployments of the account, or of a model, the newest first.", readers,
      parameters: [
        .query("modelId", "The identifier of the model."), status, .page, .limit(20, maximum: 100),
      ], answer: .json("DeploymentPage", "A part of the deployments."), failures: [400, 404]
    ) { try await $0.deployments.list($1, $2) },
    operation(
      .post, "/api/deployments", "createDeployment", "Deploys a model: its own server starts.",
      writers, body: .json("DeploymentCreation"),
      answer: .json("DeploymentResponse", "The deployment.", status: .created),
      failures: [404, 409]
    ) { try await $0.deployments.create($1, $2) },
    operation(
      .get, byID, "deployment", "A deployment.", readers,
      answer: .json("DeploymentResponse", "The deployment."), failures: [404]
    ) { try await $0.deployments.deployment($1, $2) },
    operation(
      .delete, byID, "deleteDeployment", "Deletes a deployment for good.", writers,
      answer: .json("IdentityResponse", "It is deleted."), failures: [404]
    ) { try await $0.deployments.delete($1, $2) },
    operation(
      .post, "\(byID)/start", "startDeployment", "Starts a deployment that is stopped or failed.",
      writers, answer: .json("DeploymentResponse", "It is starting.", status: .accepted),
      failures: [404, 409]
    ) { try await $0.deployments.start($1, $2) },
    operation(
      .post, "\(byID)/stop", "stopDeployment", "Stops a deployment.", writers,
      answer: .json("DeploymentResponse", "It is stopping.", status: .accepted),
      failures: [404, 409]
    ) { try await $0.deployments.stop($1, $2) },
    operation(
      .get, "\(byID)/metrics", "deploymentMetrics", "What a deployment did, step by step.", readers,
      parameters: [range, view], answer: .json("DeploymentMetricsResponse", "What it did."),
      failures: [400, 404]
    ) { try await $0.deployments.measures($1, $2) },
    operation(
      .get, "\(byID)/logs", "deploymentLogs", "What a deployment wrote, the newest first.", readers,
      parameters: log, answer: .json("DeploymentLogsResponse", "Lines of the log."),
      failures: [400, 404]
    ) { try await $0.deployments.log($1, $2) },
    operation(
      .post, "\(byID)/predict", "predictWithDeployment",
      "Predicts an image, or the frames of a video, with a deployment.", .scopes([.predict]),
      body: .form("PredictForm"), answer: .json("PlatformPrediction", "What was found."),
      failures: predictFailures
    ) { try await $0.deployments.predict($1, $2) },
    operation(
      .get, ofOwner, "listOwnerDeployments", "The deployments of an owner, the newest first.",
      readers, form: .flat,
      parameters: [
        .query("model", "The slugs of a project and a model with a slash between them."), status,
        .page, .limit(20, maximum: 100),
      ], answer: .json("DeploymentList", "The deployments."), failures: [400, 404]
    ) { try await $0.deployments.listOfOwner($1, $2) },
    operation(
      .post, ofOwner, "createOwnerDeployment", "Deploys a model: its own server starts.", writers,
      form: .flat, body: .json("NamedDeploymentCreation"),
      answer: .json("CreatedDeployment", "What was created.", status: .created),
      failures: [404, 409]
    ) { try await $0.deployments.createNamed($1, $2) },
    operation(
      .get, byName, "ownerDeployment", "A deployment.", readers, form: .flat,
      answer: .json("DeploymentDetail", "The deployment."), failures: [404]
    ) { try await $0.deployments.deploymentOfOwner($1, $2) },
    changing(
      operation(
        .patch, byName, "updateDeployment",
        "Starts, stops, resizes or renames a deployment, or lets it serve another model at its "
          + "address.", writers, form: .flat, body: .json("DeploymentChanges"),
        answer: .json("DeploymentUpdated", "It is done."), failures: [404, 409]
      ) { try await $0.deployments.update($1, $2) }),
    operation(
      .delete, byName, "deleteOwnerDeployment", "Deletes a deployment for good.", writers,
      form: .flat, answer: .json("Success", "It is deleted."), failures: [404]
    ) { try await $0.deployments.deleteNamed($1, $2) },
    operation(
      .get, "\(byName)/health", "deploymentHealth",
      "Whether a deployment answers; one that sleeps is woken.", readers, form: .flat,
      answer: .json("DeploymentHealth", "Whether it answers."), failures: [404]
    ) { try await $0.deployments.health($1, $2) },
    operation(
      .get, "\(byName)/metrics", "ownerDeploymentMetrics", "What a deployment did, step by step.",
      readers, form: .flat,
      parameters: [
        range, view, .query("sparkline", "Whether few numbers are meant.", Schema.type("boolean")),
      ], answer: .json("OwnerDeploymentMetrics", "What it did."), failures: [400, 404]
    ) { try await $0.deployments.measuresOfOwner($1, $2) },
    operation(
      .get, "\(byName)/logs", "ownerDeploymentLogs", "What a deployment wrote, the newest first.",
      readers, form: .flat, parameters: log,
      answer: .json("DeploymentLogPage", "Lines of the log."),
      failures: [400, 404]
    ) { try await $0.deployments.logOfOwner($1, $2) },
    operation(
      .post, "\(byName)/predict", "predictWithOwnerDeployment",
      "Predicts an image, or the frames of a video, with a deployment.", .scopes([.predict]),
      form: .flat, body: .form("PredictForm"),
      answer: .json("PlatformPrediction", "What was found."), failures: predictFailures
    ) { try await $0.deployments.predictOfOwner($1, $2) },
    service("/d/{owner}/{deployment}", "callDeployment"),
    service("/d/{owner}/{deployment}/predict", "callDeploymentPredict"),
  ]

  private static func changing(_ endpoint: Endpoint) -> Endpoint {
    var endpoint = endpoint
    endpoint.alternatives = [
      .json("DeploymentUpdated", "It is under way.", status: .accepted)
    ]
    return endpoint
  }

  /// An endpoint of a deployment's own address: as of a server of this model alone, without a limit
  /// of calls.
  private static func service(_ path: String, _ id: String) -> Endpoint {
    var endpoint = operation(
      .post, path, id, "Predicts as a server of the deployed model alone.", .scopes([.predict]),
      body: .form("PredictForm"), answer: .json("PredictResponse", "What was found."),
      failures: predictFailures
    ) { try await $0.deployments.serve($1, $2) }
    endpoint.budget = .none
    return endpoint
  }
}
#endif
