import YOLODatasets
import YOLOGeometry
import YOLOGraph
import YOLOModels
import YOLOSystem
import YOLOTrainingData
import YOLOWeights

extension LossDescription {
  /// Describes the loss of a network's head.
  ///
  /// - Throws: `TrainingError.model` for a head that is not trained here.
  init(_ head: Network.Head) throws {
    let layout: DetectLayout
    switch head {
    case .detect(let found), .segment(let found, _), .pose(let found, _),
      .oriented(let found, _):
      layout = found
    case .anchors, .queries, .classify, .semantic, .depth:
      throw TrainingError.model(
        file: "the network", reason: "a head of this kind cannot be trained here")
    }
    self.init(task: head.task, classCount: layout.classCount)
    binCount = layout.binCount
    isDual = !layout.oneToOneLevels.isEmpty
    switch head {
    case .pose(_, let keypoints):
      keypointCount = keypoints.count
      hasVisibility = keypoints.hasVisibility
      isYOLO26 = keypoints.isCentered
    case .oriented(_, let anglesAreRadians): isYOLO26 = anglesAreRadians
    case .segment: isYOLO26 = layout.semantic != nil
    default: isYOLO26 = layout.binCount == 1
    }
  }
}

extension Network.Head {
  /// Whether there is a one-to-one branch beside the one-to-many branch.
  var isDual: Bool {
    switch self {
    case .detect(let layout), .segment(let layout, _), .pose(let layout, _),
      .oriented(let layout, _):
      !layout.oneToOneLevels.isEmpty
    case .anchors, .queries, .classify, .semantic, .depth: false
    }
  }
}

extension LoaderSettings {
  /// The settings of a training's arguments.
  init(_ options: TrainOptions, imageSize: Int, stride: Int) {
    self.init()
    self.imageSize = imageSize
    batchSize = options.batchSize
    self.stride = stride
    epochs = options.epochs
    closeMosaic = options.closeMosaic
    seed = UInt64(bitPattern: Int64(options.seed))
    isRectangular = options.rectangular
    multiScale = options.multiScale
    switch options.cache {
    case .none: cache = .none
    case .memory: cache = .ram
    case .disk: cache = .disk
    }
    workers = min(workers, options.workers)
    masks = MaskSettings(isOverlapping: options.overlapMask, ratio: options.maskRatio)
    augmentation.hue = options.hue
    augmentation.saturation = options.saturation
    augmentation.value = options.brightness
    augmentation.degrees = options.degrees
    augmentation.translate = options.translate
    augmentation.scale = options.scaleRange
    augmentation.shear = options.shear
    augmentation.perspective = options.perspective
    augmentation.flipVertical = options.flipVertical
    augmentation.flipHorizontal = options.flipHorizontal
    augmentation.exchangeRedBlue = options.swapChannels
    augmentation.mosaic = options.mosaic
    augmentation.mixup = options.mixup
    augmentation.cutmix = options.cutmix
    augmentation.copyPaste = options.copyPaste
    augmentation.copyPasteMode = options.pastesMirrored ? .flip : .mixup
    augmentation.policy = options.autoAugment.flatMap { .init(rawValue: $0) }
    augmentation.erasing = options.erasing
  }
}

extension TrainingSchedule.Configuration {
  /// The configuration of a training's arguments.
  init(
    _ options: TrainOptions, epochs: Int, batches: Int, choice: OptimizerChoice,
    groups: [OptimizerGroup]
  ) {
    self.init(
      epochs: epochs, batches: batches, batch: options.batchSize,
      initialMomentum: choice.momentum,
      rates: groups.map { $0.boost * choice.learningRate },
      isBias: groups.map { $0.role == .bias })
    nominalBatch = options.nominalBatch
    finalFraction = options.finalFraction
    isCosine = options.cosineRate
    warmupEpochs = options.warmupEpochs
    warmupMomentum = options.warmupMomentum
    warmupBias = choice.biasWarmup ?? options.warmupBias
    momentum = options.momentum
    warmsMomentum = choice.kind.warmsMomentum
  }
}

extension TrainingNetwork {
  /// The path of the head: `model.22`.
  var headPath: String { model["model"]?.children.last?.path ?? "model" }

  /// The unit of the input's sides: the largest stride, at least 32.
  var stride: Int { max(32, checkpoint.strides.max() ?? 32) }

  /// The part of a batch's statistics that goes into the running ones.
  var normalizationMomentum: Float { checkpoint.task == .classify ? 0.1 : 0.03 }
}

extension TrainOptions {
  /// The arguments as a checkpoint has them: with what `optimizer=auto` chose.
  func attributes(directory: String, choice: OptimizerChoice) -> [AttributeEntry] {
    var entries = TrainArgument.allCases.map { argument -> AttributeEntry in
      var value = AttributeValue(self[argument])
      if optimizer == nil {
        switch argument {
        case .optimizer: value = .string(choice.kind.rawValue)
        case .initialRate: value = .float(choice.learningRate)
        case .warmupBias: value = .float(choice.biasWarmup ?? warmupBias)
        default: break
        }
      }
      return AttributeEntry(key: .string(argument.rawValue), value: value)
    }
    entries.append(AttributeEntry(key: .string("save_dir"), value: .string(directory)))
    return entries
  }
}

extension AttributeValue {
  /// The value of an argument.
  init(_ value: ArgumentValue) {
    switch value {
    case .none: self = .none
    case .flag(let flag): self = .bool(flag)
    case .integer(let number): self = .int(number)
    case .number(let number): self = .float(number)
    case .text(let text): self = .string(text)
    case .list(let values): self = .list(values.map { AttributeValue($0) })
    }
  }
}

extension OptimizerState {
  /// What an optimizer keeps, as a checkpoint has it; the memory is the optimizer's.
  init(_ optimizer: Optimizer, store: ParameterStore, choice: OptimizerChoice) {
    let algorithm = Algorithm(rawValue: optimizer.kind.rawValue) ?? .rmsProp
    var moments = [String: [String: Moment]]()
    if optimizer.steps > 0 {
      for entry in store.entries {
        var kept = [String: Moment]()
        for name in optimizer.stateNames(of: entry) {
          if let values = optimizer.state(name, of: entry) { kept[name] = .values(values) }
        }
        guard !kept.isEmpty else { continue }
        if optimizer.kind.countsSteps { kept["step"] = .number(Float(optimizer.steps)) }
        if optimizer.kind == .nAdam { kept["mu_product"] = .number(optimizer.momentumProduct) }
        moments[entry.key] = kept
      }
    }
    self.init(
      algorithm: algorithm,
      groups: zip(optimizer.groups, optimizer.rates).map { group, rate in
        Group(
          learningRate: rate, initialLearningRate: group.boost * choice.learningRate,
          momentum: optimizer.momentum, decay: group.weightDecay)
      }, moments: moments)
  }
}
