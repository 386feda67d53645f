public import YOLOGeometry

extension TrainOptions {
  // The definitions have checked every value: what follows a `??` holds for none of them.

  /// The number of epochs.
  public var epochs: Int { self[.epochs].integer ?? 0 }
  /// The epochs without improvement after which the training ends; 0 for never.
  public var patience: Int { self[.patience].integer ?? 0 }
  /// The side of the input in pixels, not yet a multiple of the stride.
  public var imageSide: Int { self[.imageSize].integer ?? 0 }
  /// The epochs between checkpoints of their own; −1 for none.
  public var savePeriod: Int { self[.savePeriod].integer ?? 0 }
  /// The greatest number of threads that prepare images.
  public var workers: Int { self[.workers].integer ?? 0 }
  /// The start of the random numbers.
  public var seed: Int { self[.seed].integer ?? 0 }
  /// The epochs at the end without mosaic.
  public var closeMosaic: Int { self[.closeMosaic].integer ?? 0 }
  /// How much smaller the masks of the labels are than the input.
  public var maskRatio: Int { self[.maskRatio].integer ?? 0 }
  /// The greatest number of detections of an image in the evaluation.
  public var maxDetections: Int { self[.maxDetections].integer ?? 0 }
  /// The images of a step.
  public var nominalBatch: Int { self[.nominalBatch].integer ?? 0 }
  /// How far the size of a batch may be from that of the input, as a fraction of it.
  public var multiScale: Double { self[.multiScale].number ?? 0 }
  /// The fraction of the features that classification leaves out.
  public var dropout: Double { self[.dropout].number ?? 0 }
  /// The IoU above which the evaluation drops the less confident of two detections.
  public var iouThreshold: Double { self[.iouThreshold].number ?? 0 }
  /// The learning rate after the warm-up.
  public var initialRate: Double { self[.initialRate].number ?? 0 }
  /// The fraction of the learning rate that is left at the end.
  public var finalFraction: Double { self[.finalFraction].number ?? 0 }
  /// The momentum, or the first beta.
  public var momentum: Double { self[.momentum].number ?? 0 }
  /// The decay at the nominal batch.
  public var weightDecay: Double { self[.weightDecay].number ?? 0 }
  /// The epochs of the warm-up.
  public var warmupEpochs: Double { self[.warmupEpochs].number ?? 0 }
  /// The momentum that the warm-up begins with.
  public var warmupMomentum: Double { self[.warmupMomentum].number ?? 0 }
  /// The learning rate that biases begin the warm-up with.
  public var warmupBias: Double { self[.warmupBias].number ?? 0 }
  /// The gain of the box loss.
  public var boxGain: Double { self[.boxGain].number ?? 0 }
  /// The gain of the class loss.
  public var classGain: Double { self[.classGain].number ?? 0 }
  /// The power of the weights of rare classes.
  public var classWeightPower: Double { self[.classWeightPower].number ?? 0 }
  /// The gain of the loss of the distances.
  public var distributionGain: Double { self[.distributionGain].number ?? 0 }
  /// The gain of the keypoint loss.
  public var poseGain: Double { self[.poseGain].number ?? 0 }
  /// The gain of the loss of the visibility of keypoints.
  public var keypointGain: Double { self[.keypointGain].number ?? 0 }
  /// The gain of the likelihood loss of keypoints.
  public var likelihoodGain: Double { self[.likelihoodGain].number ?? 0 }
  /// The gain of the angle loss.
  public var angleGain: Double { self[.angleGain].number ?? 0 }
  /// The change of the hue.
  public var hue: Double { self[.hue].number ?? 0 }
  /// The change of the saturation.
  public var saturation: Double { self[.saturation].number ?? 0 }
  /// The change of the brightness.
  public var brightness: Double { self[.brightness].number ?? 0 }
  /// The greatest rotation in degrees.
  public var degrees: Double { self[.degrees].number ?? 0 }
  /// The greatest shift, as a fraction of the side.
  public var translate: Double { self[.translate].number ?? 0 }
  /// The greatest shear in degrees.
  public var shear: Double { self[.shear].number ?? 0 }
  /// The greatest perspective.
  public var perspective: Double { self[.perspective].number ?? 0 }
  /// The probability of a flip top to bottom.
  public var flipVertical: Double { self[.flipVertical].number ?? 0 }
  /// The probability of a flip left to right.
  public var flipHorizontal: Double { self[.flipHorizontal].number ?? 0 }
  /// The probability that red and blue change places.
  public var swapChannels: Double { self[.swapChannels].number ?? 0 }
  /// The probability of an image made of four.
  public var mosaic: Double { self[.mosaic].number ?? 0 }
  /// The probability of a blended image.
  public var mixup: Double { self[.mixup].number ?? 0 }
  /// The probability of a rectangle out of another image.
  public var cutmix: Double { self[.cutmix].number ?? 0 }
  /// The probability of a pasted object.
  public var copyPaste: Double { self[.copyPaste].number ?? 0 }
  /// The probability of an erased rectangle.
  public var erasing: Double { self[.erasing].number ?? 0 }
  /// Whether checkpoints are written.
  public var saves: Bool { self[.save].flag ?? false }
  /// Whether the directory of an earlier run is written into.
  public var existOK: Bool { self[.existOK].flag ?? false }
  /// Whether rows of classes of equal names are carried over.
  public var classRemap: Bool { self[.classRemap].flag ?? false }
  /// Whether there is a row for each class at the end.
  public var isVerbose: Bool { self[.verbose].flag ?? false }
  /// Whether all classes are trained as one.
  public var singleClass: Bool { self[.singleClass].flag ?? false }
  /// Whether batches have images of like proportions.
  public var rectangular: Bool { self[.rectangular].flag ?? false }
  /// Whether the learning rate follows a cosine.
  public var cosineRate: Bool { self[.cosineRate].flag ?? false }
  /// Whether the masks of an image are one map.
  public var overlapMask: Bool { self[.overlapMask].flag ?? false }
  /// Whether there is an evaluation after each epoch.
  public var validates: Bool { self[.validates].flag ?? false }
  /// Whether plots are drawn.
  public var plots: Bool { self[.plots].flag ?? false }
  /// Whether boxes of different classes suppress each other in the evaluation.
  public var agnostic: Bool { self[.agnostic].flag ?? false }
  /// The task that was asked for; nil for that of the model.
  public var task: String? { self[.task].text }
  /// The checkpoint or description to begin with.
  public var model: String? { self[.model].text }
  /// The description of the dataset, or its directory.
  public var data: String? { self[.data].text }
  /// The directory of the runs.
  public var project: String? { self[.project].text }
  /// The name of the run.
  public var name: String? { self[.name].text }
  /// The augmentation of classification; nil for color jitter.
  public var autoAugment: String? { self[.autoAugment].text }
  /// The length of the training in hours; nil for a number of epochs.
  public var hours: Double? { self[.time].number }

