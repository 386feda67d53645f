/// Eight boxes side by side, one per SIMD lane, in pixels.
///
/// Unused lanes hold a box of zero area at the origin, whose overlap with any box is 0 or NaN.
public struct BoxVector: Sendable {
  /// A number per box.
  public typealias Lanes = SIMD8<Float>

  /// The left edges.
  public private(set) var x1 = Lanes.zero
  /// The upper edges.
  public private(set) var y1 = Lanes.zero
  /// The right edges.
  public private(set) var x2 = Lanes.zero
  /// The lower edges.
  public private(set) var y2 = Lanes.zero
  /// The areas, width times height in float32.
  public private(set) var area = Lanes.zero

  /// Creates a block of unused lanes.
  public init() {}

  /// The box of one lane.
  public subscript(lane: Int) -> Box {
    get { Box(x1: x1[lane], y1: y1[lane], x2: x2[lane], y2: y2[lane]) }
    set {
      x1[lane] = newValue.x1
      y1[lane] = newValue.y1
      x2[lane] = newValue.x2
      y2[lane] = newValue.y2
      area[lane] = newValue.area
    }
  }
}
