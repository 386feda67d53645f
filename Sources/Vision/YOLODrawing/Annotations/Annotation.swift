public import YOLOGeometry

/// An object to be drawn on an image, with its label.
public struct Annotation: Sendable, Hashable {
  /// What is drawn, in pixels of the image.
  public enum Geometry: Sendable, Hashable {
    /// A box.
    case box(Box)
    /// A box at an angle.
    case orientedBox(OrientedBox)
    /// The pixels of an object, whose frame is the image or a letterbox of it; `box` carries the
    /// label of an empty mask.
    case mask(Mask, box: Box)
    /// Keypoints, of which seventeen are joined to a person's skeleton, and the object's box.
    case keypoints([Keypoint], box: Box)
  }

  /// What is drawn.
  public var geometry: Geometry
  /// What it is; the name is shortened if there is no room for it.
  public var name: String
  /// How probable that is, 0...1, shown with two decimals behind the name; nil shows the name
  /// alone.
  public var confidence: Float?
  /// The class, which chooses the color.
  public var classIndex: Int

  /// Creates an annotation.
  public init(_ geometry: Geometry, name: String, confidence: Float?, classIndex: Int) {
    self.geometry = geometry
    self.name = name
    self.confidence = confidence
    self.classIndex = classIndex
  }
}

/// How annotations look.
public struct DrawingOptions: Sendable {
  /// The thickness of a box's border in pixels; nil lets it grow with the image.
  public var lineWidth: Int?
  /// The height of capitals in labels, in pixels, 7...1024; nil lets it grow with the image.
  public var capitalHeight: Int?
  /// Whether objects have labels.
  public var showsLabels = true
  /// Whether labels show confidences.
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
