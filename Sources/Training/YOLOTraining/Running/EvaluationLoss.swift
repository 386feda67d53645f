import YOLO
import YOLODatasets
import YOLOEvaluation
import YOLOGeometry
import YOLOGraph
import YOLOImage
import YOLOImageIO
import YOLOModels
import YOLOPlot
import YOLOPostprocess
import YOLOTensor
import YOLOTrainingData

/// The terms of a training's loss on the images that it is evaluated with.
///
/// Images are letterboxed and batched as an evaluation's are; normalizations use the running
/// statistics. The terms are means over the batches.
final class EvaluationLoss {
  /// An image with its labels, in fractions of it; of a classifier its class.
  private struct Item {
    let path: String
    let size: Size
    let labels: SampleLabels
  }

  private let task: VisionTask
  private let network: Network
  private let store: ParameterStore
  private let items: [Item]
  private let batches: [[EvaluationInput]]
  private let masks: MaskSettings
  private let threads: Int
  private let sessions: SessionCache

  /// Lists the images of a split.
  ///
  /// - Parameters:
  ///   - network: The network, traced for training.
  ///   - template: The store of the training: this one has the same tensors.
  ///   - index: The images and labels.
  ///   - imageSize: The side of the input.
  ///   - stride: The unit of the input's sides.
  ///   - batch: The images of a batch.
  ///   - masks: How masks are made.
  ///   - threads: The threads.
  /// - Throws: `AllocationFailure`.
  init(
    network: Network, template: ParameterStore, index: TrainingIndex, imageSize: Int, stride: Int,
    batch: Int, masks: MaskSettings, threads: Int
  ) throws(AllocationFailure) {
    task = index.task
    self.network = network
    self.threads = threads
    self.masks = masks
    store = try ParameterStore(
      template.entries.map {
        .init(key: $0.key, shape: $0.shape, kind: $0.kind, isTrainable: false)
      })
    // Running statistics are used, and stay as they are.
    sessions = SessionCache(network.graph, store: store, momentum: 0, threads: threads)
    let items = index.images.map { image in
      var labels = image.labels
      if let classIndex = image.classIndex { labels.classes = [Int32(classIndex)] }
      return Item(path: image.path, size: image.size, labels: labels)
    }
    self.items = items
    if index.task == .classify {
      let input = Size(width: imageSize, height: imageSize)
      let inputs = items.indices.map { index in
        EvaluationInput(
          index: index,
          letterbox: Letterbox(source: items[index].size, resized: input, padded: input))
      }
      batches = Swift.stride(from: 0, to: inputs.count, by: batch).map {
        Array(inputs[$0..<min($0 + batch, inputs.count)])
      }
    } else {
      batches =
        EvaluationPlan(
          sizes: items.map(\.size), imageSize: imageSize, stride: stride, batchSize: batch
        ).batches
    }
  }

  /// The number of images.
  var imageCount: Int { items.count }

  /// Returns the terms of a loss for some values of the parameters.
  ///
  /// - Parameters:
  ///   - loss: The loss, whose working memory is used.
  ///   - values: The parameters in the layout of the template.
  ///   - progress: Called before each image.
  /// - Returns: The means over the batches.
  /// - Throws: `ImageIOError` for an image that cannot be read, `GraphError`, `LossError`, and what
  ///   `progress` throws.
  func items(
    of loss: any TrainingLoss, values: UnsafePointer<Float>, progress: () throws -> Void
  ) throws -> [Double] {
    store.values.update(from: values, count: store.count)
    var sums = [Double](repeating: 0, count: loss.itemNames.count)
    for batch in batches {
      let size = batch[0].letterbox.padded
      let session = try sessions.session(
        batch: batch.count, height: size.height, width: size.width)
      session.packWeights()
      var targets = [TrainingTargets]()
      var images = [(image: Image, fit: InputFit)]()
      for input in batch {
        try progress()
        let item = items[input.index]
        let image = try ImageReader.read(
          contentsOf: item.path, threads: threads, channels: network.inputChannels)
        guard image.size == item.size else {
          throw ImageIOError.unreadable(source: item.path, reason: "it changed meanwhile")
        }
        images.append(
          (image, task == .classify ? .crop(size) : .letterbox(input.letterbox)))
        targets.append(self.targets(of: item, input.letterbox))
      }
      session.forward { index, target, layout in
        images[index].image.withView {
          images[index].fit.write($0, to: target, layout, threads: threads)
        }
      }
      let found = try items(
        of: loss, network.head.lossOutputs(session.outputs.map(LossMap.init)), targets)
      for (index, item) in found.enumerated() { sums[index] += Double(item) }
    }
    return sums.map { $0 / Double(max(batches.count, 1)) }
  }

