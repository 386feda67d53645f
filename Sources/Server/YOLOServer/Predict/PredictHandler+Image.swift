#if Server
import YOLOServerOptions
import YOLO
import YOLOImageIO
import YOLOPostprocess

extension PredictHandler {
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
        threads: ticket.threads)
      try ticket.check()
      let decoded = ContinuousClock.now
      let prediction = try call.lease.model.predictBlocking(
        image, options: call.asked.options, source: "file", threads: ticket.threads)
      metrics.recordImage(prediction.speed, decode: decoded - begun, model: call.lease.name)
      var answer = ResponseWriter(
        isNormalized: call.asked.isNormalized, limit: limits.responseBytes)
      try answer.append(prediction)
      return try answer.finish(call.metadata)
    }
  }
}
#endif
