import YOLOGraph
import YOLOKernels
import YOLOModels
import YOLOTensor
import YOLOTrainingData

/// A network being trained: forward pass, loss and backward pass of one batch after the other.
final class NetworkRun {
  let network: Network
  let store: ParameterStore
  let loss: any TrainingLoss
  private let sessions: SessionCache

  init(
    network: Network, store: ParameterStore, loss: any TrainingLoss, momentum: Float, threads: Int
  ) {
    self.network = network
    self.store = store
    self.loss = loss
    sessions = SessionCache(network.graph, store: store, momentum: momentum, threads: threads)
  }

  /// Maps the memory of a batch, so that one that is too large is refused before the first epoch.
  func prepare(batch: Int, height: Int, width: Int) throws(GraphError) {
    _ = try sessions.session(batch: batch, height: height, width: width)
  }

  /// Adds the gradients of a batch to the store's.
  ///
  /// - Parameters:
  ///   - batch: The images and targets.
  ///   - oneToManyWeight: Of a head with two branches, the weight of the one-to-many branch.
  /// - Returns: The loss.
  /// - Throws: `GraphError` for a size without memory, `LossError` for targets that cannot be.
  func step(_ batch: borrowing TrainingBatch, oneToManyWeight: Float) throws -> LossValues {
    let session = try sessions.session(
      batch: batch.count, height: batch.height, width: batch.width)
    session.packWeights()
    let channels = network.inputChannels
    let rowCount = batch.width * channels
    batch.pixels.withUnsafeBufferPointer { pixels in
      guard let base = pixels.baseAddress else { return }
      session.forward { image, target, layout in
        for row in 0..<layout.height {
          (target + row * layout.rowStride)
            .update(from: base + (image * layout.height + row) * rowCount, count: rowCount)
        }
      }
    }
    let values = try loss.evaluate(
      network.head.lossOutputs(session.outputs.map(LossMap.init)), targets: batch.targets,
      oneToManyWeight: oneToManyWeight)
    session.backward()
    return values
  }
}

extension LossMap {
  /// Refers to an output of a session.
  init(_ output: TrainingSession.Output) {
    self.init(
      values: output.values, gradients: output.gradients, batch: output.batch,
      height: output.height, width: output.width, channels: output.channels,
      imageStride: output.imageStride, rowStride: output.rowStride,
      pixelStride: output.pixelStride)
  }
}

extension Network.Head {
  /// Returns the outputs as a loss reads them.
  func lossOutputs(_ maps: [LossMap]) -> LossOutputs {
    func branch(_ levels: [DetectLayout.Level], prototypes: Int?) -> BranchOutputs {
      BranchOutputs(
        levels: levels.map { level in
          BranchOutputs.Level(
            stride: level.stride, boxes: maps[level.boxes], classes: maps[level.classes],
            extra: level.extra.map { maps[$0] }, deviations: level.deviations.map { maps[$0] })
        }, prototypes: prototypes.map { maps[$0] }, semantic: semanticOutput.map { maps[$0] })
    }
    switch self {
    case .detect(let layout), .pose(let layout, _), .oriented(let layout, _):
      return .branches(
        oneToMany: branch(layout.levels, prototypes: nil),
        oneToOne: layout.oneToOneLevels.isEmpty
          ? nil : branch(layout.oneToOneLevels, prototypes: nil))
    case .segment(let layout, let prototypes):
      return .branches(
        oneToMany: branch(layout.levels, prototypes: prototypes),
        oneToOne: layout.oneToOneLevels.isEmpty
          ? nil : branch(layout.oneToOneLevels, prototypes: prototypes))
    case .classify(let logits, _): return .logits(maps[logits])
    case .anchors, .queries, .semantic, .depth:
      preconditionFailure("such a head is refused before it is trained")
    }
  }

  /// The output with the class logits of pixels that training alone has.
  private var semanticOutput: Int? {
    if case .segment(let layout, _) = self { layout.semantic } else { nil }
  }
}