  private func items(
    of loss: any TrainingLoss, _ outputs: LossOutputs, _ targets: [TrainingTargets]
  ) throws(LossError) -> [Float] {
    if let loss = loss as? HeadLoss, case .branches(let many, let one) = outputs {
      return try loss.evaluationItems(one ?? many, targets: targets)
    }
    return try loss.evaluate(outputs, targets: targets, oneToManyWeight: 1).items
  }

  /// Returns the targets of an image in its input.
  private func targets(of item: Item, _ letterbox: Letterbox) -> TrainingTargets {
    var labels = item.labels
    guard task != .classify else {
      return TrainingTargets(classes: labels.classes.map { Int($0) })
    }
    labels.map(
      scale: SIMD2(Float(letterbox.resized.width), Float(letterbox.resized.height)),
      offset: SIMD2(Float(letterbox.left), Float(letterbox.top)))
    if task == .segment { labels.resamplePolygons(to: 1000) }
    return labels.targets(
      task: task, width: letterbox.padded.width, height: letterbox.padded.height, masks: masks)
  }

  /// The batches that are drawn.
  private static let shownBatches = 3
  /// The confidence of what is drawn.
  private static let shownConfidence = 0.25

  /// Calls `body` for the first batches: their number, and their images with the labels and with what
  /// a model finds.
  func forEachShownBatch(
    with model: Model,
    _ body: (Int, [BatchPlot.Tile], [BatchPlot.Tile]) throws -> Void
  ) throws {
    let names = model.names
    for (number, batch) in batches.prefix(Self.shownBatches).enumerated() {
      var labels = [BatchPlot.Tile]()
      var predictions = [BatchPlot.Tile]()
      for input in batch.prefix(BatchPlot.shownImages) {
        let item = items[input.index]
        let image = try ImageReader.read(
          contentsOf: item.path, threads: threads, channels: network.inputChannels)
        let fit =
          task == .classify ? InputFit.crop(input.letterbox.padded) : .letterbox(input.letterbox)
        let shown = fit.image(of: image)
        let caption = item.path.split(separator: "/").last.map(String.init) ?? item.path
        let size = Size(width: shown.width, height: shown.height)
        let targets = targets(of: item, input.letterbox)
        let found = try model.evaluate(
          image, fit: fit,
          selection: Selection(
            confidence: Self.shownConfidence, choice: .every,
            method: model.network.head.selectionMethod(iouThreshold: 0.7), limit: 300))
        if task == .classify {
          let label = targets.classes.first.map { names.label(of: $0) } ?? ""
          let scores = found.classification?.probabilities ?? []
          let best = scores.indices.max { scores[$0] < scores[$1] }
          let guess = best.map { names.label(of: $0) } ?? ""
          labels.append(.init(image: shown, instances: [], caption: label))
          predictions.append(.init(image: shown, instances: [], caption: guess))
        } else {
          let text = names.ids.map { names.label(of: $0) }
          labels.append(
            .init(
              image: shown, instances: targets.instances(in: size, names: text),
              caption: caption))
          predictions.append(
            .init(image: shown, instances: found.instances, caption: caption))
        }
      }
      try body(number, labels, predictions)
    }
  }

  /// Frees the memory of the sessions until the next evaluation.
  func releaseMemory() { sessions.releaseMemory() }
}
