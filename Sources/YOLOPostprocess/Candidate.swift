public import YOLOGeometry

/// A cell of a head's output whose best class is confident enough, before suppression.
public struct Candidate: Sendable, Hashable {
  /// The decoded box in letterbox pixels, not clipped.
  public var box: Box
  /// The probability of the best class, 0...1.
  public var confidence: Float
  /// The best class, the lowest one where several are equally probable.
  public var classIndex: Int
  /// The cell's position among all cells: levels in head order, rows from the top, then columns.
  public var anchor: Int

  /// Makes a candidate.
  public init(box: Box, confidence: Float, classIndex: Int, anchor: Int) {
    self.box = box
    self.confidence = confidence
    self.classIndex = classIndex
    self.anchor = anchor
  }
}
