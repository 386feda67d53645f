#if Server
import HTTPTypes
import JSONText

extension Endpoint {
  private static let readers: Access = .scopes([.read, .models, .training])
  private static let visitors: Access = .visitors([.read, .models, .training])
  private static let writers: Access = .scopes([.models])
  private static let ofProject = "/api/models/{owner:!model_}/{project}"
  /// What is known of a training may be long.
  private static let bodyLimit = 4 << 20

  /// Models of projects, by identifier and by owner and slugs.
  static let projectModels: [Endpoint] = [
    operation(
      .get, "/api/models", "listProjectModels",
      "The models of the account, or of a project, the newest first.", readers,
      parameters: [
        .query("projectId", "The identifier of the project."),
        .query("task", "The task.", Schema.choice(ModelTask.names)),
        .query("status", "The status.", Schema.choice(ModelStatus.allCases.map(\.rawValue))),
        .page, .limit(20, maximum: 100),
      ], answer: .json("ProjectModelPage", "A part of the models."), failures: [400, 404]
    ) { try await $0.models.list($1, $2) },
    operation(
      .post, "/api/models", "createModel", "Creates a model without weights in a project.",
      writers, body: .json("ModelCreation", maximumBytes: bodyLimit),
      answer: .json("ModelCreatedResponse", "The model.", status: .created), failures: [404, 409]
    ) { try await $0.models.create($1, $2) },
    operation(
      .post, "/api/models", "createNamedModel",
      "Creates a model without weights in the project `project`.", writers, form: .flat,
      selection: .member("project"), body: .json("NamedModelCreation", maximumBytes: bodyLimit),
      answer: .json("CreatedModel", "What was created.", status: .created), failures: [404, 409]
    ) { try await $0.models.createNamed($1, $2) },
    operation(
      .post, "/api/models", "uploadModel",
      "Creates a model of a checkpoint; the task, the classes and the size are read from it.",
      writers, selection: .form, body: .form("ModelUploadForm"),
      answer: .json("ModelCreatedResponse", "The model.", status: .created), failures: [404, 409]
    ) { try await $0.models.upload($1, $2) },
    operation(
      .get, "/api/models/{modelId:model_}/files", "modelFiles",
      "The file of a model's weights, with an address to read it.", readers,
      answer: .json("ModelFilesResponse", "The files."), failures: [404]
    ) { try await $0.models.files($1, $2) },
    operation(
      .post, "/api/models/{modelId:model_}/predict", "predictWithModelOfProject",
      "Predicts an image, or the frames of a video.", .scopes([.predict]),
      body: .form("PredictForm"), answer: .json("PlatformPrediction", "What was found."),
      failures: [404]
    ) { try await $0.models.predict($1, $2) },
    operation(
      .get, "/api/models/{modelId:model_}", "projectModel", "A model.", readers,
      answer: .json("ModelResponse", "The model."), failures: [404]
    ) { try await $0.models.model($1, $2) },
    operation(
      .delete, "/api/models/{modelId:model_}", "deleteModel", "Moves a model into the trash.",
      writers, answer: .json("IdentityResponse", "It is in the trash."), failures: [404]
    ) { try await $0.models.delete($1, $2) },
    operation(
      .get, ofProject, "listModelsOfProject", "The models of a project, the newest first.",
      visitors, form: .flat, parameters: [.limit(20, maximum: 100)],
      answer: .json("ProjectModelList", "The models."), failures: [400, 404]
    ) { try await $0.models.listOfProject($1, $2) },
    operation(
      .get, "\(ofProject)/{model}", "modelOfProject", "A model.", visitors, form: .flat,
      parameters: [.query("analysis", "Not available on this server.", Schema.choice(["1"]))],
      answer: .json("ModelDetail", "The model."), failures: [400, 404]
    ) { try await $0.models.modelOfProject($1, $2) },
    operation(
      .patch, "\(ofProject)/{model}", "updateModel",
      "Changes a model; a new name means a new slug. `starred` alone is what the account likes, "
        + "`projectId` alone moves it into another project.",
      writers, form: .flat, body: .json("ModelChanges", maximumBytes: bodyLimit),
      answer: .json("ModelUpdatedResponse", "The slug, or the stars."), failures: [404, 409]
    ) { try await $0.models.update($1, $2) },
    operation(
      .delete, "\(ofProject)/{model}", "deleteModelOfProject", "Moves a model into the trash.",
      writers, form: .flat, answer: .json("Success", "It is in the trash."), failures: [404]
    ) { try await $0.models.deleteNamed($1, $2) },
    operation(
      .get, "\(ofProject)/{model}/files", "filesOfModel",
      "The file of a model's weights, with an address to read it.", visitors, form: .flat,
      answer: .json("ModelFileList", "The files."), failures: [404]
    ) { try await $0.models.filesOfProject($1, $2) },
    operation(
      .post, "\(ofProject)/{model}/predict", "predictWithModelOfOwner",
      "Predicts an image, or the frames of a video.", .visitors([.predict]), form: .flat,
      body: .form("PredictForm"), answer: .json("PlatformPrediction", "What was found."),
      failures: [404]
    ) { try await $0.models.predictOfProject($1, $2) },
    operation(
      .post, "\(ofProject)/{model}/clone", "cloneModel",
      "Copies a model into a project of the account.", writers, form: .flat,
      body: .json("ModelClone"),
      answer: .json("CreatedModel", "The copy.", status: .created), failures: [404, 409]
    ) { try await $0.models.clone($1, $2) },
  ]
}
#endif
