/// An output of the network for a whole batch, and where the gradient of the loss by it goes.
///
/// Element (image, row, column, channel) of both lies at `image · imageStride + row · rowStride +
/// column · pixelStride + channel`. A map does not own its memory.
public struct LossMap {
  /// The output.
  public let values: UnsafePointer<Float>
  /// The gradient; a loss writes every element of it.
  public let gradients: UnsafeMutablePointer<Float>
  /// The number of images.
  public let batch: Int
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// The number of channels of a pixel.
  public let channels: Int
  /// The distance between images, in elements.
  public let imageStride: Int
  /// The distance between rows, in elements.
  public let rowStride: Int
  /// The distance between pixels of a row, in elements.
  public let pixelStride: Int

  /// Creates a view.
  public init(
    values: UnsafePointer<Float>, gradients: UnsafeMutablePointer<Float>, batch: Int, height: Int,
    width: Int, channels: Int, imageStride: Int, rowStride: Int, pixelStride: Int
  ) {
    self.values = values
    self.gradients = gradients
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
    self.imageStride = imageStride
    self.rowStride = rowStride
    self.pixelStride = pixelStride
  }
}

/// The outputs of a branch of a head.
public struct BranchOutputs {
  /// The outputs at a resolution.
  public struct Level {
    /// The size of a cell in input pixels.
    public let stride: Int
    /// The box logits, 4 · bins channels: left, top, right, bottom, all bins of a side together.
    public let boxes: LossMap
    /// The class logits.
    public let classes: LossMap
    /// Mask coefficients, keypoints or an angle, if the task has them.
    public let extra: LossMap?
    /// The deviations of the keypoints of YOLO26, two channels a keypoint; training alone has them.
    public let deviations: LossMap?

    /// Creates the outputs of a resolution.
    public init(
      stride: Int, boxes: LossMap, classes: LossMap, extra: LossMap? = nil,
      deviations: LossMap? = nil
    ) {
      self.stride = stride
      self.boxes = boxes
      self.classes = classes
      self.extra = extra
      self.deviations = deviations
    }
  }

  /// The resolutions, finest first.
  public let levels: [Level]
  /// The prototypes of masks.
  public let prototypes: LossMap?
  /// The class logits of pixels of YOLO26, which training alone has.
  public let semantic: LossMap?

  /// Creates the outputs of a branch.
  public init(levels: [Level], prototypes: LossMap? = nil, semantic: LossMap? = nil) {
    self.levels = levels
    self.prototypes = prototypes
    self.semantic = semantic
  }
}
