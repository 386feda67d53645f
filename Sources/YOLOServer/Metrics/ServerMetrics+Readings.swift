#if Server
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
