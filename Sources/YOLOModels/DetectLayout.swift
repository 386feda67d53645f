/// How to read the outputs of a detect head.
public struct DetectLayout: Sendable, Hashable {
  /// A resolution of the head.
  public struct Level: Sendable, Hashable {
    /// The extent of a cell in input pixels.
    public let stride: Int
    /// The output with the box logits, [height, width, 4 · bins].
    public let boxes: String
    /// The output with the class logits, [height, width, classes].
    public let classes: String
  }

  /// The number of classes.
  public let classCount: Int
  /// The number of bins of a distance's distribution.
  public let binCount: Int
  /// The resolutions, in head order.
  public let levels: [Level]
}
