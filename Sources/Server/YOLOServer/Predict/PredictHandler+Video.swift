#if Server
import YOLOServerOptions
import YOLO
import YOLOPostprocess
import YOLOVideo

extension PredictHandler {
  /// Predicts the frames of a video, each as a piece of work of its own, so that images come between.
  func predict(video: TemporaryFile, _ call: PredictCall) async throws -> [UInt8] {
    try await videos.withSlot {
      let deadline = ContinuousClock.now + .seconds(limits.videoTimeout)
      var answer = ResponseWriter(
        isNormalized: call.asked.isNormalized, limit: limits.responseBytes)
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

extension ServerLimits {
  /// What a video may cost.
  var video: VideoLimits {
    VideoLimits(
      duration: Double(videoDuration), frames: videoFrames, pixels: pixels, bytes: bodyBytes,
      seconds: Double(videoTimeout))
  }
}
#endif
