#if Server
import YOLO
import YOLOImageIO
import YOLOPostprocess

extension PredictHandler {
  /// Decodes a picture and predicts it, on a thread of the queue.
  func predict(picture: [UInt8], _ call: PredictCall) async throws -> [UInt8] {
    let arrived = ContinuousClock.now
    return try await queue.run(
      until: arrived + .seconds(limits.requestTimeout), seconds: limits.requestTimeout,
      for: call.presence
    ) { [metrics, limits] ticket in
      let begun = ContinuousClock.now
      metrics.recordWait(begun - arrived)
      let image = try ImageReader.decode(
        picture, named: "file",
        limits: ImageLimits(maximumBytes: limits.pictureBytes, maximumPixels: limits.pixels),
        threads: ticket.threads)
      try ticket.check()
      let decoded = ContinuousClock.now
      let prediction = try call.lease.model.predict(
        image, options: call.asked.options, source: "file", threads: ticket.threads)
      metrics.recordImage(prediction.speed, decode: decoded - begun, model: call.lease.name)
      var answer = AnswerWriter(
        isNormalized: call.asked.isNormalized, limit: limits.answerBytes)
      try answer.append(prediction)
      return try answer.finish(call.metadata)
    }
  }
}
#endif