  /// The images of a batch; where the memory decides on a GPU, 16.
  public var batchSize: Int {
    guard let batch = self[.batch].integer, batch > 0 else { return 16 }
    return batch
  }

  /// The rule of the updates; nil for `auto`.
  public var optimizer: OptimizerKind? {
    self[.optimizer].text.flatMap { OptimizerKind(name: $0) }
  }

  /// Where decoded images are kept.
  public enum ImageCache: String, Sendable, Hashable {
    /// Nowhere but in a small buffer.
    case none
    /// In memory.
    case memory = "ram"
    /// Beside the dataset.
    case disk
  }

  /// Where decoded images are kept.
  public var cache: ImageCache {
    switch self[.cache] {
    case .flag(true), .text("ram"): .memory
    case .text("disk"): .disk
    default: .none
    }
  }

  /// A choice between no, yes, and yes with a file.
  public enum FileChoice: Sendable, Hashable {
    /// No.
    case no
    /// Yes.
    case yes
    /// Yes, of this file.
    case file(String)
  }

  /// Whether weights are taken over, and of which file if not of the model.
  public var pretrained: FileChoice { fileChoice(.pretrained) }
  /// Whether an interrupted training goes on, and from which checkpoint.
  public var resume: FileChoice { fileChoice(.resume) }

  private func fileChoice(_ argument: TrainArgument) -> FileChoice {
    switch self[argument] {
    case .text(let path): .file(path)
    case .flag(true): .yes
    default: .no
    }
  }

  /// What stays as it is.
  public enum Frozen: Sendable, Hashable {
    /// The layer of an index.
    case layer(Int)
    /// Every parameter whose key has this text after `model.`, such as `22.cv2`.
    case name(String)
  }

  /// What stays as it is: `freeze=10` are the layers 0 to 9.
  public var frozen: [Frozen] {
    switch self[.freeze] {
    case .integer(let count): (0..<max(count, 0)).map { .layer($0) }
    case .list(let values):
      values.compactMap { value in
        switch value {
        case .integer(let index): .layer(index)
        case .text(let name): .name(name)
        case .none, .flag, .number, .list: nil
        }
      }
    case .none, .flag, .number, .text: []
    }
  }

  /// Returns whether a parameter of a key, such as `model.22.cv2.0.0.conv.weight`, stays as it is.
  public func isFrozen(_ key: String) -> Bool {
    frozen.contains { rule in
      switch rule {
      case .layer(let index): key.hasPrefix("model.\(index).")
      case .name(let name): key.contains("model.\(name)")
      }
    }
  }

  /// The splits that may be trained with a part of their images alone.
  public enum Part: Int, Sendable, Hashable {
    /// What is trained with.
    case training
    /// What is evaluated on.
    case evaluation
  }

  /// Returns how many of a split's images are used: a fraction of them, rounded half to even, or a
  /// count.
  ///
  /// - Parameters:
  ///   - count: The images there are.
  ///   - part: The split; a single value of `fraction` is for training.
  /// - Returns: The number of images, from the first on.
  public func imageCount(of count: Int, for part: Part) -> Int {
    let fraction: Double
    switch self[.fraction] {
    case .list(let values):
      fraction = values.indices.contains(part.rawValue) ? values[part.rawValue].number ?? 1 : 1
    case let value: fraction = part == .training ? value.number ?? 1 : 1
    }
    let wanted = fraction > 1 ? fraction : (fraction * Double(count)).rounded(.toNearestOrEven)
    return min(count, Int(wanted))
  }

  /// The range that the scale of an image is drawn from.
  public var scaleRange: ClosedRange<Double> {
    switch self[.scale] {
    case .list(let values):
      let numbers = values.compactMap(\.number)
      return (numbers.min() ?? 1)...(numbers.max() ?? 1)
    case let value:
      let change = value.number ?? 0
      return (1 - change)...(1 + change)
    }
  }

  /// The classes to train; nil for all.
  public var classes: Set<Int>? {
    guard case .list(let values) = self[.classes] else { return nil }
    return Set(values.compactMap(\.integer))
  }

  /// What the confidence of a detection must exceed in the evaluation.
  public func confidence(for task: VisionTask) -> Double {
    self[.confidence].number ?? (task == .obb ? 0.01 : 0.001)
  }

  /// Whether overlapping boxes are suppressed in the evaluation.
  public var suppresses: Bool { self[.suppression].flag ?? true }

  /// Whether pasted objects come from the mirrored image, or else from another.
  public var pastesMirrored: Bool { self[.copyPasteMode] != .text("mixup") }
}
