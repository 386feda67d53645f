public import YOLOGeometry

/// What was found in one image, with what is needed to report it.
public struct Prediction: Sendable, Hashable {
  /// Where the image came from, as the user named it.
  public var source: String
  /// The image's extent.
  public var size: Size
  /// What was found.
  public var findings: Findings
  /// What the model calls its classes.
  public var names: [Int: String]
  /// How long it took.
  public var speed: Speed

  /// Joins the parts of a result.
  public init(
    source: String, size: Size, findings: Findings, names: [Int: String], speed: Speed
  ) {
    self.source = source
    self.size = size
    self.findings = findings
    self.names = names
    self.speed = speed
  }

  /// The name of a class, or its index in digits if it has none.
  public func name(ofClass index: Int) -> String { names[index] ?? "\(index)" }
}
