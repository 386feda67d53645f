import YOLOSystem

/// A rectangle turned about its center, in pixels, y pointing down.
public struct OrientedBox: Sendable, Hashable {
  /// The center's distance from the left edge.
  public var x: Float
  /// The center's distance from the upper edge.
  public var y: Float
  /// The length along the turned horizontal axis.
  public var width: Float
  /// The length along the turned vertical axis.
  public var height: Float
  /// The turn in radians, clockwise on the screen.
  public var angle: Float

  /// Creates a box.
  public init(x: Float, y: Float, width: Float, height: Float, angle: Float) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
    self.angle = angle
  }
}

extension OrientedBox: CustomStringConvertible {
  /// Center, width, height and the angle in radians.
  public var description: String { "(\(x), \(y), \(width)x\(height), \(angle) rad)" }
}

extension OrientedBox {
  /// The four corners, neighbors beside each other.
  ///
  /// With v₁ half the width along the turned horizontal axis and v₂ half the height along the
  /// turned vertical one, they are c + v₁ + v₂, c + v₁ − v₂, c − v₁ − v₂ and c − v₁ + v₂.
  public var corners: [Point] {
    let cosine = cosf(angle)
    let sine = sinf(angle)
    let center = SIMD2(x, y)
    let first = SIMD2(width / 2 * cosine, width / 2 * sine)
    let second = SIMD2(-height / 2 * sine, height / 2 * cosine)
    return [
      center + first + second, center + first - second, center - first - second,
      center - first + second,
    ].map { Point(x: $0.x, y: $0.y) }
  }

  /// The center.
  public var center: Point { Point(x: x, y: y) }

  /// The smallest axis-aligned box around the corners.
  public var bounds: Box {
    let corners = corners
    let first = corners[0]
    return corners.dropFirst().reduce(
      into: Box(x1: first.x, y1: first.y, x2: first.x, y2: first.y)
    ) { box, corner in
      box.x1 = min(box.x1, corner.x)
      box.y1 = min(box.y1, corner.y)
      box.x2 = max(box.x2, corner.x)
      box.y2 = max(box.y2, corner.y)
    }
  }

  /// Whether all five numbers are finite.
  public var isFinite: Bool {
    x.isFinite && y.isFinite && width.isFinite && height.isFinite && angle.isFinite
  }

  /// Returns the box moved by the same distance along both axes.
  public func offset(by distance: Float) -> OrientedBox {
    var box = self
    box.x += distance
    box.y += distance
    return box
  }

  /// Returns how much two boxes overlap, about 0...1: one minus the Hellinger distance
  /// of the normal distributions that stand for them.
  public func probabilisticOverlap(with other: OrientedBox) -> Float {
    GaussianBox(self).overlap(with: GaussianBox(other))
  }
}

extension OrientedBox {
  /// Creates the oriented box of minimum area around some points; nil without points.
  ///
  /// One of its sides lies on a side of the points' convex hull. Which of the two sides is called
  /// the width is not defined, and which quarter turn the angle has; nor which rectangle is taken
  /// if several have the same area. Computed in double; coordinates must be finite.
  public init?(enclosing points: [Point]) {
    let hull = ConvexHull.corners(of: points.map { SIMD2(Double($0.x), Double($0.y)) })
    guard let first = hull.first, var previous = hull.last else { return nil }
    var best = (area: Double.infinity, box: OrientedBox(x: 0, y: 0, width: 0, height: 0, angle: 0))
    for corner in hull {
      let side = corner - previous
      previous = corner
      let length = (side * side).sum().squareRoot()
      let along = length > 0 ? side / length : SIMD2(1, 0)
      let across = SIMD2(-along.y, along.x)
      var low = SIMD2(repeating: Double.infinity)
      var high = -low
      for point in hull {
        let turned = SIMD2(((point - first) * along).sum(), ((point - first) * across).sum())
        low = pointwiseMin(low, turned)
        high = pointwiseMax(high, turned)
      }
      let size = high - low
      guard size.x * size.y < best.area else { continue }
      let middle = (low + high) / 2
      let center = first + along * middle.x + across * middle.y
      best = (
        size.x * size.y,
        OrientedBox(
          x: Float(center.x), y: Float(center.y), width: Float(size.x), height: Float(size.y),
          angle: Float(atan2(along.y, along.x)))
      )
    }
    self = best.box
  }
}

/// The smallest convex polygon around points.
enum ConvexHull {
  /// Returns the hull's corners in order, none of them on a line between its neighbors (the
  /// monotone chain of Andrew); one corner if all points are the same, none without points.
  static func corners(of points: [SIMD2<Double>]) -> [SIMD2<Double>] {
    let sorted = points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    guard let first = sorted.first, let last = sorted.last, first != last else {
      return Array(sorted.prefix(1))
    }
    func chain(_ points: some Sequence<SIMD2<Double>>) -> [SIMD2<Double>] {
      var chain: [SIMD2<Double>] = []
      for point in points {
        while chain.count > 1 {
          let side = chain[chain.count - 1] - chain[chain.count - 2]
          let next = point - chain[chain.count - 2]
          guard side.x * next.y - side.y * next.x <= 0 else { break }
          chain.removeLast()
        }
        chain.append(point)
      }
      return chain
    }
    return chain(sorted).dropLast() + chain(sorted.reversed()).dropLast()
  }
}
