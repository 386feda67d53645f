/// The arguments of a training by their names in Ultralytics' configuration, in its order.
///
/// ``TrainOptions`` has their values.
public enum TrainArgument: String, Sendable, Hashable, CaseIterable {
  /// What the network finds; by default what the model says.
  case task
  /// What the command does.
  case mode
  /// Checkpoint (.pt) to fine-tune, or description (.yaml) to train from random weights.
  case model
  /// Description of the dataset (data.yaml), or its directory for classification.
  case data
  /// Length of the training.
  case epochs
  /// Length of the training in place of epochs.
  case time
  /// Epochs without improvement after which the training ends; 0 for never.
  case patience
  /// Images of a batch; −1 or a fraction of the memory means 16.
  case batch
  /// Side of the input, rounded up to a multiple of the stride; classification: 224 unless given.
  case imageSize = "imgsz"
  /// Write checkpoints.
  case save
  /// Write a checkpoint of its own every so many epochs; −1 for none.
  case savePeriod = "save_period"
  /// Keep decoded images in memory (true, ram) or beside the dataset (disk).
  case cache
  /// Where to train.
  case device
  /// Threads that prepare images, no more than the machine has to spare.
  case workers
  /// Directory of the runs, or owner/project on a Platform.
  case project
  /// Name of the run; train, train-2, … if not given.
  case name
  /// Write into the directory of an earlier run of that name.
  case existOK = "exist_ok"
  /// Take over weights of the model, or of another checkpoint.
  case pretrained
  /// Carry the rows of classes over whose names are equal.
  case classRemap = "cls_remap"
  /// Rule of the updates; auto also sets lr0 and momentum.
  case optimizer
  /// Print a row for each class after the training.
  case verbose
  /// Start of the random numbers.
  case seed
  /// Give equal results for equal seeds.
  case deterministic
  /// Train all classes as one.
  case singleClass = "single_cls"
  /// Batches of images of like proportions, without mosaic.
  case rectangular = "rect"
  /// Lower the learning rate along a cosine, or else a straight line.
  case cosineRate = "cos_lr"
  /// Epochs at the end without mosaic, mixup, cutmix and copy_paste.
  case closeMosaic = "close_mosaic"
  /// Go on with an interrupted training, from its last.pt.
  case resume
  /// Mixed precision on a GPU.
  case amp
  /// Fraction of the images that is used, a count above 1, or one value for each split.
  case fraction
  /// Measure exported forms during the training.
  case profile
  /// Layers that stay as they are: the first N, or a list of indices or of parts of names.
  case freeze
  /// How far the size of a batch may be from imgsz, as a fraction of it.
  case multiScale = "multi_scale"
  /// Compile the network.
  case compile
  /// Order of the values in memory.
  case channelsLast = "channels_last"
  /// One map for the masks of an image, smaller ones on top; otherwise one for each.
  case overlapMask = "overlap_mask"
  /// How much smaller the masks of the labels are than the input.
  case maskRatio = "mask_ratio"
  /// Fraction of the features that classification leaves out at random.
  case dropout
  /// Evaluate after each epoch.
  case validates = "val"
  /// Split of the dataset to evaluate on.
  case split
  /// Write the detections of the evaluation.
  case saveJSON = "save_json"
  /// Confidence that a detection of the evaluation must exceed; 0.001 if none, oriented boxes 0.01.
  case confidence = "conf"
  /// IoU above which the evaluation drops the less confident of two detections.
  case iouThreshold = "iou"
  /// Greatest number of detections of an image in the evaluation.
  case maxDetections = "max_det"
  /// Train for fewer bits.
  case quantize
  /// Run exported networks with OpenCV.
  case openCV = "dnn"
  /// Draw labels, batches, curves and results.
  case plots
  /// false: evaluate the branch of a dual head that needs no suppression.
  case suppression = "nms"
  /// Images to predict.
  case source
  /// Frames of a video per prediction.
  case videoStride = "vid_stride"
  /// Buffer the frames of streams.
  case streamBuffer = "stream_buffer"
  /// Draw features.
  case visualize
  /// Predict several sizes and flips of an image.
  case augment
  /// Let boxes of different classes suppress each other in the evaluation.
  case agnostic = "agnostic_nms"
  /// Indices of the classes to train.
  case classes
  /// Masks at the resolution of the image.
  case retinaMasks = "retina_masks"
  /// Layers whose features are returned.
  case embed
  /// Show results in a window.
  case show
  /// Write the frames of videos.
  case saveFrames = "save_frames"
  /// Write the detections of the evaluation as labels.
  case saveText = "save_txt"
  /// Write confidences with save_txt.
  case saveConfidence = "save_conf"
  /// Write detections cut out.
  case saveCrop = "save_crop"
  /// Draw names of classes.
  case showLabels = "show_labels"
  /// Draw confidences.
  case showConfidence = "show_conf"
  /// Draw boxes.
  case showBoxes = "show_boxes"
  /// Width of drawn lines.
  case lineWidth = "line_width"
  /// Format of an export.
  case format
  /// Optimize an export for mobile devices.
  case optimize
  /// Export with free sizes.
  case dynamic
  /// Simplify an exported graph.
  case simplify
  /// Version of the operators of an export.
  case opset
  /// Memory of an export.
  case workspace
  /// Learning rate after the warm-up; optimizer=auto has its own.
  case initialRate = "lr0"
  /// Fraction of the learning rate that is left at the end.
  case finalFraction = "lrf"
  /// Momentum, or the first beta; optimizer=auto begins with 0.9.
  case momentum
  /// Decay of the weights in a step of nbs images.
  case weightDecay = "weight_decay"
  /// Length of the warm-up.
  case warmupEpochs = "warmup_epochs"
  /// Momentum that the warm-up begins with.
  case warmupMomentum = "warmup_momentum"
  /// Learning rate that biases begin the warm-up with; optimizer=auto: 0.
  case warmupBias = "warmup_bias_lr"
  /// Checkpoint to learn from.
  case distillModel = "distill_model"
  /// Gain of the distillation.
  case distillGain = "dis"
  /// Gain of the box loss, and of the loss of masks.
  case boxGain = "box"
  /// Gain of the class loss.
  case classGain = "cls"
  /// Power of the weights by which rare classes count more; 0 for none.
  case classWeightPower = "cls_pw"
  /// Gain of the loss of the distances to the sides.
  case distributionGain = "dfl"
  /// Gain of the keypoint loss.
  case poseGain = "pose"
  /// Gain of the loss of the visibility of keypoints.
  case keypointGain = "kobj"
  /// Gain of the likelihood loss of keypoints (YOLO26).
  case likelihoodGain = "rle"
  /// Gain of the angle loss.
  case angleGain = "angle"
  /// Gain of the depth task.
  case depthLogGain = "dlog"
  /// Gain of the depth task.
  case depthGradientGain = "dgrad"
  /// Weight of the depth task.
  case depthVariance = "dlam"
  /// Images of a step: gradients of several batches are added.
  case nominalBatch = "nbs"
  /// Change of the hue, as a fraction of the circle.
  case hue = "hsv_h"
  /// Change of the saturation, as a fraction.
  case saturation = "hsv_s"
  /// Change of the brightness, as a fraction.
  case brightness = "hsv_v"
  /// Greatest rotation.
  case degrees
  /// Greatest shift, as a fraction of the side.
  case translate
  /// Greatest change of the scale, or its minimum and maximum.
  case scale
  /// Greatest shear.
  case shear
  /// Greatest perspective, 0.001 is much.
  case perspective
  /// Probability of a flip top to bottom.
  case flipVertical = "flipud"
  /// Probability of a flip left to right.
  case flipHorizontal = "fliplr"
  /// Probability that red and blue change places.
  case swapChannels = "bgr"
  /// Probability of an image made of four.
  case mosaic
  /// Probability of an image blended with another.
  case mixup
  /// Probability of a rectangle out of another image.
  case cutmix
  /// Probability that an object is pasted once more; needs polygons.
  case copyPaste = "copy_paste"
  /// Where pasted objects come from: the mirrored image, or another.
  case copyPasteMode = "copy_paste_mode"
  /// Augmentations of classification.
  case autoAugment = "auto_augment"
  /// Probability that classification erases a rectangle.
  case erasing
  /// File (.yaml) with arguments; those of the command line count more.
  case configuration = "cfg"
  /// Description of a tracker.
  case tracker
}
