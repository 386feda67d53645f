/// How to read the outputs of a head that finds objects: indices into the graph's outputs.
public struct DetectLayout: Sendable, Hashable {
  /// A resolution of the head.
  public struct Level: Sendable, Hashable {
    /// The extent of a cell in input pixels.
    public let stride: Int
    /// The output with the box logits, [height, width, 4 · bins].
    public let boxes: Int
    /// The output with the class logits, [height, width, classes].
    public let classes: Int
    /// The output with what the task adds: mask coefficients, keypoints or an angle.
    public let extra: Int?
  }

  /// The number of classes.
  public let classCount: Int
  /// The number of bins of a distance's distribution.
  public let binCount: Int
  /// Whether the head was trained to give each object once, so that nothing need be suppressed.
  public let isOneToOne: Bool
  /// The resolutions, in head order.
  public let levels: [Level]
}
