import Glibc

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

  /// The minimum axis-aligned box around the corners.
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

  /// Returns how much two boxes overlap, about 0...1, see ``GaussianBox``.
  public func probabilisticOverlap(with other: OrientedBox) -> Float {
    GaussianBox(self).overlap(with: GaussianBox(other))
  }
}
