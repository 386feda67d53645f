#if Server
import HTTPTypes
import Hummingbird
import Synchronization
import YOLO
import YOLOImageIO
import YOLOOptions
import YOLOPostprocess
import YOLOServerOptions
import YOLOVideo

/// Answers `POST /`, `/predict` and `/v1/predict/{model}`: a form with an image or a video.
struct PredictController: Sendable {
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
    let form = try await receive(request, context)
    let asked = try PredictRequest(form.fields, pathModel: pathModel)
    let lease = try await models.lease(asked.model)
    try allow(context.key, lease)
    if let model = asked.repeatedModel { try models.check(model, means: lease) }
    return try await predict(form, asked, lease, presence, context, style: context.style)
  }

  /// Receives the form, predicts with a model of the platform, and answers as the Platform API does.
  ///
  /// What the form says of a model is ignored.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - context: What belongs to it.
  ///   - object: The file of the model.
  /// - Returns: The answer.
  /// - Throws: What ``respond(to:context:pathModel:)`` throws.
  func respond(
    to request: Request, context: ServerContext, object: ModelObject
  ) async throws -> Response {
    let presence = try await context.channel.disconnectMonitor()
    let form = try await receive(request, context)
    let fields = form.fields.filter { $0.key != "model" }
    let asked = try PredictRequest(fields, pathModel: nil)
    let lease = try await models.lease(object)
    return try await predict(form, asked, lease, presence, context, style: .platform)
  }

  private func receive(
    _ request: Request, _ context: ServerContext
  ) async throws -> UploadForm {
    let form = try await UploadForm.read(
      from: request.body, headers: request.headers, limits: limits, budget: uploads
    ) {
      if request.headers[.expect] != nil { try await context.channel.inviteBody() }
    }
    metrics.recordUpload(bytes: form.fileBytes)
    return form
  }

  private func predict(
    _ form: UploadForm, _ asked: PredictRequest, _ lease: ModelLease,
    _ presence: DisconnectMonitor, _ context: ServerContext, style: ResponseStyle
  ) async throws -> Response {
    try asked.checkClasses(
      of: lease.model, given: form.fields[PredictOption.classes.name])
    var metadata = ResponseMetadata(
      serverStart: start, requestStart: context.start, model: lease.fileName, task: lease.task)
    if style == .platform { metadata.classNames = lease.model.classLabels }
    let call = PredictCall(
      form: form, asked: asked, lease: lease, presence: presence, metadata: metadata,
      style: style)
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

extension PredictController {
  /// Decodes an image and predicts it, on a thread of the queue.
  func predict(image bytes: [UInt8], _ call: PredictCall) async throws -> [UInt8] {
    let arrived = ContinuousClock.now
    return try await queue.run(
      until: arrived + .seconds(limits.requestTimeout), seconds: limits.requestTimeout,
      for: call.presence
    ) { [metrics, limits] ticket in
      let begun = ContinuousClock.now
      metrics.recordWait(begun - arrived)
      let image = try ImageReader.decode(
        bytes, named: "file",
        limits: ImageLimits(maximumBytes: limits.imageBytes, maximumPixels: limits.pixels),
        threads: ticket.threads, channels: call.lease.model.channels)
      try ticket.check()
      let decoded = ContinuousClock.now
      let prediction = try call.lease.model.predictBlocking(
        image, options: call.asked.options, source: "file", threads: ticket.threads)
      metrics.recordImage(prediction.speed, decode: decoded - begun, model: call.lease.name)
      var answer = ResponseWriter(
        style: call.style, isNormalized: call.asked.isNormalized, isVideo: false,
        limit: limits.responseBytes)
      try answer.append(prediction)
      return try answer.finish(call.metadata)
    }
  }
}

extension PredictController {
  /// Predicts the frames of a video, each as a piece of work of its own, so that images come between.
  func predict(video: TemporaryFile, _ call: PredictCall) async throws -> [UInt8] {
    try await videos.withSlot {
      let deadline = ContinuousClock.now + .seconds(limits.videoTimeout)
      var answer = ResponseWriter(
        style: call.style, isNormalized: call.asked.isNormalized, isVideo: true,
        limit: limits.responseBytes)
      do {
        try await VideoReader.forEachFrame(
          of: video.path, limits: limits.video, stride: call.asked.stride
        ) { _, frame in
          let prediction = try await queue.run(
            until: deadline, seconds: limits.videoTimeout, for: call.presence
          ) { ticket in
            try call.lease.model.predictBlocking(
              frame, options: call.asked.options, source: "file", threads: ticket.threads)
          }
          metrics.recordImage(prediction.speed, decode: nil, model: call.lease.name)
          try answer.append(prediction)
        }
      } catch let error as VideoError {
        throw APIError(error, storedAt: video.path)
      }
      return try answer.finish(call.metadata)
    }
  }
}

extension Model {
  /// What the model calls its classes, in their order.
  var classLabels: [String] { names.ids.map { names.label(of: $0) } }
}

extension ServerLimits {
  /// What a video may cost.
  var video: VideoLimits {
    VideoLimits(
      duration: Double(videoDuration), frames: videoFrames, pixels: pixels, bytes: bodyBytes,
      seconds: Double(videoTimeout))
  }
}

/// How many videos are worked on at once.
///
/// A video keeps a file on disk and a decoder running for as long as it takes, so few may.
package final class VideoSlots: Sendable {
  /// The videos at once.
  package let limit: Int
  private let used = Mutex(0)

  package init(limit: Int) { self.limit = limit }

  /// Runs `body` in a slot.
  ///
  /// - Throws: `APIError` of status 503 if none is free, else what `body` throws.
  package func withSlot<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    let isTaken = used.withLock {
      guard $0 < limit else { return false }
      $0 += 1
      return true
    }
    guard isTaken else {
      throw APIError.unavailable(
        "The server is busy with \(limit) videos already.", retryAfter: 5)
    }
    defer { used.withLock { $0 -= 1 } }
    return try await body()
  }
}
#endif
