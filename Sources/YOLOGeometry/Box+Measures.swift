extension Box {
  /// The horizontal extent, negative for a box whose edges are swapped.
  @inlinable
  public var width: Float { x2 - x1 }

  /// The vertical extent, negative for a box whose edges are swapped.
  @inlinable
  public var height: Float { y2 - y1 }

  /// The product of width and height in float32.
  @inlinable
  public var area: Float { width * height }

  /// Whether all four edges are finite numbers.
  public var isFinite: Bool { x1.isFinite && y1.isFinite && x2.isFinite && y2.isFinite }

  /// Returns the box moved by the same distance along both axes.
  @inlinable
  public func offset(by distance: Float) -> Box {
    Box(x1: x1 + distance, y1: y1 + distance, x2: x2 + distance, y2: y2 + distance)
  }

  /// Returns the box with its coordinates multiplied by a factor for each axis.
  public func scaled(x: Float, y: Float) -> Box {
    Box(x1: x1 * x, y1: y1 * y, x2: x2 * x, y2: y2 * y)
  }
}
