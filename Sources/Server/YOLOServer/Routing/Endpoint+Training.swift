#if Server
import HTTPTypes
import JSONText

extension Endpoint {
  private static let trainingReaders: Access = .scopes([.read, .models, .training])
  private static let trainers: Access = .scopes([.training])
  private static let trainingOfOwner = "/api/models/{owner:!model_}/{project}/{model}/training"

  /// Trainings: what is reported of them, the jobs of this server, and what older clients ask for.
  static let trainings: [Endpoint] = [
    operation(
      .post, "/api/training/start", "startTraining",
      "Puts a training of a model with a dataset into the queue.", trainers,
      body: .json("TrainingRequest"),
      answer: .json("TrainingStartResponse", "It is in the queue."),
      failures: [402, 404, 409, 501]
    ) { try await $0.trainings.start($1, $2) },
    operation(
      .post, "/api/training/start", "startTrainingWithArguments",
      "Puts a training with the arguments `trainArgs` into the queue.", trainers, form: .flat,
      selection: .member("trainArgs"), body: .json("TrainingArgumentRequest"),
      answer: .json("TrainingStart", "It is in the queue."), failures: [402, 404, 409, 501]
    ) { try await $0.trainings.startWithArguments($1, $2) },
    operation(
      .get, "/api/training/gpu-availability", "gpuAvailability",
      "How busy the devices of this server are; null for those that it does not have.",
      .visitors([.read, .models, .training]), form: .flat,
      answer: .json("DeviceAvailability", "The kinds of devices.")
    ) { try await $0.trainings.availability($1, $2) },
    operation(
      .get, "/api/models/{modelId:model_}/training", "training",
      "What the training of a model has come to; null if it was never trained.", trainingReaders,
      answer: .json("TrainingJobResponse", "The training."), failures: [404]
    ) { try await $0.trainings.training($1, $2) },
    operation(
      .delete, "/api/models/{modelId:model_}/training", "cancelTraining",
      "Cancels the training of a model.", trainers,
      answer: .json("TrainingCancelledResponse", "It is cancelled."), failures: [404, 409]
    ) { try await $0.trainings.cancel($1, $2) },
    operation(
      .get, trainingOfOwner, "trainingOfModel",
      "What the training of a model has come to; null if it was never trained.",
      .visitors([.read, .models, .training]),
      form: .flat, answer: .json("TrainingJobDetail", "The training."), failures: [404]
    ) { try await $0.trainings.trainingOfOwner($1, $2) },
    operation(
      .delete, trainingOfOwner, "cancelTrainingOfModel", "Cancels the training of a model.",
      trainers, form: .flat, answer: .json("TrainingCancelled", "It is cancelled."),
      failures: [404, 409]
    ) { try await $0.trainings.cancelOfOwner($1, $2) },
    report(
      .post, "/api/webhooks/training/metrics", "reportTraining",
      "Reports something of a training; `training_started` without `modelId` creates the model.",
      trainers, body: .json("TrainingReport", maximumBytes: TrainingEvent.byteLimit),
      answer: .json("TrainingReceipt", "It is noted; whether the training is to end."),
      failures: [404, 409]
    ) { try await $0.trainings.report($1, $2) },
    report(
      .post, "/api/webhooks/models/upload", "beginCheckpoint",
      "Begins the upload of a checkpoint of a training.", trainers,
      body: .json("CheckpointRequest"),
      answer: .json("CheckpointTicket", "Where to send it, and what names it in reports."),
      failures: [404]
    ) { try await $0.trainings.beginCheckpoint($1, $2) },
    report(
      .get, "/api/webhooks/datasets/{owner}/{dataset}/export", "exportForOlderClients",
      "The address of a dataset as NDJSON.", .scopes([.read, .datasets, .training]),
      answer: .empty(.found, "The header `Location` has it."), failures: [404, 409]
    ) { try await $0.trainings.datasetForOlderClients($1, $2) },
    report(
      .get, "/api/webhooks/models/{owner}/{project}/{model}/download", "modelForOlderClients",
      "The address of a model's weights.", trainingReaders,
      answer: .empty(.found, "The header `Location` has it."), failures: [404]
    ) { try await $0.trainings.modelForOlderClients($1, $2) },
  ]

  /// An endpoint for trainings under way, whose calls are counted apart.
  private static func report(
    _ method: HTTPRequest.Method, _ path: String, _ id: String, _ summary: String,
    _ access: Access, body: Body? = nil, answer: Answer, failures: [Int],
    _ handler: @escaping PlatformHandler
  ) -> Endpoint {
    var endpoint = operation(
      method, path, id, summary, access, form: .flat, body: body, answer: answer,
      failures: failures, handler)
    endpoint.budget = .events
    return endpoint
  }
}
#endif
