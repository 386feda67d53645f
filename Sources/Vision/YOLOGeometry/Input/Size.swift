/// A width and a height in pixels.
public struct Size: Sendable, Hashable {
  /// The width.
  public var width: Int
  /// The height.
  public var height: Int

  /// Creates a size.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }
}

extension Size {
  /// Returns the size that a network with the given largest stride takes for this requested size.
  ///
  /// Each side becomes the smallest multiple of `max(32, largestStride)` that is not below it, and
  /// at least one such multiple. Both sides must be small enough to be rounded up (far below
  /// `Int.max`), and `largestStride` positive.
  public func networkInput(largestStride: Int) -> Size {
    precondition(largestStride > 0, "a stride is positive")
    let unit = max(32, largestStride)
    func rounded(_ side: Int) -> Int {
      side <= unit ? unit : (side + unit - 1) / unit * unit
    }
    return Size(width: rounded(width), height: rounded(height))
  }
}

/// A position in pixels, y pointing down.
public struct Point: Sendable, Hashable {
  /// The distance from the left edge.
  public var x: Float
  /// The distance from the upper edge.
  public var y: Float

  /// Creates a point.
  public init(x: Float, y: Float) {
    self.x = x
    self.y = y
  }
}

extension Point {
  /// Returns the point in fractions of an image's width and height.
  public func normalized(in size: Size) -> Point {
    Point(x: x / Float(size.width), y: y / Float(size.height))
  }
}

extension Point: CustomStringConvertible {
  /// Both coordinates.
  public var description: String { "(\(x), \(y))" }
}
