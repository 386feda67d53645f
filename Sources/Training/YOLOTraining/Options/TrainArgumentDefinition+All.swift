extension TrainArgumentDefinition {
  /// The definitions of all arguments, in the order of `TrainArgument`.
  package static let all: [TrainArgumentDefinition] = files + rates + augmentations

  /// What is trained, evaluated, written and printed.
  private static let files: [TrainArgumentDefinition] = [
    .init(
      .task, .optional(.word(["detect", "segment", "pose", "obb", "classify"])), .text("detect"),
      "What the network finds; by default what the model says"),
    .init(
      .mode, .word(["train", "val", "predict", "export", "track", "benchmark"]), .text("train"),
      "What the command does", .stored("this is always train")),
    .init(
      .model, .optional(.text("path")), .none,
      "Checkpoint (.pt) to fine-tune, or description (.yaml) to train from random weights"),
    .init(
      .data, .optional(.text("path")), .none,
      "Description of the dataset (data.yaml), or its directory for classification"),
    .init(
      .epochs, .integer(1...1_000_000), .integer(100), unit: "epochs", "Length of the training"),
    .init(
      .time, .optional(.number(0...100_000)), .none, unit: "hours",
      "Length of the training in place of epochs"),
    .init(
      .patience, .integer(0...1_000_000), .integer(100), unit: "epochs",
      "Epochs without improvement after which the training ends; 0 for never"),
    .init(
      .batch, .either([.integer(1...4096), .integer(-1 ... -1), .number(0...1)]), .integer(16),
      unit: "images", "Images of a batch; −1 or a fraction of the memory means 16"),
    .init(
      .imageSize, .integer(1...65_536), .integer(640), unit: "pixels",
      "Side of the input, rounded up to a multiple of the stride; classification: 224 unless given"),
    .init(.save, .flag, .flag(true), "Write checkpoints"),
    .init(
      .savePeriod, .integer(-1...1_000_000), .integer(-1), unit: "epochs",
      "Write a checkpoint of its own every so many epochs; −1 for none"),
    .init(
      .cache, .either([.flag, .word(["ram", "disk"])]), .flag(false),
      "Keep decoded images in memory (true, ram) or beside the dataset (disk)"),
    .init(
      .device, .optional(.text("device")), .none, "Where to train",
      .refused("this runtime has no other device than the CPU")),
    .init(
      .workers, .integer(0...1024), .integer(8), unit: "threads",
      "Threads that prepare images, no more than the machine has to spare"),
    .init(
      .project, .optional(.text("directory")), .none,
      "Directory of the runs, or owner/project on a Platform"),
    .init(
      .name, .optional(.text("name")), .none, "Name of the run; train, train-2, … if not given"),
    .init(.existOK, .flag, .flag(false), "Write into the directory of an earlier run of that name"),
    .init(
      .pretrained, .either([.flag, .text("path")]), .flag(true),
      "Take over weights of the model, or of another checkpoint"),
    .init(.classRemap, .flag, .flag(true), "Carry the rows of classes over whose names are equal"),
    .init(
      .optimizer,
      .word(["auto", "SGD", "MuSGD", "Adam", "Adamax", "AdamW", "NAdam", "RAdam", "RMSProp"]),
      .text("auto"), "Rule of the updates; auto also sets lr0 and momentum"),
    .init(.verbose, .flag, .flag(true), "Print a row for each class after the training"),
    .init(.seed, .integer(0...4_294_967_295), .integer(0), "Start of the random numbers"),
    .init(
      .deterministic, .flag, .flag(true), "Give equal results for equal seeds",
      .stored("results always repeat")),
    .init(.singleClass, .flag, .flag(false), "Train all classes as one"),
    .init(
      .rectangular, .flag, .flag(false), "Batches of images of like proportions, without mosaic"),
    .init(
      .cosineRate, .flag, .flag(false),
      "Lower the learning rate along a cosine, or else a straight line"),
    .init(
      .closeMosaic, .integer(0...1_000_000), .integer(10), unit: "epochs",
      "Epochs at the end without mosaic, mixup, cutmix and copy_paste"),
    .init(
      .resume, .either([.flag, .text("path")]), .flag(false),
      "Go on with an interrupted training, from its last.pt"),
    .init(.amp, .flag, .flag(true), "Mixed precision on a GPU", .stored("a CPU trains in float32")),
    .init(
      .fraction, .either([.number(0...1_000_000_000), .list(.number(0...1_000_000_000))]),
      .number(1.0),
      "Fraction of the images that is used, a count above 1, or one value for each split"),
    .init(
      .profile, .flag, .flag(false), "Measure exported forms during the training",
      .stored("it has no effect on a training")),
    .init(
      .freeze,
      .optional(
        .either([.integer(0...100_000), .list(.either([.integer(0...100_000), .text("name")]))])),
      .none, "Layers that stay as they are: the first N, or a list of indices or of parts of names"),
    .init(
      .multiScale, .fraction, .number(0.0),
      "How far the size of a batch may be from imgsz, as a fraction of it"),
    .init(
      .compile, .either([.flag, .text("mode")]), .flag(false), "Compile the network",
      .stored("networks are always planned")),
    .init(
      .channelsLast, .optional(.flag), .none, "Order of the values in memory",
      .stored("the order is always channels last")),
    .init(
      .overlapMask, .flag, .flag(true),
      "One map for the masks of an image, smaller ones on top; otherwise one for each"),
    .init(
      .maskRatio, .integer(1...64), .integer(4),
      "How much smaller the masks of the labels are than the input"),
    .init(
      .dropout, .fraction, .number(0.0),
      "Fraction of the features that classification leaves out at random",
      .refused("classifiers are trained without dropout")),
    .init(.validates, .flag, .flag(true), "Evaluate after each epoch"),
    .init(.split, .text("name"), .text("val"), "Split of the dataset to evaluate on"),
    .init(
      .saveJSON, .flag, .flag(false), "Write the detections of the evaluation",
      .stored("`yolo val` writes them")),
    .init(
      .confidence, .optional(.fraction), .none,
      "Confidence that a detection of the evaluation must exceed; 0.001 if none, oriented boxes 0.01"
    ),
    .init(
      .iouThreshold, .fraction, .number(0.7),
      "IoU above which the evaluation drops the less confident of two detections"),
    .init(
      .maxDetections, .integer(1...30_000), .integer(300),
      "Greatest number of detections of an image in the evaluation"),
    .init(
      .quantize, .optional(.text("bits")), .none, "Train for fewer bits",
      .refused("training for quantized networks is not available")),
    .init(
      .openCV, .flag, .flag(false), "Run exported networks with OpenCV",
      .stored("exporting, not training, has it")),
    .init(.plots, .flag, .flag(true), "Draw labels, batches, curves and results"),
    .init(
      .suppression, .optional(.flag), .none,
      "false: evaluate the branch of a dual head that needs no suppression"),
    .init(
      .source, .optional(.text("path")), .none, "Images to predict",
      .stored("prediction, not training, has it")),
    .init(
      .videoStride, .integer(1...10_000), .integer(1), "Frames of a video per prediction",
      .stored("prediction, not training, has it")),
    .init(
      .streamBuffer, .flag, .flag(false), "Buffer the frames of streams",
      .stored("prediction, not training, has it")),
    .init(.visualize, .flag, .flag(false), "Draw features", .stored("`yolo explain` draws them")),
    .init(
      .augment, .flag, .flag(false), "Predict several sizes and flips of an image",
      .stored("prediction, not training, has it")),
    .init(
      .agnostic, .flag, .flag(false),
      "Let boxes of different classes suppress each other in the evaluation",
      .refused("evaluations suppress boxes class by class")),
    .init(
      .classes, .optional(.list(.integer(0...99_999))), .none, "Indices of the classes to train"),
    .init(
      .retinaMasks, .flag, .flag(false), "Masks at the resolution of the image",
      .stored("prediction, not training, has it")),
    .init(
      .embed, .optional(.list(.integer(0...100_000))), .none, "Layers whose features are returned",
      .stored("prediction, not training, has it")),
    .init(
      .show, .flag, .flag(false), "Show results in a window", .stored("a window is never opened")),
    .init(
      .saveFrames, .flag, .flag(false), "Write the frames of videos",
      .stored("prediction, not training, has it")),
    .init(
      .saveText, .flag, .flag(false), "Write the detections of the evaluation as labels",
      .stored("`yolo predict` writes them")),
    .init(
      .saveConfidence, .flag, .flag(false), "Write confidences with save_txt",
      .stored("`yolo predict` writes them")),
    .init(
      .saveCrop, .flag, .flag(false), "Write detections cut out",
      .stored("prediction, not training, has it")),
    .init(
      .showLabels, .flag, .flag(true), "Draw names of classes",
      .stored("prediction, not training, has it")),
    .init(
      .showConfidence, .flag, .flag(true), "Draw confidences",
      .stored("prediction, not training, has it")),
    .init(
      .showBoxes, .flag, .flag(true), "Draw boxes", .stored("prediction, not training, has it")),
    .init(
      .lineWidth, .optional(.integer(1...1000)), .none, unit: "pixels", "Width of drawn lines",
      .stored("prediction, not training, has it")),
    .init(
      .format, .text("name"), .text("torchscript"), "Format of an export",
      .stored("exporting, not training, has it")),
    .init(
      .optimize, .flag, .flag(false), "Optimize an export for mobile devices",
      .stored("exporting, not training, has it")),
    .init(
      .dynamic, .flag, .flag(false), "Export with free sizes",
      .stored("exporting, not training, has it")),
    .init(
      .simplify, .flag, .flag(true), "Simplify an exported graph",
      .stored("exporting, not training, has it")),
    .init(
      .opset, .optional(.integer(1...100)), .none, "Version of the operators of an export",
      .stored("exporting, not training, has it")),
    .init(
      .workspace, .optional(.number(0...1_000_000)), .none, unit: "GiB", "Memory of an export",
      .stored("exporting, not training, has it")),
  ]

  /// Learning rates, gains of the losses.
  private static let rates: [TrainArgumentDefinition] = [
    .init(
      .initialRate, .fraction, .number(0.01),
      "Learning rate after the warm-up; optimizer=auto has its own"),
    .init(
      .finalFraction, .fraction, .number(0.01),
      "Fraction of the learning rate that is left at the end"),
    .init(
      .momentum, .fraction, .number(0.937),
      "Momentum, or the first beta; optimizer=auto begins with 0.9"),
    .init(.weightDecay, .fraction, .number(0.0005), "Decay of the weights in a step of nbs images"),
    .init(
      .warmupEpochs, .number(0...1_000_000), .number(3.0), unit: "epochs", "Length of the warm-up"),
    .init(.warmupMomentum, .fraction, .number(0.8), "Momentum that the warm-up begins with"),
    .init(
      .warmupBias, .fraction, .number(0.1),
      "Learning rate that biases begin the warm-up with; optimizer=auto: 0"),
    .init(
      .distillModel, .optional(.text("path")), .none, "Checkpoint to learn from",
      .refused("distillation is not available")),
    .init(
      .distillGain, .number(0...1_000_000), .number(6.0), "Gain of the distillation",
      .stored("distillation is not available")),
    .init(
      .boxGain, .number(0...1_000_000), .number(7.5),
      "Gain of the box loss, and of the loss of masks"),
    .init(.classGain, .number(0...1_000_000), .number(0.5), "Gain of the class loss"),
    .init(
      .classWeightPower, .fraction, .number(0.0),
      "Power of the weights by which rare classes count more; 0 for none"),
    .init(
      .distributionGain, .number(0...1_000_000), .number(1.5),
      "Gain of the loss of the distances to the sides"),
    .init(.poseGain, .number(0...1_000_000), .number(12.0), "Gain of the keypoint loss"),
    .init(
      .keypointGain, .number(0...1_000_000), .number(1.0),
      "Gain of the loss of the visibility of keypoints"),
    .init(
      .likelihoodGain, .number(0...1_000_000), .number(1.0),
      "Gain of the likelihood loss of keypoints (YOLO26)"),
    .init(.angleGain, .number(0...1_000_000), .number(1.0), "Gain of the angle loss"),
    .init(
      .depthLogGain, .number(0...1_000_000), .number(1.0), "Gain of the depth task",
      .stored("depth networks are not trained")),
    .init(
      .depthGradientGain, .number(0...1_000_000), .number(0.5), "Gain of the depth task",
      .stored("depth networks are not trained")),
    .init(
      .depthVariance, .fraction, .number(1.0), "Weight of the depth task",
      .stored("depth networks are not trained")),
    .init(
      .nominalBatch, .integer(1...1_000_000), .integer(64), unit: "images",
      "Images of a step: gradients of several batches are added"),
  ]

  /// How images are changed.
  private static let augmentations: [TrainArgumentDefinition] = [
    .init(.hue, .fraction, .number(0.015), "Change of the hue, as a fraction of the circle"),
    .init(.saturation, .fraction, .number(0.7), "Change of the saturation, as a fraction"),
    .init(.brightness, .fraction, .number(0.4), "Change of the brightness, as a fraction"),
    .init(.degrees, .number(0...360), .number(0.0), unit: "degrees", "Greatest rotation"),
    .init(.translate, .fraction, .number(0.1), "Greatest shift, as a fraction of the side"),
    .init(
      .scale, .either([.number(0...1), .pair(.number(0...100))]), .number(0.5),
      "Greatest change of the scale, or its minimum and maximum"),
    .init(.shear, .number(0...180), .number(0.0), unit: "degrees", "Greatest shear"),
    .init(.perspective, .fraction, .number(0.0), "Greatest perspective, 0.001 is much"),
    .init(.flipVertical, .fraction, .number(0.0), "Probability of a flip top to bottom"),
    .init(.flipHorizontal, .fraction, .number(0.5), "Probability of a flip left to right"),
    .init(.swapChannels, .fraction, .number(0.0), "Probability that red and blue change places"),
    .init(.mosaic, .fraction, .number(1.0), "Probability of an image made of four"),
    .init(.mixup, .fraction, .number(0.0), "Probability of an image blended with another"),
    .init(.cutmix, .fraction, .number(0.0), "Probability of a rectangle out of another image"),
    .init(
      .copyPaste, .fraction, .number(0.0),
      "Probability that an object is pasted once more; needs polygons"),
    .init(
      .copyPasteMode, .word(["flip", "mixup"]), .text("flip"),
      "Where pasted objects come from: the mirrored image, or another"),
    .init(
      .autoAugment, .optional(.word(["randaugment", "autoaugment", "augmix"])),
      .text("randaugment"), "Augmentations of classification"),
    .init(.erasing, .fraction, .number(0.4), "Probability that classification erases a rectangle"),
    .init(
      .configuration, .optional(.text("path")), .none,
      "File (.yaml) with arguments; those of the command line count more"),
    .init(
      .tracker, .text("path"), .text("tracktrack.yaml"), "Description of a tracker",
      .stored("tracking, not training, has it")),
  ]
}

extension TrainArgument {
  /// The definition.
  package var definition: TrainArgumentDefinition { Self.definitions[index] }

  /// The position in the order of all arguments.
  var index: Int { Self.indices[self] ?? 0 }

  private static let definitions = TrainArgumentDefinition.all
  private static let indices = Dictionary(
    uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
}
