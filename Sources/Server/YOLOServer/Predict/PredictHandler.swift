#if Server
import YOLOServerOptions
import HTTPTypes
import Hummingbird
import YOLO
import YOLOGeometry
import YOLOOptions

/// Answers `POST /`, `/predict` and `/v1/predict/{model}`: a form with an image or a video.
struct PredictHandler: Sendable {
  let models: ModelStore
  let queue: InferenceQueue
  let uploads: UploadBudget
  let videos: VideoSlots
  let metrics: ServerMetrics
  let limits: ServerLimits
  let start: ContinuousClock.Instant

  /// Receives the form, predicts, and answers with one entry of `images` an image or frame.
  func respond(
    to request: Request, context: ServerContext, pathModel: ModelReference? = nil
  ) async throws -> Response {
    let presence = try await context.channel.disconnectMonitor()
    let form = try await UploadForm.read(
      from: request.body, headers: request.headers, limits: limits, budget: uploads
    ) {
      if request.headers[.expect] != nil { try await context.channel.inviteBody() }
    }
    metrics.recordUpload(bytes: form.fileBytes)
    let asked = try PredictRequest(form.fields, pathModel: pathModel)
    let lease = try await models.lease(asked.model)
    try allow(context.key, lease)
    guard !lease.model.task.isDense else {
      throw APIError.invalidField(
        "model", given: lease.name,
        expected: VisionTask.labeled.map(\.rawValue).joined(separator: ", "),
        "The model \(lease.name) is for \(lease.model.task.rawValue): a value for each pixel is not "
          + "an answer of this server.")
    }
    if let model = asked.repeatedModel { try models.check(model, means: lease) }
    try asked.checkClasses(
      of: lease.model, given: form.fields[PredictOption.classes.name])
    let call = PredictCall(
      form: form, asked: asked, lease: lease, presence: presence,
      metadata: ResponseMetadata(
        serverStart: start, requestStart: context.start, model: lease.fileName, task: lease.task))
    let bytes: [UInt8]
    switch form.file {
    case .image(let image): bytes = try await predict(image: image, call)
    case .video(let file): bytes = try await predict(video: file, call)
    case .unknown(let first): throw APIError.unknownFile(first)
    }
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private func allow(_ key: KeyRecord?, _ lease: ModelLease) throws(APIError) {
    guard let key, !key.allows(model: lease.name) else { return }
    throw .forbidden("This key may not use the model \(lease.name).")
  }
}
#endif
