/// A cell of a head's output whose class is confident enough, before selection.
///
/// `Shape` is the kind of its box: `Box` or `OrientedBox`.
public struct Candidate<Shape: Sendable & Hashable>: Sendable, Hashable {
  /// The decoded box in letterbox pixels, not clipped.
  public var box: Shape
  /// The probability of the class, 0...1.
  public var confidence: Float
  /// The class: the best one of the cell, the lowest where several are equally probable, unless
  /// every class was asked for.
  public var classIndex: Int
  /// The cell's position among all cells: levels in head order, rows from the top, then columns.
  public var anchor: Int

  /// Creates a candidate.
  public init(box: Shape, confidence: Float, classIndex: Int, anchor: Int) {
    self.box = box
    self.confidence = confidence
    self.classIndex = classIndex
    self.anchor = anchor
  }
}
