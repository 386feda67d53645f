/// An axis-aligned box given by its corners, in pixels, y pointing down.
public struct Box: Sendable, Hashable, Encodable {
  /// The left edge.
  public var x1: Float
  /// The upper edge.
  public var y1: Float
  /// The right edge.
  public var x2: Float
  /// The lower edge.
  public var y2: Float

  /// Creates a box from its corners.
  public init(x1: Float, y1: Float, x2: Float, y2: Float) {
    self.x1 = x1
    self.y1 = y1
    self.x2 = x2
    self.y2 = y2
  }
}

extension Box: CustomStringConvertible {
  /// The four edges: left, top, right and bottom.
  public var description: String { "(\(x1), \(y1), \(x2), \(y2))" }
}

extension Box {
  /// The width, negative for a box whose edges are swapped.
  @inlinable
  public var width: Float { x2 - x1 }

  /// The height, negative for a box whose edges are swapped.
  @inlinable
  public var height: Float { y2 - y1 }

  /// The product of width and height in float32.
  @inlinable
  public var area: Float { width * height }

  /// The middle.
  public var center: Point { Point(x: (x1 + x2) / 2, y: (y1 + y2) / 2) }

  /// Returns the box in fractions of an image's width and height.
  public func normalized(in size: Size) -> Box {
    Box(
      x1: x1 / Float(size.width), y1: y1 / Float(size.height), x2: x2 / Float(size.width),
      y2: y2 / Float(size.height))
  }

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

// Intersection over union of boxes, the only one of the project. It is computed for eight boxes at
// a time (`BoxVector`); one box against one is a block with one lane in use. Float32 throughout and
// in this order, so that suppression decides as torchvision's does:
//
//     inter / (area₁ + area₂ − inter)
//
// There is no epsilon in the union. Two boxes of zero area give 0/0, which is NaN: no threshold is
// exceeded by it. A union of zero or below can only come from swapped edges, NaN or infinity; then
// the quotient is what IEEE 754 defines, and nothing traps.

extension Box {
  /// Returns the area that both boxes cover, divided by the area that either covers.
  ///
  /// Float32 throughout, the union without an epsilon: NaN when both boxes have zero area.
  public func intersectionOverUnion(with other: Box) -> Float {
    let intersection = intersection(with: other)
    return intersection / (area + other.area - intersection)
  }

  /// Returns the area that both boxes cover, divided by `epsilon` plus the area that either covers.
  ///
  /// Metrics are defined with such an epsilon; two boxes of zero area then overlap by 0.
  public func intersectionOverUnion(with other: Box, epsilon: Float) -> Float {
    let intersection = intersection(with: other)
    return intersection / (area + other.area - intersection + epsilon)
  }

  private func intersection(with other: Box) -> Float {
    var block = BoxVector()
    block[0] = self
    return block.intersection(with: other)[0]
  }
}
