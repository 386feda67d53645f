#if Server
import GRDB
import HTTPTypes
import NIOCore
import YOLO
import YOLOGeometry
import YOLOImageIO
import YOLOOptions
import YOLOPostprocess
import YOLOServerOptions
import YOLOSystem

/// Labels images of datasets by models of the platform.
struct ImagePredictor: Sendable {
  let models: ModelRepository
  let store: ObjectStore
  let predict: PredictController

  /// Predicts an image of a dataset.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - dataset: Its dataset.
  ///   - address: The model, as `ul://owner/project/model`.
  ///   - confidence: The minimum confidence; nil for 0.25.
  ///   - iou: The IoU above which boxes are suppressed; nil for 0.7.
  ///   - viewer: Who asks.
  ///   - presence: Whether anybody waits for the answer.
  /// - Returns: The labels, of classes of the dataset; those of other names are left out.
  /// - Throws: `APIError` of status 400 for a model of another task, 422 for one without any class of
  ///   the dataset.
  func predict(
    _ image: ImageRow, of dataset: DatasetRow, with address: String, confidence: Double?,
    iou: Double?, viewer: Account, presence: DisconnectMonitor
  ) async throws -> PredictedLabels {
    let names = address.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard names.count == 5, names[0] == "ul:", names[1].isEmpty else {
      throw APIError.invalidField(
        "modelId", given: address.excerpt(), expected: "ul://owner/project/model",
        "modelId must be ul://owner/project/model.")
    }
    for (name, value, range) in [
      ("confidence", confidence, 0.01...1), ("iou", iou, 0...0.95),
    ] {
      guard let value, !range.contains(value) else { continue }
      throw APIError.invalidField(
        name, given: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)",
        "\(name) must be from \(range.lowerBound) to \(range.upperBound).")
    }
    let options = try PredictRequest.standard.options.with {
      if let confidence { $0.confidence = confidence }
      $0.iouThreshold = iou ?? 0.7
    }
    let row = try await models.model(.path(Array(names[2...])), viewer: viewer)
    guard let digest = row.fileDigest.flatMap(ObjectDigest.init) else {
      throw APIError.notFound("The model \(address.excerpt()) has no weights yet.")
    }
    let lease = try await predict.models.lease(
      ModelObject(
        path: store.path(of: digest), digest: "\(digest)", title: "\(row.slug).pt"))
    guard lease.model.task == dataset.task else {
      throw APIError.invalidField(
        "modelId", given: address.excerpt(), expected: "a model for \(dataset.task.rawValue)",
        "The model is for \(lease.task), the dataset for \(dataset.task.rawValue).")
    }
    let classes = try Self.classes(of: lease.model, in: dataset)
    let reader = try await store.open(try image.reference)
    let bytes = try await reader.read(at: 0, count: image.bytes)
    let results = try await predict.results(
      of: Array(bytes.readableBytesView), lease, options, presence)
    return PredictedLabels(
      predictions: Self.labels(results, dataset, classes), modelUsed: address,
      inferenceTime: results.speed.inference)
  }

  /// Returns which class of a dataset each class of a model is.
  private static func classes(
    of model: Model, in dataset: DatasetRow
  ) throws(APIError) -> [Int: Int] {
    let positions = Dictionary(
      dataset.classNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let classes = model.names.ids.reduce(into: [Int: Int]()) {
      $0[$1] = positions[model.names.label(of: $1)]
    }
    guard !classes.isEmpty else {
      throw .unprocessable("No class of the model is one of the dataset \(dataset.slug).")
    }
    return classes
  }

  private static func labels(
    _ results: Results, _ dataset: DatasetRow, _ classes: [Int: Int]
  ) -> [ImageLabel] {
    let size = results.imageSize
    func numbers(_ points: [Point]) -> [Float] {
      points.flatMap { point in
        let point = point.normalized(in: size)
        return [min(max(point.x, 0), 1), min(max(point.y, 0), 1)]
      }
    }
    if dataset.task == .classify {
      let best = results.classification?.top1.flatMap { classes[$0.classIndex] }
      return best.flatMap { ImageLabel(row: [Float($0)], task: .classify) }.map { [$0] } ?? []
    }
    let rows: [[Float]] = results.instances.compactMap { instance in
      guard let index = classes[instance.classIndex] else { return nil }
      let box = instance.box
      let corners = numbers([Point(x: box.x1, y: box.y1), Point(x: box.x2, y: box.y2)])
      let center: [Float] = [
        (corners[0] + corners[2]) / 2, (corners[1] + corners[3]) / 2, corners[2] - corners[0],
        corners[3] - corners[1],
      ]
      switch dataset.task {
      case .detect: return [Float(index)] + center
      case .segment:
        let points = instance.geometry.outline?.points ?? []
        return points.count >= 3 ? [Float(index)] + numbers(points) : nil
      case .obb:
        return instance.geometry.orientedBox.map { [Float(index)] + numbers($0.corners) }
      case .pose:
        guard let shape = dataset.keypointShape, shape.count == 2,
          let keypoints = instance.geometry.keypoints, keypoints.count == shape[0]
        else { return nil }
        var row = [Float(index)] + center
        for keypoint in keypoints {
          row += numbers([keypoint.point])
          if shape[1] == 3 { row.append((keypoint.visibility ?? 1) >= 0.5 ? 2 : 0) }
        }
        return row
      case .classify, .semantic, .depth: return nil
      }
    }
    return rows.compactMap { ImageLabel(row: $0, task: dataset.task) }
  }
}

extension PredictController {
  /// Decodes an image and predicts it, on a thread of the queue.
  func results(
    of bytes: [UInt8], _ lease: ModelLease, _ options: PredictOptions,
    _ presence: DisconnectMonitor
  ) async throws -> Results {
    let arrived = ContinuousClock.now
    return try await queue.run(
      until: arrived + .seconds(limits.requestTimeout), seconds: limits.requestTimeout,
      for: presence
    ) { [metrics, limits] ticket in
      let begun = ContinuousClock.now
      metrics.recordWait(begun - arrived)
      let image = try ImageReader.decode(
        bytes, named: "image",
        limits: ImageLimits(maximumBytes: limits.imageBytes, maximumPixels: limits.pixels),
        threads: ticket.threads, channels: lease.model.channels)
      try ticket.check()
      let decoded = ContinuousClock.now
      let results = try lease.model.predictBlocking(
        image, options: options, source: "image", threads: ticket.threads)
      metrics.recordImage(results.speed, decode: decoded - begun, model: lease.name)
      return results
    }
  }
}

extension APIError {
  /// 422: the request is right, but what it names does not go together.
  static func unprocessable(_ message: String) -> APIError {
    APIError(.unprocessableContent, "VALIDATION_ERROR", message)
  }
}

extension ModelRepository {
  /// The maximum number of models of a dataset that are listed.
  private static let maximumTrained = 1000

  /// Returns the models that were trained with a dataset and that somebody may see, the newest first.
  func list(
    trainedWith dataset: String, viewer: Account?
  ) async throws(PlatformError) -> [ModelRow] {
    try await database.read { database in
      try ModelRecords.rows(
        database,
        where: """
          model.dataset = :dataset AND (model.account = :viewer OR parent.visibility = 'public')
          ORDER BY model.created DESC, model.rowid DESC LIMIT \(Self.maximumTrained)
          """, ["dataset": dataset], viewer: viewer)
    }
  }
}
#endif
