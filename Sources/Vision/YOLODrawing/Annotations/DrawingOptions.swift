/// How instances look.
public struct DrawingOptions: Sendable {
  /// The thickness of a box's border in pixels; nil lets it grow with the image.
  public var lineWidth: Int?
  /// The height of capitals in labels, in pixels, 7...1024; nil lets it grow with the image.
  public var capitalHeight: Int?
  /// Whether objects have labels.
  public var showsLabels = true
  /// Whether labels show confidences; one that is not finite is never shown.
  public var showsConfidences = true
  /// The fraction of the image that a mask's tint hides, 0 (nothing) to 1 (all).
  public var maskOpacity: Float = 0.4
  /// The minimum visibility of a keypoint that is drawn, 0...1.
  public var minimumVisibility: Float = 0.25
  /// What labels are drawn with.
  public var typeface = Typeface.standard

  /// Creates options with the values that the command uses.
  public init() {}
}
