#if Server
import Metrics
package import YOLOPostprocess

/// The server's own metrics, each defined once.
package struct ServerMetrics: Sendable {
  /// The steps of answering an image.
  private enum Stage: String {
    case decode
    case preprocess
    case inference
    case postprocess
  }

  /// Why a request was refused without being worked on.
  package enum Rejection: String, Sendable, CaseIterable {
    case queueFull = "queue_full"
    case rateLimited = "rate_limited"
    case timeout
    case tooLarge = "too_large"
  }

  /// Methods that have series of their own; all others share one.
  private let methods: Set<String>

  private let factory: PrometheusRegistry
  private let uploadCounter: Counter
  private let queueTimer: Timer
  private let rejections: [Rejection: Counter]

  /// Creates the metrics, and describes them to the registry.
  ///
  /// - Parameters:
  ///   - registry: Where they are kept.
  ///   - methods: The methods that have series of their own.
  package init(
    registry: PrometheusRegistry, methods: Set<String> = ["GET", "HEAD", "POST", "OPTIONS"]
  ) {
    let factory = registry
    self.methods = methods
    self.factory = factory
    Self.describe(registry)
    uploadCounter = Counter(label: "yolo_upload_bytes_total", factory: factory)
    queueTimer = Timer(label: "yolo_queue_wait_seconds", dimensions: [], factory: factory)
    rejections = Dictionary(
      uniqueKeysWithValues: Rejection.allCases.map {
        let dimensions = [("reason", $0.rawValue)]
        return (
          $0, Counter(label: "yolo_rejected_total", dimensions: dimensions, factory: factory)
        )
      })
  }

  private static func describe(_ registry: PrometheusRegistry) {
    registry.describe(
      "yolo_http_requests_total", "Requests answered, by route, method and status.")
    registry.describe(
      "yolo_http_request_seconds", "Time from a request's head to its answer, by route.")
    registry.describe(
      "yolo_inference_seconds", "Time of one image or frame, by model and stage.")
    registry.describe("yolo_images_total", "Images and frames predicted, by model.")
    registry.describe("yolo_upload_bytes_total", "Bytes of files received.")
    registry.describe("yolo_queue_wait_seconds", "Time that requests waited for a worker.")
    registry.describe("yolo_rejected_total", "Requests refused before any work, by reason.")
  }

  /// Counts an answered request.
  ///
  /// - Parameters:
  ///   - route: The template of the path, such as `/v1/predict/{model}`; never a path as it was
  ///     sent.
  ///   - method: The method.
  ///   - status: The code of the answer.
  ///   - duration: From the request's head to its answer.
  package func recordRequest(route: String, method: String, status: Int, duration: Duration) {
    let method = methods.contains(method) ? method : "other"
    Counter(
      label: "yolo_http_requests_total",
      dimensions: [("route", route), ("method", method), ("code", "\(status)")], factory: factory
    ).increment()
    Timer(
      label: "yolo_http_request_seconds", dimensions: [("route", route)], factory: factory
    ).recordNanoseconds(Self.nanoseconds(duration))
  }

  /// Counts an image or frame.
  ///
  /// - Parameters:
  ///   - speed: The times of the prediction's stages.
  ///   - decode: The time that decoding took; nil for a frame.
  ///   - model: The model's name; one that is served, never a name as it was sent.
  package func recordImage(_ speed: Speed, decode: Duration?, model: String) {
    Counter(label: "yolo_images_total", dimensions: [("model", model)], factory: factory)
      .increment()
    record(.preprocess, model, .milliseconds(speed.preprocess))
    record(.inference, model, .milliseconds(speed.inference))
    record(.postprocess, model, .milliseconds(speed.postprocess))
    if let decode { record(.decode, model, decode) }
  }

  private func record(_ stage: Stage, _ model: String, _ duration: Duration) {
    Timer(
      label: "yolo_inference_seconds", dimensions: [("model", model), ("stage", stage.rawValue)],
      factory: factory
    ).recordNanoseconds(Self.nanoseconds(duration))
  }

  /// Counts the bytes of files that were received.
  package func recordUpload(bytes: Int) { uploadCounter.increment(by: bytes) }

  /// Counts the time that a request waited for a worker.
  package func recordWait(_ duration: Duration) {
    queueTimer.recordNanoseconds(Self.nanoseconds(duration))
  }

  /// Counts a request that was refused.
  package func recordRejection(_ reason: Rejection) { rejections[reason]?.increment() }

  private static func nanoseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflows
      ? .max : whole.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
  }
}

extension ServerMetrics {
  /// Adds the numbers that are asked for when the metrics are rendered.
  ///
  /// - Parameters:
  ///   - registry: Where to.
  ///   - queueLength: The images that wait for a worker.
  ///   - busyWorkers: The workers at work.
  ///   - uploadBytes: The bytes of files being received or waiting.
  ///   - loadedModels: The models in memory.
  ///   - modelBytes: The memory of these.
  package static func addReadings(
    to registry: PrometheusRegistry, queueLength: @escaping @Sendable () -> Int,
    busyWorkers: @escaping @Sendable () -> Int, uploadBytes: @escaping @Sendable () -> Int,
    loadedModels: @escaping @Sendable () -> Int, modelBytes: @escaping @Sendable () -> Int
  ) {
    let readings: [(name: String, help: String, value: @Sendable () -> Int)] = [
      ("yolo_queue_length", "Images that wait for a worker.", queueLength),
      ("yolo_workers_busy", "Workers at work.", busyWorkers),
      ("yolo_upload_bytes", "Bytes of files being received or waiting.", uploadBytes),
      ("yolo_models_loaded", "Models in memory.", loadedModels),
      ("yolo_model_memory_bytes", "Memory of the models in it.", modelBytes),
    ]
    for (name, help, value) in readings { registry.addReading(name, help) { Double(value()) } }
  }
}
#endif
