#if Server
import YOLOServerOptions
import HTTPTypes
import Hummingbird
import YOLOImageIO

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
    to request: Request, context: ServerContext, pathModel: String? = nil
  ) async throws -> Response {
    let presence = try await context.channel.disconnectMonitor()
    let form = try await UploadForm.read(
      from: request.body, contentType: request.headers[.contentType],
      contentLength: request.headers[.contentLength].flatMap { Int($0) }, limits: limits,
      budget: uploads)
    metrics.recordUpload(bytes: form.fileBytes)
    let asked = try PredictRequest(form.fields, pathModel: pathModel)
    let lease = try await models.lease(asked.model)
    try allow(context.key, lease)
    let call = PredictCall(
      form: form, asked: asked, lease: lease, presence: presence,
      metadata: ResponseMetadata(
        serverStart: start, requestStart: context.start, model: lease.fileName, task: lease.task))
    let bytes: [UInt8]
    switch form.file {
    case .image(let image): bytes = try await predict(image: image, call)
    case .video(let file): bytes = try await predict(video: file, call)
    case .unknown(let first):
      // The image reader names what it is not.
      _ = try ImageReader.decode(first, named: "file")
      throw APIError.unsupportedMedia("file: is no image or video of a known format")
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
