#if Server
import NIOCore
import YOLO
import YOLOModels
import YOLOServerOptions
import YOLOSystem
import YOLOWeights

/// Opens the files of models that are sent: what they are, and what is wrong with them.
struct ModelInspector: Sendable {
  /// Where the work is done, which is bounded as that of predictions is.
  let queue: InferenceQueue
  let limits: ServerLimits

  /// Reads a file, which nobody else writes, as a checkpoint.
  ///
  /// All weights are compared with the checksums that the file has of them.
  ///
  /// - Parameters:
  ///   - path: Where the file is.
  ///   - object: What it is in the store.
  ///   - presence: Whether anybody waits for the answer.
  /// - Returns: What the file says.
  /// - Throws: `APIError` of status 400 that names what is wrong with the file, or 503.
  func weights(
    at path: String, _ object: StoredObject, for presence: DisconnectMonitor
  ) async throws -> ModelWeights {
    try await queue.run(
      until: ContinuousClock.now + .seconds(limits.requestTimeout), seconds: limits.requestTimeout,
      for: presence
    ) { _ in
      try Self.weights(at: path, object)
    }
  }

  /// The same on the caller's thread.
  static func weights(at path: String, _ object: StoredObject) throws -> ModelWeights {
    let model: Model
    do {
      let file = try MappedFile(path: path)
      // Whoever downloads the file expects that torch can load it.
      guard FileFormat(detecting: file.bytes) != .safetensors else {
        throw ModelFault(message: "file: is a safetensors file, expected a .pt file")
      }
      model = try Model(try Checkpoint(file: file, verifyingWeights: true), named: "file")
    } catch {
      throw APIError.invalidField(
        "file", expected: "a checkpoint that can be run",
        "\("\(error)".replacing(path, with: "file")).")
    }
    return ModelWeights(
      task: model.task.rawValue, classNames: model.classLabels,
      parameters: model.checkpoint.model.parameterCount, digest: "\(object.digest)",
      bytes: object.bytes)
  }
}
#endif
