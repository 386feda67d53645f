/// How far a prediction may be from a golden case.
///
/// The defaults are some fifty times what two correct runtimes in float32 differ by: boxes 1e-3 px,
/// scores 1e-5.
public struct Tolerances: Sendable, Hashable {
  /// The maximum by which an edge of a box or a corner of an oriented box may be off, in pixels.
  public var box: Float
  /// The maximum by which a confidence, a class probability or a keypoint's visibility may be off.
  public var confidence: Float
  /// The maximum by which a keypoint's coordinate may be off, in pixels.
  public var keypoint: Float
  /// The minimum overlap of filled outlines, 0...1: a pixel of a mask more or less moves an outline
  /// by a pixel, whatever the runtime.
  public var outline: Float
  /// The maximum by which a value of a tensor may be off, relative to the range of the tensor's
  /// values.
  public var tensor: Float
  /// The maximum part of the pixels whose class may be another in semantic segmentation, and the
  /// maximum by which the part of a class may be off.
  public var classes: Float
  /// The maximum by which a distance may be off, relative to itself.
  public var depth: Float

  /// The tolerances that hold if none are given.
  public static let standard = Tolerances()

  /// Creates tolerances.
  public init(
    box: Float = 0.05, confidence: Float = 1e-3, keypoint: Float = 0.05, outline: Float = 0.98,
    tensor: Float = 1e-3, classes: Float = 1e-3, depth: Float = 1e-3
  ) {
    self.box = box
    self.confidence = confidence
    self.keypoint = keypoint
    self.outline = outline
    self.tensor = tensor
    self.classes = classes
    self.depth = depth
  }
}
